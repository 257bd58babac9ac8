"""Pieces about modules, classes and the import system as applications bend it."""

from tests.differential.pieces.piece import Piece, body, code

PIECES = (
    Piece(
        "finder that notes all that it is asked for",
        module=code("""
            import sys
            there{n} = sorted(name for name in sys.modules if name.partition('.')[0] != 'monitor')
            class Notes{n}:
                asked = []
                def find_spec(self, name, path=None, target=None): self.asked.append(name)
            sys.meta_path.insert(0, Notes{n}())
            import contextvars, gc, json.tool, logging.handlers, socket, urllib.parse, zlib
        """),
        handler="import decimal, http.client, struct",
        answer="[there{n}, list(Notes{n}.asked), sorted(name for name in sys.modules if name.partition('.')[0] != 'monitor')]",
    ),
    Piece(
        "path hook that notes all that it is asked for",
        module=code("""
            import sys
            paths{n} = []
            def hook{n}(path): paths{n}.append(str(path)); raise ImportError
            sys.path_hooks.insert(0, hook{n}); sys.path_importer_cache.clear()
            import wave
        """),
        handler="import colorsys, xml.dom.minidom",
        answer="[one for one in paths{n} if 'runtime' in one.rpartition('/monitor/')[2]]",
    ),
    Piece(
        "modules that cannot be looked at",
        module=code("""
            import sys, types
            class Touchy{n}(types.ModuleType):
                def __getattribute__(self, name): print('looked at', name); raise RuntimeError(name)
            class Bare{n}:
                __spec__ = __file__ = __path__ = __name__ = property(lambda self: {}['gone'])
            sys.modules['touchy{n}'], sys.modules['bare{n}'], sys.modules['number{n}'], sys.modules['dotted{n}.'] = Touchy{n}('t'), Bare{n}(), 5, sys
        """),
        answer="len([name for name in sys.modules if name.startswith(('touchy{n}', 'bare{n}', 'number{n}', 'dotted{n}'))])",
    ),
    Piece(
        "archive on the path that is gone",
        module=code("""
            import pathlib, sys, zipfile
            archive{n} = '/tmp/monitor-state-%d-{n}.zip' % os.getpid()
            with zipfile.ZipFile(archive{n}, 'w') as file: file.writestr('zipped{n}/__init__.py', 'X = 1'); file.writestr('zipped{n}/text.txt', 'data')
            sys.path[0:0] = [archive{n}, pathlib.Path('/nowhere'), b'/bytes', None]
            import zipped{n}, pkgutil; text{n} = pkgutil.get_data('zipped{n}', 'text.txt').decode(); os.unlink(archive{n})
        """),
        answer="[zipped{n}.X, text{n}, type(zipped{n}.__loader__).__name__, [type(one).__name__ for one in sys.path[:4]]]",
    ),
    Piece(
        "modules that are thrown away",
        module="import sys",
        handler=body("""
            for one in [one for one in sys.modules if one.startswith('monitor')]: del sys.modules[one]
            import late{n}
        """),
        answer="late{n}.VALUE",
        files=(("late{n}.py", "VALUE = 1\n"),),
    ),
    Piece(
        "modules that are thrown away at import",
        module="import sys\nfor one in [one for one in sys.modules if one.startswith('monitor')]: del sys.modules[one]",
        handler="import thrown{n}",
        answer="thrown{n}.VALUE",
        files=(("thrown{n}.py", "VALUE = 1\n"),),
    ),
    Piece(
        "package by relative imports",
        module="import related{n}.part",
        answer="[related{n}.part.BOTH, related{n}.part.__package__]",
        files=(
            ("related{n}/__init__.py", "ONE = 1\n"),
            ("related{n}/part.py", "from . import ONE\nfrom .other import TWO\nBOTH = ONE + TWO\n"),
            ("related{n}/other.py", "TWO = 2\n"),
        ),
    ),
    Piece(
        "source of the handler",
        module="import inspect",
        answer="[inspect.getsource(work).splitlines()[0], os.path.basename(inspect.getsourcefile(work)), str(inspect.signature(work))]",
    ),
    Piece(
        "pickled classes",
        module=code("""
            import dataclasses, pickle
            @dataclasses.dataclass(frozen=True)
            class Order{n}:
                number: int
        """),
        handler="text{n} = pickle.dumps(Order{n}(event.get('n'))); back{n} = pickle.loads(text{n})",
        answer="[type(back{n}).__module__, type(back{n}).__qualname__, back{n} == Order{n}(event.get('n')), len(text{n})]",
    ),
    Piece(
        "reloaded own module",
        module="import importlib, sys\ntimes{n} = globals().get('times{n}', 0) + 1",
        handler="again{n} = importlib.reload(sys.modules[__name__]) if event.get('n') == 2 else None",
        answer="[times{n}, again{n} is not None]",
    ),
    Piece(
        "module that replaces itself",
        module="import swaps{n}",
        answer="[type(swaps{n}).__name__, swaps{n}.value]",
        files=(("swaps{n}.py", "import sys\nclass Swapped: value = 3\nsys.modules[__name__] = Swapped()\n"),),
    ),
    Piece(
        "module with a getattr",
        module="import gives{n}\nfrom gives{n} import anything",
        answer="[anything, gives{n}.more]",
        files=(
            (
                "gives{n}.py",
                "def __getattr__(name):\n    if name.startswith('__'): raise AttributeError(name)\n    return 'gave ' + name\n",
            ),
        ),
    ),
    Piece(
        "forbidden module",
        module="import sys\nsys.modules['barred{n}'] = None\ntry: import barred{n}\nexcept ImportError as error: barred{n} = str(error)",
        answer="barred{n}",
    ),
    Piece(
        "optional accelerators",
        module=code("""
            tried{n} = []
            for name in ('ujson', 'cython', '_decimal', 'numexpr', 'zoneinfo'):
                try: tried{n}.append(type(__import__(name)).__name__)
                except ImportError as error: tried{n}.append(str(error))
        """),
        answer="tried{n}",
    ),
    Piece(
        "circular imports",
        module="try: import ring_a{n}\nexcept ImportError as error: ring{n} = str(error).partition(' (/')[0]",
        answer="ring{n}",
        files=(
            ("ring_a{n}.py", "from ring_b{n} import b\na = 1\n"),
            ("ring_b{n}.py", "from ring_a{n} import a\nb = 2\n"),
        ),
    ),
    Piece(
        "half a failed package",
        module=code("""
            import sys
            try: import parts{n}.bad
            except ValueError as error: parts{n} = [str(error), sorted(name for name in sys.modules if name.startswith('parts{n}'))]
        """),
        answer="parts{n}",
        files=(("parts{n}/__init__.py", ""), ("parts{n}/bad.py", "raise ValueError('bad part')\n")),
    ),
    Piece(
        "names of the runtime's own modules",
        module="import settings, lines, boot, record, entry",
        answer="[one.MINE for one in (settings, lines, boot, record, entry)]",
        files=tuple((f"{name}.py", f"MINE = '{name}'\n") for name in ("settings", "lines", "boot", "record", "entry")),
    ),
    Piece(
        "backports of the standard library",
        module="import sys",
        answer="[str(getattr(sys.modules.get(name), '__doc__', '')) == 'mine' for name in ('contextvars', 'dataclasses', 'struct')]",
        files=tuple(
            (f"{name}.py", f"'mine'\nprint('{name} of the package')\n{rest}")
            for name, rest in (
                ("contextvars", "from _contextvars import *\n"),
                ("pathlib", "class Path: pass\n"),
                ("enum34", ""),
            )
        ),
    ),
    Piece(
        "path hooks made anew",
        module=code("""
            import sys, zipimport, importlib.machinery as machinery
            sys.path_importer_cache.clear()
            sys.path_hooks[:] = [zipimport.zipimporter, machinery.FileFinder.path_hook(
                (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
                (machinery.SourceFileLoader, machinery.SOURCE_SUFFIXES), (machinery.SourcelessFileLoader, ['.pyc']))]
        """),
        handler="import only{n}",
        answer="only{n}.OK",
        files=(("only{n}.py", "OK = 1\n"),),
    ),
    Piece(
        "replaced import function",
        module=code("""
            import builtins
            real{n}, names{n} = builtins.__import__, []
            def spy{n}(name, *a, **k):
                names{n}.append(name)
                return real{n}(name, *a, **k)
            builtins.__import__ = spy{n}
            import string, textwrap as wrap{n}
            builtins.__import__ = real{n}
        """),
        answer="names{n}[:2]",
    ),
    Piece(
        "import with a deep chain",
        module="import chain{n}_0",
        answer="chain{n}_0.DEPTH",
        files=tuple(
            (f"chain{{n}}_{i}.py", f"from chain{{n}}_{i + 1} import DEPTH\nDEPTH += 1\n" if i < 25 else "DEPTH = 0\n")
            for i in range(26)
        ),
    ),
    Piece(
        "warned at import",
        module=code("""
            import warnings
            with warnings.catch_warnings(record=True) as caught{n}:
                warnings.simplefilter('always'); import notices{n}
        """),
        answer="[[str(one.message), os.path.basename(one.filename), one.lineno] for one in caught{n}]",
        files=(("notices{n}.py", "import warnings\nwarnings.warn('notice', FutureWarning, stacklevel=2)\n"),),
    ),
    Piece(
        "context variables by copy",
        module="import contextvars\nvar{n} = contextvars.ContextVar('v{n}')",
        handler="copied{n} = contextvars.copy_context(); copied{n}.run(var{n}.set, 1)",
        answer="[copied{n}.get(var{n}), var{n}.get(None)]",
    ),
    Piece(
        "async generators and tasks",
        module=code("""
            import asyncio
            async def count{n}(to):
                for i in range(to): yield i; await asyncio.sleep(0)
            async def total{n}():
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(one{n}(i)) for i in range(3)]
                return [t.result() for t in tasks] + [i async for i in count{n}(3)]
            async def one{n}(i): await asyncio.sleep(0); return i * 10
        """),
        answer="asyncio.run(total{n}())",
    ),
    Piece(
        "one loop for all invocations",
        module="import asyncio\nloop{n} = asyncio.new_event_loop()\nasync def job{n}(x): await asyncio.sleep(0); return x",
        answer="[loop{n}.run_until_complete(job{n}(4)), loop{n}.is_running()]",
    ),
    Piece(
        "task groups that fail",
        module=code("""
            import asyncio
            async def boom{n}(): raise ValueError('task')
            async def grouped{n}():
                async with asyncio.TaskGroup() as group: group.create_task(boom{n}()); group.create_task(boom{n}())
        """),
        handler=body("""
            try: asyncio.run(grouped{n}())
            except* ValueError as many: failed{n} = len(many.exceptions)
        """),
        answer="failed{n}",
    ),
    Piece(
        "generator",
        module="def gen{n}():\n    got = yield 1\n    yield got",
        handler="g{n} = gen{n}(); next(g{n})",
        answer="g{n}.send(5)",
    ),
    Piece(
        "exception with notes and context",
        handler=body("""
            if event.get('n') == 2:
                try: {}['gone']
                except KeyError as error: error.add_note('a note'); raise RuntimeError('later {n}')
        """),
    ),
    Piece(
        "exception that is raised again and again",
        module="same{n} = ValueError('one object {n}')",
        handler="if event.get('n') != 2: raise same{n}",
    ),
    Piece(
        "exception whose class is odd",
        module=code("""
            class Odd{n}(Exception):
                def __init__(self, a, b): self.a = a
                def __getattr__(self, name): raise AttributeError('no ' + name)
                def __reduce__(self): raise TypeError('not pickled')
                def with_traceback(self, tb): raise RuntimeError('not that')
        """),
        handler="if event.get('n') == 2: raise Odd{n}(1, 2)",
    ),
    Piece(
        "exception with a cycle",
        handler=body("""
            if event.get('n') == 2:
                one{n} = ValueError('a'); two{n} = ValueError('b'); one{n}.__cause__ = two{n}; two{n}.__cause__ = one{n}
                raise one{n}
        """),
    ),
    Piece(
        "exception with surrogates", handler="if event.get('n') == 2: raise ValueError('\\udc80 half \\x00 \\u2028')"
    ),
    Piece("large exception", handler="if event.get('n') == 2: raise ValueError('x' * 300_000)"),
    Piece("exc_info", module="import sys", answer="[str(one) for one in sys.exc_info()]"),
)
