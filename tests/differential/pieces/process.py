"""Pieces about the process: children, threads, signals, sockets, the collector, diagnostics of the interpreter."""

from tests.differential.pieces.piece import Piece, body, code

# A process that a piece starts must not outlive a broken run.
_LIMIT_S = 20

PIECES = (
    Piece(
        "child process",
        module="import subprocess, sys",
        handler=f"child{{n}} = subprocess.run([sys.executable, '-c', 'import os; print(sorted(k for k in os.environ"
        f' if k.startswith("AWS_L")))\'], capture_output=True, text=True, timeout={_LIMIT_S})',
        answer="[child{n}.returncode, child{n}.stdout, child{n}.stderr]",
    ),
    Piece(
        "child that inherits files",
        module="import subprocess, sys",
        handler=f"child{{n}} = subprocess.run([sys.executable, '-c', 'import os; print(len(os.listdir(\"/proc/self/fd\")))'],"
        f" capture_output=True, text=True, close_fds=False, timeout={_LIMIT_S})",
        answer="child{n}.stdout",
    ),
    Piece(
        "fork",
        handler=body("""
            read{n}, write{n} = os.pipe()
            child{n} = os.fork()
            if child{n} == 0:
                os.write(write{n}, b'from the child')
                os._exit(3)
            os.close(write{n})
            text{n} = os.read(read{n}, 100).decode(); os.close(read{n})
            ended{n} = os.waitstatus_to_exitcode(os.waitpid(child{n}, 0)[1])
        """),
        answer="[text{n}, ended{n}]",
    ),
    Piece(
        "multiprocessing over a pipe",
        module=code("""
            import multiprocessing
            def square{n}(pipe, x): pipe.send(x * x); pipe.close()
        """),
        handler=body("""
            here{n}, there{n} = multiprocessing.Pipe()
            one{n} = multiprocessing.get_context('fork').Process(target=square{n}, args=(there{n}, 7))
            one{n}.start(); squared{n} = here{n}.recv(); one{n}.join()
        """),
        answer="[squared{n}, one{n}.exitcode, multiprocessing.current_process().name]",
    ),
    Piece(
        "multiprocessing that spawns",
        module="import multiprocessing, operator",
        handler=body("""
            pool{n} = multiprocessing.get_context('spawn').Process(target=operator.add, args=(1, 2))
            pool{n}.start(); pool{n}.join()
        """),
        answer="pool{n}.exitcode",
    ),
    Piece(
        "an alarm",
        module=code("""
            import signal, time as clock{n}
            def rang{n}(*_): raise TimeoutError('rang {n}')
            signal.signal(signal.SIGALRM, rang{n})
        """),
        handler=body("""
            try:
                # The main thread gets the signal: in another one nothing ends a wait for it.
                signal.setitimer(signal.ITIMER_REAL, 0.02); clock{n}.sleep(0.3)
            except TimeoutError as error: alarm{n} = str(error)
        """),
        answer="alarm{n}",
    ),
    Piece(
        "alarm that ends the handler",
        module=code("""
            import signal, time
            def late{n}(*_): raise TimeoutError('late {n}')
            signal.signal(signal.SIGALRM, late{n})
        """),
        handler="if event.get('n') == 2: signal.setitimer(signal.ITIMER_REAL, 0.02); time.sleep(5)",
    ),
    Piece(
        "fault handler",
        module="import faulthandler\nfaulthandler.enable()",
        answer="faulthandler.is_enabled()",
    ),
    Piece(
        "traced memory",
        module="import tracemalloc\ntracemalloc.start(3)",
        answer="[tracemalloc.is_tracing(), tracemalloc.get_traceback_limit()]",
    ),
    Piece(
        "thresholds made of the present ones",
        module="import gc\nyoung{n}, middle{n}, old{n} = gc.get_threshold()\ngc.set_threshold(young{n} * 50, middle{n} * 2, old{n} * 2)",
        answer="[(young{n}, middle{n}, old{n}), gc.get_threshold()]",
    ),
    Piece(
        "collector off and on",
        module="import gc\nwas{n} = gc.isenabled(), gc.get_threshold()\ngc.disable(); kept{n} = [[] for _ in range(50_000)]; gc.enable(); gc.collect()",
        answer="[was{n}, gc.get_threshold(), len(gc.callbacks)]",
    ),
    Piece("callbacks of the collector", module="import gc\ncount{n} = len(gc.callbacks)", answer="count{n} < 3"),
    Piece("frozen heap", module="import gc\ngc.freeze()", answer="gc.get_freeze_count() > 0"),
    Piece(
        "finalizers",
        module=code("""
            import weakref
            class Owner{n}: pass
            said{n} = []
        """),
        handler="owner{n} = Owner{n}(); weakref.finalize(owner{n}, said{n}.append, event.get('n')); del owner{n}",
        answer="list(said{n})",
    ),
    Piece(
        "the result is freed",
        module=code("""
            import weakref
            class Result{n}(dict): pass
            last{n} = []
        """),
        handler="gone{n} = [one() is None for one in last{n}]; result{n} = Result{n}(); last{n}[:] = [weakref.ref(result{n})]; ",
        answer="[gone{n}, result{n}]",
    ),
    Piece(
        "the event and its exception are freed",
        module=code("""
            import weakref
            class Held{n}: pass
            held{n} = []
        """),
        handler=body("""
            alive{n} = [one() is not None for one in held{n}]
            local{n} = Held{n}(); held{n}[:] = [weakref.ref(local{n})]
            if event.get('n') == 1: raise KeyError('holds {n}')
        """),
        answer="alive{n}",
    ),
    Piece(
        "local server and sockets",
        module=code("""
            import socket, threading
            server{n} = socket.create_server(('127.0.0.1', 0))
            def serve{n}():
                while True:
                    one, _ = server{n}.accept()
                    with one: one.sendall(b'+PONG\\r\\n' if one.recv(64) == b'PING\\r\\n' else b'-ERR\\r\\n')
            threading.Thread(target=serve{n}, daemon=True, name='serve').start()
        """),
        handler=body("""
            with socket.create_connection(server{n}.getsockname()) as link{n}:
                link{n}.sendall(b'PING\\r\\n'); pong{n} = link{n}.recv(64).decode()
        """),
        answer="[pong{n}, threading.active_count()]",
    ),
    Piece(
        "urllib",
        module=code("""
            import http.server, threading, urllib.request, urllib.error
            class Echo{n}(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(404 if self.path == '/none' else 200); self.end_headers()
                    self.wfile.write(repr(sorted(k.lower() for k in self.headers)).encode())
                def log_message(self, *a): pass
            web{n} = http.server.HTTPServer(('127.0.0.1', 0), Echo{n})
            threading.Thread(target=web{n}.serve_forever, daemon=True, name='web').start()
            url{n} = 'http://127.0.0.1:%d' % web{n}.server_port
        """),
        handler=body("""
            with urllib.request.urlopen(url{n}) as answer{n}: headers{n} = answer{n}.read().decode()
            try: urllib.request.urlopen(url{n} + '/none')
            except urllib.error.HTTPError as error: code{n} = error.code; error.close()
        """),
        answer="[headers{n}, code{n}]",
    ),
    Piece(
        "default timeout of sockets",
        module="import socket\nsocket.setdefaulttimeout(3)",
        answer="socket.getdefaulttimeout()",
    ),
    Piece(
        "patched sockets",
        module=code("""
            import socket
            real{n} = socket.socket
            class Refused{n}(real{n}):
                def __init__(self, *a, **k): raise OSError('no sockets here {n}')
        """),
        handler=body("""
            socket.socket = Refused{n}
            try: socket.create_connection(('127.0.0.1', 9))
            except OSError as error: refused{n} = str(error)
            finally: socket.socket = real{n}
        """),
        answer="refused{n}",
    ),
    Piece(
        "no more files",
        module="import resource",
        handler=body("""
            soft{n}, hard{n} = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard{n}))
            try: open('/etc/hostname')
            except OSError as error: full{n} = error.errno
            finally: resource.setrlimit(resource.RLIMIT_NOFILE, (soft{n}, hard{n}))
        """),
        answer="full{n}",
    ),
    Piece(
        "few files for the whole function",
        module="import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))",
        handler="many{n} = [os.dup(1) for _ in range(40)]; [os.close(one) for one in many{n}]",
        answer="len(many{n})",
    ),
    Piece(
        "a thread that goes on",
        module=code("""
            import threading, time
            ticks{n} = []
            def tick{n}():
                while True: ticks{n}.append(len(ticks{n})); time.sleep(0.005)
            threading.Thread(target=tick{n}, daemon=True, name='tick').start()
        """),
        handler="time.sleep(0.02)",
        answer="len(ticks{n}) > 1",
    ),
    Piece(
        "imports in threads at once",
        module="import threading",
        handler=body("""
            found{n} = []
            def load{n}(): import slow{n}; found{n}.append(slow{n}.DONE)
            all{n} = [threading.Thread(target=load{n}) for _ in range(4)]
            [one.start() for one in all{n}]; [one.join() for one in all{n}]
        """),
        answer="found{n}",
        files=(("slow{n}.py", "import time\ntime.sleep(0.02)\nDONE = True\n"),),
    ),
    Piece(
        "failing thread",
        module="import threading\nlost{n} = []\nthreading.excepthook = lambda args: lost{n}.append(str(args.exc_value))",
        handler=body("""
            def fail{n}(): raise LookupError('in a thread')
            one{n} = threading.Thread(target=fail{n}); one{n}.start(); one{n}.join()
        """),
        answer="list(lost{n})",
    ),
    Piece(
        "excepthook of its own",
        module="import sys\nsys.excepthook = lambda kind, error, trace: print('hook', kind.__name__)",
        answer="sys.excepthook.__module__",
    ),
    Piece(
        "profile function",
        module="import sys",
        handler=body("""
            calls{n} = []
            def inner{n}(): return 1
            sys.setprofile(lambda frame, kind, arg: calls{n}.append(kind) if frame.f_code.co_name == 'inner{n}' else None)
            inner{n}(); sys.setprofile(None)
        """),
        answer="calls{n}",
    ),
    Piece(
        "audit hook",
        module="import sys\nseen{n} = set()\nsys.addaudithook(lambda name, args: seen{n}.add(name))",
        handler="import colorsys",
        answer="'import' in seen{n}",
    ),
    Piece(
        "atexit that prints",
        module="import atexit\natexit.register(print, 'ended {n}')",
        handler="if event.get('n') == 3: raise SystemExit(4)",
    ),
    Piece(
        "extension by ctypes",
        module="import ctypes\nlibc{n} = ctypes.CDLL(None)",
        answer="libc{n}.abs(-5)",
    ),
    Piece(
        "environment that is changed",
        module="os.environ['ADDED{n}'] = 'yes'; os.environ.pop('LANG', None)",
        handler="os.environ['COUNT{n}'] = str(int(os.environ.get('COUNT{n}', '0')) + 1)",
        answer="[os.environ.get('ADDED{n}'), os.environ.get('COUNT{n}'), os.environ.get('LANG')]",
    ),
    Piece(
        "an emptied environment",
        handler="saved{n} = dict(os.environ); os.environ.clear(); empty{n} = len(os.environ); os.environ.update(saved{n})",
        answer="empty{n}",
    ),
    Piece(
        "a folder that is gone",
        module=code("""
            import sys, tempfile
            folder{n} = tempfile.mkdtemp(); os.chdir(folder{n}); os.rmdir(folder{n}); sys.path += ['', 'relative{n}']
        """),
        handler="if event.get('n') == 2: raise LookupError('nowhere')",
    ),
    Piece("another folder", module="os.chdir('/')", answer="os.getcwd()"),
    Piece(
        "handler variable of a child",
        module="import subprocess\nchild{n} = subprocess.run(['sh', '-c', 'echo $_HANDLER'], capture_output=True, text=True).stdout",
        answer="[child{n}, os.environb[b'_HANDLER'].decode(), sorted(one for one in os.environ if one.startswith('_'))]",
    ),
    Piece(
        "thresholds by functions of their own names",
        module=code("""
            import gc
            from gc import get_threshold as asked{n}, set_threshold as set{n}
            before{n} = [gc.get_threshold(), asked{n}()]; set{n}(*asked{n}()); after{n} = [gc.get_threshold(), asked{n}()]
        """),
        answer="[before{n}, after{n}, gc.get_threshold(), asked{n}(), type(gc.get_threshold).__name__]",
    ),
    Piece(
        "the main module",
        module="import sys\nmain{n} = sys.modules['__main__']",
        answer="[main{n}.__name__, __name__, sys.argv[1:2] != []]",
    ),
)
