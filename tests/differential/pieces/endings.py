"""How handlers end, how inits fail, and what a handler can be."""

from tests.differential.pieces.piece import Piece, body, code

# Code at the end of the module: the init fails. One in so many handlers gets one of these.
FAILED_INITS = (
    "raise ValueError('init')",
    "raise SystemExit(3)",
    "raise SystemExit('with a text')",
    "raise KeyboardInterrupt",
    "raise BaseException('base')",
    "raise GeneratorExit",
    "raise ExceptionGroup('several', [ValueError(1), TypeError('two')])",
    "def deeper(): return deeper()\ndeeper()",
    "import not_in_the_package",
    "from json import not_in_json",
    "import module_with_a_syntax_error",
    "{}['key']",
    "assert 1 == 2, 'one is not two'",
    "try: 1 / 0\nexcept ZeroDivisionError as error: raise RuntimeError('while dividing') from error",
    "class Empty(Exception):\n    def __str__(self): return ''\nraise Empty('hidden')",
    "import asyncio\nasync def start(): raise ConnectionError('no database')\nasyncio.run(start())",
    "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Config(Exception):\n    name: str\nraise Config('TABLE')",
    "os._exit(7)",
    "del work",
    "work = None",
    "raise UnicodeError('\\udc80')",
    "raise MemoryError",
    "import sys; sys.exit()",
    "class Mute(Exception):\n    def __str__(self): raise RuntimeError('no text')\nraise Mute",
    "class Shut(Exception):\n    def __getattribute__(self, name): raise RuntimeError(name)\nraise Shut('shut')",
    "class Odd(Exception):\n    msg = property(lambda self: 1 / 0)\n    __traceback__ = 'none'\nraise Odd('odd')",
    "class Lost(ImportError):\n    name = property(lambda self: 1 / 0)\nraise Lost('lost')",
    "import logging; logging.getLogger().handlers.clear(); raise OSError(2, 'gone', 'file')",
    "import module_that_is_interrupted",
    "import asyncio\nasync def start(): raise KeyboardInterrupt\nasyncio.run(start())",
    "import asyncio; raise asyncio.CancelledError('stopped')",
    "raise BaseExceptionGroup('all', [KeyboardInterrupt(), ValueError(1)])",
    "try: 1 / 0\nexcept ZeroDivisionError as error: raise SystemExit('after dividing') from error",
    "def closing():\n    try: yield\n    finally: raise GeneratorExit('again')\none = closing(); next(one); one.throw(ValueError)",
    "class Mute(Exception):\n    def __str__(self): raise RuntimeError('no text')\nraise Mute from ValueError('cause')",
    "import sys\ndef hook(*_): raise LookupError('in the hook')\nsys.excepthook = hook\nraise BaseException('base')",
    "import sys, traceback\nsys.excepthook = lambda *error: print('hook', traceback.format_exception(*error))\nimport module_that_is_interrupted",
)
FAILING_FILES = (
    ("module_with_a_syntax_error.py", "def broken(:\n"),
    ("module_that_is_interrupted.py", "def deep(): raise KeyboardInterrupt('deep')\ndeep()\n"),
)

# A function `work` becomes the handler; the second text is its name for Lambda where it is another than `app.handler`.
WRAPPERS = (
    ("handler = work\n", ""),
    ("def handler(event, context):\n    return work(event, context)\n", ""),
    (
        "class Handler:\n    def __call__(self, event, context):\n        return work(event, context)\n"
        "handler = Handler()\n",
        "",
    ),
    ("import functools\nhandler = functools.partial(work)\n", ""),
    ("handler = lambda event, context: work(event, context)\n", ""),
    (
        "class Handlers:\n    @staticmethod\n    def run(event, context):\n        return work(event, context)\n"
        "handler = Handlers.run\n",
        "",
    ),
    (
        "class Handlers:\n    @classmethod\n    def run(cls, event, context): return work(event, context)\n"
        "handler = Handlers.run\n",
        "",
    ),
    (
        "class Handlers:\n    __slots__ = ()\n    def run(self, event, context): return work(event, context)\n"
        "handler = Handlers().run\n",
        "",
    ),
    ("def handler(event, context, *, more=1, **rest):\n    return [work(event, context), more, rest]\n", ""),
    ("def handler(*arguments):\n    return [work(*arguments), len(arguments)]\n", ""),
    (
        "import functools\ndef logged(inner):\n    @functools.wraps(inner)\n    def call(event, context):\n"
        "        print('before'); answer = inner(event, context); print('after'); return answer\n    return call\n"
        "@logged\ndef handler(event, context): return work(event, context)\n",
        "",
    ),
    ("async def handler(event, context): return work(event, context)\n", ""),
    ("def handler(event, context):\n    yield work(event, context)\n", ""),
    ("def handler(event): return 'one argument'\n", ""),
    ("def lambda_handler(event, context): return work(event, context)\n", "app.lambda_handler"),
    (
        "class type_of(dict):\n    def __init__(self, event, context): self['seen'] = work(event, context)\n",
        "app.type_of",
    ),
    (
        "import asyncio\nasync def inner(event, context): await asyncio.sleep(0); return work(event, context)\n"
        "def handler(event, context): return asyncio.run(inner(event, context))\n",
        "",
    ),
    (
        "import asyncio\nloop = asyncio.new_event_loop()\nasync def inner(event, context): return work(event, context)\n"
        "def handler(event, context): return loop.run_until_complete(inner(event, context))\n",
        "",
    ),
    (
        "import contextvars\ndef handler(event, context): return contextvars.copy_context().run(work, event, context)\n",
        "",
    ),
    (
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\n"
        "def handler(event, context): return pool.submit(work, event, context).result()\n",
        "",
    ),
    (
        "import unittest.mock\nhandler = unittest.mock.Mock(side_effect=work)\n",
        "",
    ),
    ("class handler:\n    def __new__(cls, event, context): return work(event, context)\n", ""),
    ("def __getattr__(name):\n    if name == 'made': return work\n    raise AttributeError(name)\n", "app.made"),
    ("handler = work.__get__({'not': 'an event'})\n", ""),
)
# Where the module lies, and how Lambda's Handler names it: `{name}` is the handler's.
PLACES = (
    ("app.py", "{module}.{name}"),
    ("shop/app.py", "shop.{module}.{name}"),
    ("src/app.py", "src/{module}.{name}"),
    ("src/my-app/app.py", "src/my-app/{module}.{name}"),
)

PIECES = (
    Piece("nothing", handler="if event.get('n') == 2: return None"),
    Piece("a large answer", answer="'y' * 1_000_000"),
    Piece("not a number", answer="[float('nan'), float('inf')]"),
    Piece("text of all kinds", answer="'\\u2028 đ \\x00 \\U0001f600'"),
    Piece("lone surrogate", handler="if event.get('n') == 2: return '\\ud800'"),
    Piece("decimals", module="import decimal", answer="decimal.Decimal('1.10')"),
    Piece("a set", handler="if event.get('n') == 2: return {1}"),
    Piece("bytes", handler="if event.get('n') == 2: return b'bytes'"),
    Piece("an object", handler="if event.get('n') == 2: return object()"),
    Piece("odd keys", handler="if event.get('n') == 2: return {(1, 2): 3}"),
    Piece("a cycle", handler="if event.get('n') == 2: around{n} = []; around{n}.append(around{n}); return around{n}"),
    Piece(
        "a deep answer",
        handler=body("""
        deep{n} = 1
        for _ in range(200): deep{n} = [deep{n}]
        if event.get('n') == 2: return deep{n}
    """),
    ),
    Piece(
        "a subclass of dict",
        module="class Answer{n}(dict):\n    def __repr__(self): raise RuntimeError('no repr')",
        answer="Answer{n}(a=1)",
    ),
    Piece("an enumeration", module="import enum\nclass Kind{n}(str, enum.Enum): ONE = 'one'", answer="Kind{n}.ONE"),
    Piece(
        "a dataclass",
        module="import dataclasses\n@dataclasses.dataclass\nclass Point{n}: x: int = 1",
        handler="if event.get('n') == 2: return Point{n}()",
    ),
    Piece("http answer", handler="if event.get('n') == 2: return {'statusCode': 500, 'body': 'failed', 'headers': {}}"),
    Piece("exit", handler="if event.get('n') == 2: raise SystemExit(5)"),
    Piece("exit by sys", module="import sys", handler="if event.get('n') == 2: sys.exit('with a text')"),
    Piece("exit at once", handler="if event.get('n') == 2: os._exit(9)"),
    Piece("interrupt", handler="if event.get('n') == 2: raise KeyboardInterrupt"),
    Piece(
        "base exception",
        module="class Stop{n}(BaseException): pass",
        handler="if event.get('n') == 2: raise Stop{n}('stop')",
    ),
    Piece("generator exit", handler="if event.get('n') == 2: raise GeneratorExit"),
    Piece("stop iteration", handler="if event.get('n') == 2: raise StopIteration(4)"),
    Piece("cancelled", module="import asyncio", handler="if event.get('n') == 2: raise asyncio.CancelledError"),
    Piece(
        "base exception group",
        handler="if event.get('n') == 2: raise BaseExceptionGroup('b', [KeyboardInterrupt(), ValueError(1)])",
    ),
    Piece("memory error", handler="if event.get('n') == 2: bytes(1 << 62)"),
    Piece(
        "recursion to the end", module="def down{n}(): return down{n}()", handler="if event.get('n') == 2: down{n}()"
    ),
    Piece(
        "killed by a signal",
        module="import signal",
        handler="if event.get('n') == 3: os.kill(os.getpid(), signal.SIGKILL)",
    ),
    Piece(
        "terminated",
        module="import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))",
        handler="if event.get('n') == 3: os.kill(os.getpid(), signal.SIGTERM); __import__('time').sleep(5)",
    ),
    Piece(
        "closed stdout",
        module="import sys",
        handler=body("""
        if event.get('n') == 3: sys.stdout = None
    """),
    ),
    Piece("assertion", handler="assert event.get('n') != 2, 'two {n}'"),
    Piece(
        "error with fields",
        module=code("""
            class Refused{n}(Exception):
                def __init__(self, code, reason): super().__init__(code, reason); self.code, self.reason = code, reason
        """),
        handler="if event.get('n') == 2: raise Refused{n}(409, {'why': 'stock'})",
    ),
)
