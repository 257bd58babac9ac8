"""Pieces that use Python and its standard library."""

from tests.differential.pieces.piece import OPEN_FILES, Piece

PIECES = (
    Piece("environment", answer="sorted(k for k in os.environ if not k.startswith(('DIFFERENTIAL', 'AWS_XRAY')))"),
    Piece("handler variable", module="ROLE{n} = os.environ['_HANDLER']", answer="ROLE{n}"),
    Piece(
        "collector",
        module="import gc\nGC{n} = gc.isenabled()",
        answer="[GC{n}, gc.isenabled(), gc.get_freeze_count() > 0]",
    ),
    Piece("collector off", module="import gc\ngc.disable()", answer="gc.isenabled()"),
    Piece("collector thresholds", module="import gc\ngc.set_threshold(1234)", answer="gc.get_threshold()"),
    Piece(
        "weak references",
        module=(
            "import gc, weakref\nclass Node{n}: pass\nnode{n} = Node{n}(); node{n}.me = node{n}\n"
            "gone{n} = weakref.ref(node{n}); del node{n}; gc.collect()"
        ),
        answer="gone{n}() is None",
    ),
    Piece(
        "root level",
        module="import logging\nlogging.getLogger().setLevel(logging.INFO)",
        handler="logging.getLogger('lib').info('seen {n}')",
    ),
    Piece(
        "warnings of a logger",
        module="import logging\nlog{n} = logging.getLogger('ai-image-analyzer-fastapi.part')",
        handler="log{n}.warning('part {n}'); log{n}.error('gone %s', {n})",
    ),
    Piece(
        "logger named like the service",
        module="import logging\nlog{n} = logging.getLogger('ai-image-analyzer-fastapi')",
        handler="log{n}.info('hidden'); log{n}.warning('shown')",
        answer="[log{n}.level, len(log{n}.handlers), log{n}.propagate, log{n}.getEffectiveLevel()]",
    ),
    Piece(
        "logged exception",
        module="import logging",
        handler=("try: {}['missing {n}']\n    except KeyError: logging.getLogger().exception('failed {n}')"),
    ),
    Piece("print", handler="print('printed {n}', event.get('n'))"),
    Piece("print without an end", handler="print('cut {n}', end=' '); print('rest')"),
    Piece(
        "replaced stdout",
        module=(
            "import io, sys\nclass Tee{n}(io.TextIOBase):\n    def __init__(self, to): self.to, self.seen = to, []\n"
            "    def write(self, text): self.seen.append(text); return self.to.write(text)\n"
            "    def flush(self): self.to.flush()\nsys.stdout = tee{n} = Tee{n}(sys.stdout)"
        ),
        handler="print('teed {n}')",
        answer="[''.join(tee{n}.seen)]",
    ),
    Piece(
        "warning filters",
        module="import warnings\nwarnings.simplefilter('always')",
        handler="warnings.warn('old {n}', DeprecationWarning)",
        answer="len(warnings.filters)",
    ),
    Piece(
        "caught warnings",
        module="import warnings",
        handler=(
            "with warnings.catch_warnings(record=True) as seen{n}:\n        warnings.simplefilter('always')\n"
            "        import old{n}"
        ),
        answer="[(str(w.message), os.path.basename(w.filename), w.lineno) for w in seen{n}]",
        files=(("old{n}.py", "import warnings\nwarnings.warn('import me not', stacklevel=2)\n"),),
    ),
    Piece(
        "finders",
        module="import sys\nMETA{n} = [getattr(one, '__name__', type(one).__name__) for one in sys.meta_path]",
        answer="[META{n}, [getattr(one, '__name__', type(one).__name__) for one in sys.meta_path]]",
    ),
    Piece(
        "a finder of its own",
        module=(
            "import sys\nclass Finder{n}:\n    asked = []\n    def find_spec(self, name, path=None, target=None):\n"
            "        self.asked.append(name)\nsys.meta_path.insert(0, Finder{n}())\nimport wave as wave{n}"
        ),
        answer="list(Finder{n}.asked)",
    ),
    Piece(
        "a finder that refuses",
        module=(
            "import sys\nclass Refuses{n}:\n    def find_spec(self, name, path=None, target=None):\n"
            "        if name == 'forbidden{n}': raise SystemError('refused')\nsys.meta_path.insert(0, Refuses{n}())"
        ),
        handler="try: import forbidden{n}\n    except SystemError as error: refused{n} = str(error)",
        answer="refused{n}",
    ),
    Piece(
        "odd path entries",
        module="import sys\nsys.path[:] = [*sys.path, b'/bytes', None, 7]",
        answer="[str(entry) for entry in sys.path[-3:]]",
    ),
    Piece(
        "lazy module",
        module=(
            "import importlib.util, sys\nspec{n} = importlib.util.find_spec('lazy{n}')\n"
            "spec{n}.loader = importlib.util.LazyLoader(spec{n}.loader)\nlazy{n} = importlib.util.module_from_spec(spec{n})\n"
            "sys.modules['lazy{n}'] = lazy{n}; spec{n}.loader.exec_module(lazy{n})"
        ),
        answer="type(lazy{n}).__name__",
        files=(("lazy{n}.py", "print('loaded {n}')\n"),),
    ),
    Piece(
        "module that is none",
        module=(
            "import sys\nclass Odd{n}:\n    def __getattr__(self, name): raise RuntimeError('asked for ' + name)\n"
            "sys.modules['odd{n}'] = Odd{n}()\nimport odd{n}"
        ),
        answer="type(odd{n}).__name__",
    ),
    Piece(
        "import in the handler",
        handler="import late{n}",
        answer="late{n}.VALUE",
        files=(("late{n}.py", "VALUE = 5\n"),),
    ),
    Piece(
        "failed import",
        module="try: import broken{n}\nexcept Exception as error: why{n} = [type(error).__name__, str(error)]",
        answer="why{n}",
        files=(("broken{n}.py", "1 / 0\n"),),
    ),
    Piece(
        "absent import",
        module=(
            "try: import absent{n}.part\nexcept ImportError as error: absent{n} = [str(error), error.name, error.path]"
        ),
        answer="absent{n}",
    ),
    Piece(
        "import traceback",
        module="import traceback",
        handler=("try: import fails{n}\n    except Exception: trace{n} = traceback.format_exc()"),
        answer="trace{n}",
        files=(("fails{n}.py", "import inner{n}\n"), ("inner{n}.py", "raise ValueError('no')\n")),
    ),
    Piece(
        "frozen exception at import",
        module="try: import frozen{n}\nexcept Exception as error: frozen{n} = repr(error)",
        answer="frozen{n}",
        files=(
            (
                "frozen{n}.py",
                (
                    "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Frozen(Exception):\n    why: str\n"
                    "raise Frozen('cold')\n"
                ),
            ),
        ),
    ),
    Piece(
        "frozen exception",
        module=(
            "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Frozen{n}(Exception):\n    why: str"
        ),
        handler="if event.get('n') == 2: raise Frozen{n}('stock')",
    ),
    Piece(
        "exception with slots",
        module=(
            "class Slotted{n}(Exception):\n    __slots__ = ('code',)\n    def __init__(self, code): self.code = code\n"
            "    def __str__(self): return f'code {self.code}'"
        ),
        handler="if event.get('n') == 2: raise Slotted{n}(4)",
    ),
    Piece(
        "exception whose text raises",
        module=("class Mute{n}(Exception):\n    def __str__(self): raise RuntimeError('no text')"),
        handler="try: raise Mute{n}()\n    except Mute{n} as error: mute{n} = type(error).__name__",
        answer="mute{n}",
    ),
    Piece(
        "chained exceptions",
        handler=(
            "if event.get('n') == 2:\n        try: int('x{n}')\n        except ValueError as error: raise LookupError('{n}') from error"
        ),
    ),
    Piece(
        "exception group",
        handler="if event.get('n') == 2: raise ExceptionGroup('many {n}', [ValueError(1), KeyError(2)])",
    ),
    Piece(
        "nested calls that raise",
        module="def inner{n}(x): return 1 / x\ndef outer{n}(x): return inner{n}(x)",
        handler="if event.get('n') == 2: outer{n}(0)",
    ),
    Piece(
        "deep recursion", module="def depth{n}(n): return 0 if n == 0 else 1 + depth{n}(n - 1)", answer="depth{n}(900)"
    ),
    Piece("recursion limit", answer="__import__('sys').getrecursionlimit()"),
    Piece(
        "recursion error",
        module="def forever{n}(): return forever{n}()",
        handler=("try: forever{n}()\n    except RecursionError as error: recursion{n} = str(error)"),
        answer="recursion{n}",
    ),
    Piece(
        "threads",
        module="import threading",
        handler=(
            "seen{n} = []\n    one{n} = threading.Thread(target=lambda: seen{n}.append(threading.active_count()))\n"
            "    one{n}.start(); one{n}.join()"
        ),
        answer="[seen{n}, threading.active_count()]",
    ),
    Piece(
        "thread pool",
        module="from concurrent.futures import ThreadPoolExecutor",
        handler=("with ThreadPoolExecutor(3) as pool: pooled{n} = list(pool.map(lambda x: x * x, range(5)))"),
        answer="pooled{n}",
    ),
    Piece(
        "asyncio",
        module="import asyncio\nasync def one{n}(x):\n    await asyncio.sleep(0)\n    return x",
        handler="async def all{n}(): return await asyncio.gather(*(one{n}(x) for x in range(3)))",
        answer="asyncio.run(all{n}())",
    ),
    Piece(
        "context variables",
        module="import contextvars\nvar{n} = contextvars.ContextVar('var', default=0)",
        handler="var{n}.set(var{n}.get() + 1)",
        answer="[var{n}.get(), len(contextvars.copy_context()) > 5]",
    ),
    Piece(
        "signals",
        module="import signal\nsignal.signal(signal.SIGUSR1, lambda *a: None)",
        answer="[str(signal.getsignal(s)).partition(' at ')[0] for s in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)]",
    ),
    Piece("open files", module=OPEN_FILES, answer="open_files{n}()"),
    Piece("open socket", module="import socket\nsock{n} = socket.socket()", answer="sock{n}.fileno() >= 0"),
    Piece("lowest free descriptor", handler="fd{n} = os.dup(1); os.close(fd{n})", answer="fd{n}"),
    Piece(
        "frozen time",
        module="import time\ntime.time = lambda: 1_000_000.0\ntime.perf_counter_ns = lambda: 5",
        answer="[time.time(), time.perf_counter_ns()]",
    ),
    Piece(
        "time that raises",
        module=(
            "import time\nreal{n} = time.time\ndef stuck{n}(): raise RuntimeError('no time')\ntime.time_ns = stuck{n}"
        ),
        handler="try: time.time_ns()\n    except RuntimeError as error: stuck{n}_text = str(error)",
        answer="stuck{n}_text",
    ),
    Piece(
        "metadata",
        module="from importlib import metadata\nimport importlib.metadata as dotted{n}",
        answer="[metadata is dotted{n}, type(metadata).__name__, metadata.version('awslambdaric') != '']",
    ),
    Piece(
        "modules by name",
        module="import sys",
        answer=(
            "sorted(n for n in ('boto3', 'botocore', 'wrapt', 'aws_lambda_powertools', 'aws_xray_sdk', 'asyncio', 'inspect')"
            " if n in sys.modules)"
        ),
    ),
    Piece(
        "sqlite by keyword",
        module="import sqlite3",
        handler=("db{n} = sqlite3.connect(database=':memory:'); rows{n} = db{n}.execute('select 1, 2').fetchall()"),
        answer="[rows{n}, type(db{n}).__name__, type(db{n}).__module__]",
    ),
    Piece("json", module="import json", answer="json.dumps({'a': [1, 2.5, None], 'đ': '\\u2028'})"),
    Piece(
        "excepthook",
        module="import sys",
        answer="[sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__]",
    ),
    Piece("tracing functions", module="import sys", answer="[sys.gettrace(), sys.getprofile()]"),
    Piece(
        "locale and folder", module="import locale", answer="[os.getcwd() != '', locale.getlocale()[0], os.umask(0o22)]"
    ),
    Piece(
        "import hooks",
        module="import builtins, importlib",
        answer=("[builtins.__import__.__module__, importlib.import_module.__module__, importlib.reload.__module__]"),
    ),
    Piece(
        "reloaded module",
        module="import importlib, again{n}",
        handler="importlib.reload(again{n})",
        answer="again{n}.TIMES",
        files=(("again{n}.py", "TIMES = globals().get('TIMES', 0) + 1\n"),),
    ),
    Piece(
        "state between invocations",
        module="calls{n} = []",
        handler="calls{n}.append(event.get('n'))",
        answer="calls{n}",
    ),
    Piece(
        "context", answer="[context.function_name, context.aws_request_id, context.get_remaining_time_in_millis() > 0]"
    ),
    Piece("patched event", handler="event['seen{n}'] = True", answer="sorted(event)"),
    Piece(
        "logging configuration",
        module=(
            "import logging.config\nlogging.config.dictConfig({'version': 1, 'disable_existing_loggers': True, 'root': "
            "{'level': 'INFO', 'handlers': ['h']}, 'handlers': {'h': {'class': 'logging.StreamHandler', 'stream': "
            "'ext://sys.stdout'}}})"
        ),
        handler="logging.info('configured {n}')",
        answer="[len(logging.root.handlers), len(logging.root.filters)]",
    ),
    Piece(
        "log records",
        module=(
            "import logging\nnames{n} = []\nlogging.setLogRecordFactory(\n"
            "    lambda *a, f=logging.getLogRecordFactory(), **k: (names{n}.append(a[0]), f(*a, **k))[1])"
        ),
        handler="logging.getLogger('factory').warning('made {n}')",
        answer="names{n}",
    ),
    Piece("atexit", module="import atexit\natexit.register(lambda: None)", answer="atexit._ncallbacks()"),
    Piece("random state", module="import random\nrandom.seed(7)", answer="[random.random(), random.randint(0, 99)]"),
    Piece(
        "decimal context", module="import decimal\ndecimal.getcontext().prec = 9", answer="str(decimal.Decimal(1) / 7)"
    ),
    Piece(
        "garbage",
        module=(
            "class Web{n}:\n    def __init__(self): self.all = [self] * 10; self.text = 'x' * 2000\n"
            "for _ in range(20_000): Web{n}()"
        ),
    ),
    Piece(
        "many modules",
        module="import email.mime.text, xml.dom.minidom, http.server, unittest.mock",
        answer="len([1 for name in ('email', 'xml.dom.minidom') if name in __import__('sys').modules])",
    ),
)
