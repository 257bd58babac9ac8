"""Pieces about exceptions that are built unlike most: what looks at them must take them as they are."""

from tests.differential.pieces.piece import Piece, body, code

PIECES = (
    Piece(
        "hook for uncaught exceptions that prints all",
        module=code("""
            import sys, traceback
            def hook{n}(kind, value, trace):
                print(''.join(traceback.format_exception(kind, value, trace)))
                print([one.name for one in traceback.extract_tb(value.__traceback__)], sys.last_traceback is trace)
            sys.excepthook = hook{n}
        """),
        handler="if event.get('n') == 3: raise BaseExceptionGroup('last {n}', [KeyboardInterrupt(), ValueError({n})])",
    ),
    Piece(
        "traceback that is read at the very end",
        module=code("""
            import atexit, sys, traceback
            atexit.register(lambda: print('at the end', traceback.format_tb(getattr(sys, 'last_traceback', None))))
        """),
        handler="if event.get('n') == 3: raise KeyboardInterrupt('last {n}')",
    ),
    Piece(
        "tracebacks in every form",
        module=code("""
            import io, logging, sys, traceback
            def fail{n}(): raise LookupError('formatted {n}')
        """),
        handler=body("""
            forms{n} = []
            for one in (fail{n}, lambda: __import__('absent{n}'), lambda: __import__('outer{n}')):
                try: one()
                except Exception as error:
                    logging.getLogger().exception('failed'); traceback.print_exc(file=(text{n} := io.StringIO()))
                    forms{n} += [text{n}.getvalue(), [(each.name, each.lineno) for each in traceback.TracebackException(*sys.exc_info(), capture_locals=True).stack]]
                    trace{n} = error.__traceback__
                    while trace{n}: forms{n}.append(trace{n}.tb_frame.f_code.co_name); trace{n} = trace{n}.tb_next
        """),
        answer="forms{n}",
        files=(
            ("outer{n}.py", "import inner{n}\n"),
            ("inner{n}.py", "class Stop(Exception): pass\nraise Stop('inside')\n"),
        ),
    ),
    Piece(
        "tracebacks of base exceptions that are caught",
        module=code("""
            import asyncio, traceback
            async def cancelled{n}():
                one = asyncio.create_task(asyncio.sleep(9)); await asyncio.sleep(0); one.cancel(); await one
            def closed{n}():
                try: yield 1
                finally: raise GeneratorExit('closed')
            def close{n}(): one = closed{n}(); next(one); one.throw(KeyboardInterrupt('thrown'))
        """),
        handler=body("""
            caught{n} = []
            for one in (lambda: asyncio.run(cancelled{n}()), close{n}, lambda: __import__('leaves{n}')):
                try: one()
                except BaseException: caught{n}.append(traceback.format_exc())
        """),
        answer="caught{n}",
        files=(("leaves{n}.py", "raise SystemExit('leaves')\n"),),
    ),
    Piece(
        "module that is broken by its exceptions' class",
        module=code("""
            unusual{n} = []
            for name in ('fixed{n}', 'grouped{n}', 'asked{n}', 'propped{n}'):
                try: __import__(name)
                except BaseException as error: unusual{n}.append(type(error).__name__)
        """),
        answer="unusual{n}",
        files=(
            (
                "fixed{n}.py",
                "class E(Exception):\n    def __setattr__(self, name, value): raise SystemError(name)\nraise E('x')\n",
            ),
            (
                "grouped{n}.py",
                "class G(ExceptionGroup):\n    def __setattr__(self, name, value): raise AttributeError(name)\n    def derive(self, all): return G('d', all)\nraise G('g', [ValueError(1)])\n",
            ),
            (
                "asked{n}.py",
                "class M(type):\n    def __instancecheck__(cls, one): raise RuntimeError('no')\n    __subclasscheck__ = __instancecheck__\nclass E(Exception, metaclass=M): pass\nraise E('x')\n",
            ),
            (
                "propped{n}.py",
                "class E(Exception):\n    with_traceback = property(lambda self: 1 / 0)\n    __context__ = None\nraise E('x')\n",
            ),
        ),
    ),
    Piece(
        "exception whose traceback cannot be read",
        module="class Sealed{n}(Exception):\n    __traceback__ = property(lambda self: 1 / 0)",
        handler="if event.get('n') == 2: raise Sealed{n}('sealed {n}')",
    ),
    Piece(
        "exception whose traceback is text",
        module="class Texted{n}(Exception):\n    __traceback__ = 'none'\n    __cause__ = 'a cause'",
        handler="if event.get('n') == 2: raise Texted{n}('texted {n}')",
    ),
    Piece(
        "exception that gives nothing away",
        module=code("""
            class Closed{n}(Exception):
                def __getattribute__(self, name): raise RuntimeError('closed: ' + name)
        """),
        handler="try: raise Closed{n}()\n    except Closed{n} as error: closed{n} = type(error).__name__",
        answer="closed{n}",
    ),
    Piece(
        "exception that gives nothing away to the caller",
        module=code("""
            class Shut{n}(Exception):
                def __getattribute__(self, name):
                    if name.startswith('__') and name not in ('__class__', '__notes__'): raise RuntimeError('shut')
                    return super().__getattribute__(name)
        """),
        handler="if event.get('n') == 2: raise Shut{n}('shut {n}')",
    ),
    Piece(
        "import that raises an exception whose traceback cannot be read",
        module=code("""
            try: import sealed{n}
            except Exception as error: sealed{n} = [type(error).__name__, str(error)]
        """),
        answer="sealed{n}",
        files=(
            (
                "sealed{n}.py",
                "class Sealed(Exception):\n    __traceback__ = property(lambda self: 1 / 0)\nraise Sealed('in a module')\n",
            ),
        ),
    ),
    Piece(
        "import that raises an exception that gives nothing away",
        module="try: import shut{n}\nexcept Exception as error: shut{n} = type(error).__name__",
        answer="shut{n}",
        files=(
            (
                "shut{n}.py",
                "class Shut(Exception):\n    def __getattribute__(self, name): raise RuntimeError(name)\nraise Shut\n",
            ),
        ),
    ),
    Piece(
        "exception that compares badly",
        module=code("""
            class Odd{n}(Exception):
                __hash__ = None
                def __eq__(self, other): raise TypeError('not comparable')
                def __bool__(self): raise TypeError('no truth')
        """),
        handler="if event.get('n') == 2: raise Odd{n}('odd {n}')",
    ),
    Piece(
        "exception of a class that makes its name up",
        module=code("""
            class Named{n}(type):
                @property
                def __name__(cls): return 'Made.Up'
            class Made{n}(Exception, metaclass=Named{n}): pass
        """),
        handler="if event.get('n') == 2: raise Made{n}('made up')",
    ),
    Piece(
        "exception without a text",
        module="class Mute{n}(Exception):\n    def __str__(self): raise RuntimeError('no text')",
        handler="if event.get('n') == 3: raise Mute{n}()",
    ),
    Piece(
        "exception whose text is none",
        module="class Numbered{n}(Exception):\n    def __str__(self): return 5",
        handler="if event.get('n') == 3: raise Numbered{n}()",
    ),
    Piece(
        "long chain of exceptions",
        module=code("""
            def fail{n}(left):
                try:
                    if left: fail{n}(left - 1)
                    raise ValueError('the first')
                except ValueError as error: raise ValueError(f'level {left}') from error
        """),
        handler="if event.get('n') == 2: fail{n}(60)",
    ),
    Piece(
        "groups in groups",
        handler=body("""
            if event.get('n') == 2:
                inner{n} = ExceptionGroup('inner', [KeyError('k'), ExceptionGroup('deep', [OSError(2, 'gone')])]); inner{n}.add_note('noted')
                raise ExceptionGroup('outer', [inner{n}, ValueError('v')])
        """),
    ),
    Piece(
        "exception raised without its traceback",
        handler="if event.get('n') == 2: raise ValueError('bare').with_traceback(None)",
    ),
    Piece(
        "exception from a generator that is closed",
        module=code("""
            def closing{n}():
                try: yield 1
                finally: raise LookupError('while closing')
        """),
        handler="if event.get('n') == 2: one{n} = closing{n}(); next(one{n}); one{n}.close()",
    ),
    Piece(
        "frames of a caught exception",
        module="import traceback\ndef low{n}(): raise ValueError('low')\ndef high{n}(): low{n}()",
        handler="try: high{n}()\n    except ValueError as error: frames{n} = [one.name for one in traceback.extract_tb(error.__traceback__)]",
        answer="frames{n}[-2:] + [len(frames{n})]",
    ),
    Piece(
        "exceptions of an import by frames",
        module=code("""
            import traceback
            try: import first{n}
            except ValueError as error: frames{n} = [(os.path.basename(one.filename), one.name, one.lineno) for one in traceback.extract_tb(error.__traceback__)]
        """),
        answer="frames{n}",
        files=(
            ("first{n}.py", "from second{n} import x\n"),
            ("second{n}.py", "import third{n}\n"),
            ("third{n}.py", "raise ValueError(1)\n"),
        ),
    ),
    Piece(
        "import by a function that fails in the handler",
        module="import importlib, traceback",
        handler=body("""
            try: importlib.import_module('breaks{n}')
            except ValueError: trace{n} = traceback.format_exc()
            try: importlib.import_module('is.not.there')
            except ImportError: absent{n} = traceback.format_exc()
        """),
        answer="[trace{n}, absent{n}]",
        files=(("breaks{n}.py", "raise ValueError('no')\n"),),
    ),
    Piece(
        "context manager that swallows",
        module="import contextlib",
        handler=body("""
            with contextlib.ExitStack() as stack{n}:
                stack{n}.push(lambda kind, error, trace: True); raise ValueError('swallowed')
        """),
        answer="__import__('sys').exc_info()[0] is None",
    ),
    Piece(
        "asynchronous generator that is left open",
        module=code("""
            import asyncio
            async def open{n}():
                try:
                    while True: yield 1
                finally: print('closed {n}')
            async def first{n}():
                async for one in open{n}(): return one
        """),
        answer="asyncio.run(first{n}())",
    ),
)
