"""Pieces about logs: the standard library's ways, and the libraries that applications put around it."""

from tests.differential.pieces.piece import Piece, body, code

PIECES = (
    Piece(
        "logger that does not propagate",
        module=code("""
            import logging, sys
            apart{n} = logging.getLogger('apart{n}'); apart{n}.propagate = False; apart{n}.setLevel('DEBUG')
            apart{n}.addHandler(logging.StreamHandler(sys.stdout))
        """),
        handler="apart{n}.debug('apart %d', {n})",
        answer="[apart{n}.propagate, len(apart{n}.handlers)]",
    ),
    Piece(
        "formatter of the handler that Lambda has",
        module=code("""
            import logging
            for one in logging.getLogger().handlers: one.setFormatter(logging.Formatter('%(levelname)s %(name)s %(message)s\\n'))
            logging.getLogger().setLevel('INFO')
        """),
        handler="logging.getLogger('orders').info('formatted {n}')",
    ),
    Piece(
        "handlers replaced by basicConfig",
        module="import logging, sys\nlogging.basicConfig(level='INFO', force=True, stream=sys.stdout, format='%(levelname)s|%(name)s|%(module)s|%(message)s')",
        handler="logging.info('basic {n}'); logging.getLogger('a.b').warning('named')",
    ),
    Piece(
        "filters of the root and of its handlers",
        module=code("""
            import logging
            class Redact{n}(logging.Filter):
                def filter(self, record): record.msg = str(record.msg).replace('secret', '***'); return True
            logging.getLogger().addFilter(Redact{n}()); [one.addFilter(Redact{n}()) for one in logging.getLogger().handlers]
        """),
        handler="logging.warning('a secret {n}'); logging.getLogger('c').warning('my secret')",
        answer="[len(logging.getLogger().filters), [len(one.filters) for one in logging.getLogger().handlers]]",
    ),
    Piece(
        "logging switched off",
        module="import logging\nlogging.disable(logging.ERROR)",
        handler="logging.error('hidden'); logging.critical('shown')",
    ),
    Piece(
        "warnings into the log",
        module="import logging, warnings\nlogging.captureWarnings(True)",
        handler="warnings.warn('captured {n}')",
    ),
    Piece(
        "logger class",
        module=code("""
        import logging
        class Loud{n}(logging.getLoggerClass()):
            def info(self, message, *a, **k): super().warning(message.upper(), *a, **k)
        logging.setLoggerClass(Loud{n})
    """),
        handler="logging.getLogger('loud{n}').info('quiet')",
        answer="logging.getLoggerClass().__name__",
    ),
    Piece(
        "own level",
        module="import logging\nlogging.addLevelName(25, 'NOTICE')",
        handler="logging.log(25, 'lost'); logging.log(35, 'kept {n}')",
        answer="logging.getLevelName(25)",
    ),
    Piece(
        "queue and listener",
        module=code("""
        import logging, logging.handlers, queue
        lines{n} = queue.Queue(); logging.getLogger('queued{n}').addHandler(logging.handlers.QueueHandler(lines{n}))
    """),
        handler="logging.getLogger('queued{n}').error('to the queue'); got{n} = lines{n}.get().getMessage()",
        answer="got{n}",
    ),
    Piece(
        "memory handler",
        module=code("""
        import logging, logging.handlers, sys
        buffer{n} = logging.handlers.MemoryHandler(100, flushLevel=logging.ERROR, target=logging.StreamHandler(sys.stdout))
        logging.getLogger('buffered{n}').addHandler(buffer{n}); logging.getLogger('buffered{n}').setLevel('DEBUG')
    """),
        handler="logging.getLogger('buffered{n}').debug('kept back'); logging.getLogger('buffered{n}').error('now')",
    ),
    Piece(
        "adapter",
        module="import logging\nadapter{n} = logging.LoggerAdapter(logging.getLogger('adapted'), {'order': 1})",
        handler="adapter{n}.warning('adapted {n}')",
    ),
    Piece(
        "handler that raises",
        module=code("""
        import logging
        class Fails{n}(logging.Handler):
            def emit(self, record): self.handleError(record)
        logging.getLogger('fails{n}').addHandler(Fails{n}()); logging.raiseExceptions = False
    """),
        handler="logging.getLogger('fails{n}').warning('goes on')",
    ),
    Piece(
        "caller's place",
        module="import logging\nfor one in logging.getLogger().handlers: one.setFormatter(logging.Formatter('%(funcName)s %(filename)s %(lineno)d %(message)s\\n'))\ndef helper{n}(): logging.warning('from the helper', stacklevel=2)",
        handler="helper{n}(); logging.warning('from here')",
    ),
    Piece(
        "place of the handler's caller",
        module=code("""
            import logging, warnings
            for one in logging.getLogger().handlers:
                one.setFormatter(logging.Formatter('%(funcName)s %(filename)s %(message)s\\n'))
            def places{n}():
                for level in (1, 2, 3): logging.warning('place', stacklevel=level); warnings.warn('place', stacklevel=level)
        """),
        handler="warnings.simplefilter('always'); places{n}()",
    ),
    Piece(
        "stack of a log line",
        module="import logging",
        handler="def log{n}(): logging.getLogger('s').warning('with exc', exc_info=ValueError('made'))\n    log{n}()",
    ),
    Piece(
        "stdout redirected",
        module="import contextlib, io",
        handler="with contextlib.redirect_stdout(io.StringIO()) as out{n}: print('caught')",
        answer="out{n}.getvalue()",
    ),
    Piece("stdout by its descriptor", handler="os.write(1, b'written by number\\n')"),
    Piece(
        "stdout reconfigured",
        module="import sys\nsys.stdout.reconfigure(line_buffering=False)",
        handler="sys.stdout.write('partly '); sys.stdout.write('whole\\n')",
    ),
    Piece(
        "stdout wrapped again",
        module="import io, sys\nsys.stdout = io.TextIOWrapper(open(sys.stdout.fileno(), 'wb', closefd=False), encoding='utf-8', write_through=True)",
        handler="print('wrapped đ {n}')",
    ),
    Piece("stderr", module="import sys", handler="print('to stderr {n}', file=sys.stderr)"),
    Piece(
        "lines that look like the runtime's",
        handler='print(\'{"level":"INFO","message":"monitor.other"}\'); print(\'{"_aws": 1}\')',
    ),
    Piece(
        "structlog",
        needs=("structlog",),
        module=code("""
            import structlog
            structlog.configure(processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level,
                structlog.processors.CallsiteParameterAdder([structlog.processors.CallsiteParameter.FUNC_NAME]),
                structlog.processors.format_exc_info, structlog.processors.JSONRenderer(sort_keys=True)])
            log{n} = structlog.get_logger()
        """),
        handler=body("""
            structlog.contextvars.bind_contextvars(number=event.get('n')); log{n}.info('bound', extra={n})
            try: 1 / 0
            except ZeroDivisionError: log{n}.exception('divided')
        """),
    ),
    Piece(
        "loguru",
        needs=("loguru",),
        module=code("""
            import sys
            from loguru import logger as guru{n}
            guru{n}.remove(); guru{n}.add(sys.stdout, format='{level} {module}:{function} {message}', diagnose=True, backtrace=False)
        """),
        handler="guru{n}.info('guru {n}')",
    ),
    Piece(
        "loguru takes the logs",
        needs=("loguru",),
        module=code("""
            import logging, sys
            from loguru import logger as guru{n}
            class Intercept{n}(logging.Handler):
                def emit(self, record): guru{n}.opt(exception=record.exc_info).log(record.levelname, record.getMessage())
            guru{n}.remove(); guru{n}.add(sys.stdout, format='{level} {message}'); logging.basicConfig(handlers=[Intercept{n}()], level=0, force=True)
        """),
        handler="logging.getLogger('any').warning('intercepted')",
    ),
    Piece(
        "json logger",
        needs=("pythonjsonlogger",),
        module=code("""
            import logging, sys
            from pythonjsonlogger.json import JsonFormatter
            json_handler{n} = logging.StreamHandler(sys.stdout); json_handler{n}.setFormatter(JsonFormatter('%(levelname)s %(name)s %(message)s'))
            logging.getLogger().handlers[:] = [json_handler{n}]
        """),
        handler="logging.warning('as json', extra={'order': {n}})",
    ),
)
