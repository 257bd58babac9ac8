"""Pieces that look at the interpreter, or replace parts of it, and must see the application alone."""

from tests.differential.pieces.piece import Piece, body, code

PIECES = (
    Piece(
        "trace function from the start",
        module=code("""
            import sys
            lines{n} = []
            def trace{n}(frame, kind, arg):
                if frame.f_code.co_filename == __file__: lines{n}.append(frame.f_code.co_name)
            def seen{n}(): return 1
            sys.settrace(trace{n})
        """),
        handler="seen{n}()",
        answer="[lines{n}.count('seen{n}'), sys.gettrace() is trace{n}]",
    ),
    Piece(
        "profile function from the start",
        module=code("""
            import sys, threading
            counted{n} = []
            def profile{n}(frame, kind, arg):
                if frame.f_code.co_filename == __file__ and kind == 'call': counted{n}.append(frame.f_code.co_name)
            sys.setprofile(profile{n}); threading.setprofile(profile{n})
            def called{n}(): return 2
        """),
        handler="called{n}()",
        answer="[counted{n}.count('called{n}'), counted{n}.count('work'), sys.getprofile() is profile{n}]",
    ),
    Piece(
        "opened files by name",
        module=code("""
            import builtins
            real{n}, opened{n} = builtins.open, []
            def opening{n}(file, *a, **k):
                opened{n}.append(str(file)); return real{n}(file, *a, **k)
            builtins.open = opening{n}
            kept{n} = [[i] for i in range(300_000)]
        """),
        handler="open('/etc/hostname').close()",
        answer="opened{n}",
    ),
    Piece(
        "written text by method",
        module=code("""
            import sys
            texts{n}, write{n} = [], sys.stdout.write
            def writing{n}(text): texts{n}.append(text); return write{n}(text)
            sys.stdout.write = writing{n}
        """),
        handler="print('counted {n}')",
        answer="[''.join(texts{n})]",
    ),
    Piece(
        "JSON of everything",
        module=code("""
            import json
            usual{n} = json.JSONEncoder.default
            def default{n}(self, value): return str(value) if isinstance(value, set) else usual{n}(self, value)
            json.JSONEncoder.default = default{n}
        """),
        answer="json.dumps({1})",
    ),
    Piece(
        "JSON that is not to be used",
        module="import json\ntext{n} = json.dumps",
        handler="json.dumps = None; seen{n} = json.dumps is None; json.dumps = text{n}",
        answer="seen{n}",
    ),
    Piece(
        "replaced environment",
        module="import unittest.mock",
        handler="with unittest.mock.patch.dict(os.environ, {'ONLY': 'this'}, clear=True): only{n} = sorted(os.environ)",
        answer="only{n}",
    ),
    Piece(
        "environment that is a plain dict",
        module="os.environ = dict(os.environ)",
        answer="[type(os.environ).__name__, 'AWS_REGION' in os.environ]",
    ),
    Piece(
        "environment that raises",
        module=code("""
            class Strict{n}(dict):
                def get(self, name, default=None): raise LookupError('use os.environ[...]')
            strict{n} = Strict{n}(os.environ)
        """),
        handler="usual{n} = os.environ; os.environ = strict{n}; region{n} = os.environ['AWS_REGION']; os.environ = usual{n}",
        answer="region{n}",
    ),
    Piece(
        "environment that raises for good",
        module=code("""
            class Always{n}(type(os.environ)):
                def get(self, name, default=None):
                    if not name.startswith(('AWS_', '_X', 'LAMBDA')): raise LookupError(name)
                    return super().get(name, default)
        """),
        handler="os.environ.__class__ = Always{n}",
        answer="os.environ['AWS_REGION']",
    ),
    Piece(
        "made sockets",
        module=code("""
            import socket
            made{n} = []
            class Counted{n}(socket.socket):
                def __init__(self, *a, **k): made{n}.append(a); super().__init__(*a, **k)
            socket.socket = Counted{n}
        """),
        handler="socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()",
        answer="len(made{n})",
    ),
    Piece("random bytes that repeat", module="os.urandom = lambda count: bytes(count)", answer="os.urandom(2).hex()"),
    Piece(
        "random bytes that are counted",
        module=code("""
            bytes{n}, asked{n} = os.urandom, []
            def counted{n}(count): asked{n}.append(count); return bytes{n}(count)
            os.urandom = counted{n}
        """),
        handler="before{n} = len(asked{n}); os.urandom(3)",
        answer="[before{n}, len(asked{n})]",
    ),
    Piece(
        "another machine",
        module="machine{n} = ('Linux', 'host', '1', '2', 'other')\nos.uname = lambda: machine{n}",
        answer="os.uname()",
    ),
    Piece(
        "a folder that cannot be told",
        module="import sys\ndef untold{n}(): raise LookupError('folder')\nos.getcwd = untold{n}; sys.path.append('')",
        handler="if event.get('n') == 2: raise LookupError('nowhere')",
    ),
    Piece("no sleep", module="import time\ntime.sleep = lambda seconds: None", answer="time.sleep(9)"),
    Piece(
        "clock that goes back",
        module="import time\nticks{n} = iter(range(10**6, 0, -1))\ntime.monotonic = lambda: next(ticks{n})\ntime.time_ns = lambda: next(ticks{n})",
        answer="time.time_ns() > time.time_ns()",
    ),
    Piece(
        "names in a context",
        module="import contextvars",
        answer="sorted(one.name for one in contextvars.copy_context())",
    ),
    Piece(
        "names in a context after an AWS call",
        needs=("boto3",),
        module="import boto3, contextvars\nfrom botocore.stub import Stubber\nsts{n} = boto3.client('sts')",
        handler=body("""
            with Stubber(sts{n}) as stub{n}:
                stub{n}.add_response('get_caller_identity', {'Account': '1'}); sts{n}.get_caller_identity()
        """),
        answer="sorted(one.name for one in contextvars.copy_context())",
    ),
    Piece("names of loggers", module="import logging", answer="sorted(logging.root.manager.loggerDict)"),
    Piece(
        "no last resort",
        module="import logging\nlogging.lastResort = None\nlogging.getLogger().handlers.clear()",
        handler="logging.getLogger('nowhere').error('lost')",
    ),
    Piece(
        "flags and arguments",
        module="import sys",
        answer="[sys.argv[1:], sys.flags.optimize, sys.flags.utf8_mode, sys.dont_write_bytecode, sys.float_repr_style]",
    ),
    Piece(
        "garbage that is saved",
        module="import gc\nclass Ring{n}: pass\ngc.set_debug(gc.DEBUG_SAVEALL)",
        handler="one{n} = Ring{n}(); one{n}.me = one{n}; del one{n}; gc.collect(); kept{n} = sum(type(one) is Ring{n} for one in gc.garbage); gc.garbage.clear()",
        answer="kept{n}",
    ),
    Piece(
        "callbacks of its own",
        module="import gc\nphases{n} = []\ngc.callbacks.append(lambda phase, info: phases{n}.append(phase))",
        handler="del phases{n}[:]; gc.collect(0); seen{n} = list(phases{n}); gc.disable()",
        answer="[seen{n}, len(gc.callbacks)]",
        after="gc.disable()",
    ),
    Piece(
        "callbacks that are emptied",
        module="import gc\ngc.callbacks.clear()",
        answer="len(gc.callbacks)",
    ),
    Piece(
        "wake-up descriptor and masks",
        module="import signal, socket\nhere{n}, there{n} = socket.socketpair(); here{n}.setblocking(False)",
        handler="old{n} = signal.set_wakeup_fd(here{n}.fileno()); signal.set_wakeup_fd(old{n})",
        answer="[old{n}, sorted(signal.pthread_sigmask(signal.SIG_BLOCK, []))]",
    ),
    Piece(
        "child that is waited for by a signal",
        module="import signal\nended{n} = []\nsignal.signal(signal.SIGCHLD, lambda *_: ended{n}.append(1))",
        handler="import subprocess; subprocess.run(['true'], timeout=20)",
        answer="len(ended{n})",
    ),
    Piece(
        "hooks of a fork",
        module="said{n} = []\nos.register_at_fork(before=lambda: said{n}.append('before'), after_in_parent=lambda: said{n}.append('parent'))",
        handler=body("""
            child{n} = os.fork()
            if child{n} == 0: os._exit(0)
            os.waitpid(child{n}, 0)
        """),
        answer="list(said{n})",
    ),
    Piece(
        "pool of processes",
        module="import concurrent.futures, multiprocessing, operator",
        handler=body("""
            with concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context('fork')) as pool:
                sums{n} = list(pool.map(operator.add, [1, 2], [3, 4]))
        """),
        answer="sums{n}",
    ),
    Piece(
        "fault handler with a timer",
        module="import faulthandler, sys\nfaulthandler.enable(sys.stderr)",
        handler="faulthandler.dump_traceback_later(60); faulthandler.cancel_dump_traceback_later()",
        answer="faulthandler.is_enabled()",
    ),
    Piece(
        "memory by place",
        module="import tracemalloc\ntracemalloc.start()",
        handler=body("""
            held{n} = [bytes(1000) for _ in range(50)]
            taken{n} = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, __file__)]).statistics('lineno')
        """),
        answer="max(one.count for one in taken{n}) >= 50",
    ),
    Piece(
        "decimals and numbers",
        module="import decimal, sys\ndecimal.setcontext(decimal.Context(prec=5, traps=[decimal.Inexact]))\nsys.set_int_max_str_digits(700)",
        handler="try: decimal.Decimal(1) / 3\n    except decimal.Inexact: exact{n} = 'inexact'",
        answer="[exact{n}, sys.get_int_max_str_digits()]",
    ),
    Piece(
        "locale of its own",
        module="import locale\nlocale.setlocale(locale.LC_ALL, 'C')",
        answer="[locale.setlocale(locale.LC_ALL), locale.localeconv()['decimal_point']]",
    ),
    Piece(
        "time zone of its own",
        module="import time\nos.environ['TZ'] = 'Asia/Tokyo'; time.tzset()",
        answer="[time.tzname[0], time.localtime(0).tm_hour]",
    ),
    Piece(
        "little memory",
        module="import resource",
        handler=body("""
            limits{n} = resource.getrlimit(resource.RLIMIT_AS)
            pages{n} = int(open('/proc/self/statm').read().split()[0]) * 4096
            resource.setrlimit(resource.RLIMIT_AS, (pages{n} + (4 << 20), limits{n}[1]))
            try: bytearray(64 << 20)
            except MemoryError: full{n} = 'full'
            finally: resource.setrlimit(resource.RLIMIT_AS, limits{n})
        """),
        answer="full{n}",
    ),
    Piece(
        "the event loop of uvloop",
        needs=("uvloop",),
        module="import asyncio, uvloop\nasync def beat{n}():\n    await asyncio.sleep(0)\n    return type(asyncio.get_running_loop()).__module__",
        answer="uvloop.run(beat{n}())",
    ),
    Piece(
        "no loop in the handler",
        module="import asyncio",
        handler="try: asyncio.get_running_loop()\n    except RuntimeError as error: none{n} = str(error)",
        answer="[none{n}, asyncio._get_running_loop() is None]",
    ),
    Piece(
        "a runner for all invocations",
        module="import asyncio\nrunner{n} = asyncio.Runner()\nasync def tick{n}(x): await asyncio.sleep(0); return [x, len(asyncio.all_tasks())]",
        answer="runner{n}.run(tick{n}({n}))",
    ),
    Piece(
        "thread with work from the start",
        module=code("""
            import queue, threading
            jobs{n}, done{n} = queue.Queue(), queue.Queue()
            def worker{n}():
                while True: done{n}.put(jobs{n}.get() * 2)
            threading.Thread(target=worker{n}, daemon=True, name='worker').start()
        """),
        handler="jobs{n}.put(event.get('n'))",
        answer="[done{n}.get(timeout=20), sorted(one.name for one in threading.enumerate() if one.name in ('worker', 'MainThread'))]",
    ),
    Piece(
        "a timer that ends later",
        module="import threading\nrang{n} = threading.Event()",
        handler="threading.Timer(0.01, rang{n}.set).start()",
        answer="rang{n}.wait(20)",
    ),
    Piece(
        "values of a thread",
        module="import threading\nlocal{n} = threading.local(); local{n}.made = 'at import'",
        answer="[local{n}.made, threading.current_thread() is threading.main_thread(), threading.stack_size()]",
    ),
)
