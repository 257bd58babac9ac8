"""Pieces that use Powertools and the X-Ray SDK, as their documentation does. From Powertools 2.43 on."""

from tests.differential.pieces.piece import Piece, body, code

_POWERTOOLS = ("aws_lambda_powertools",)
_TRACING = ("aws_lambda_powertools", "aws_xray_sdk")
_XRAY = ("aws_xray_sdk",)

PIECES = (
    Piece(
        "Tracer that the handler makes",
        needs=_TRACING,
        handler=body("""
            from aws_lambda_powertools import Tracer
            @Tracer(service='late{n}').capture_method
            def inside{n}(): return 1
        """),
        answer="inside{n}()",
    ),
    Piece(
        "middleware that is traced",
        needs=_TRACING,
        module=code("""
            from aws_lambda_powertools.middleware_factory import lambda_handler_decorator
            @lambda_handler_decorator(trace_execution=True)
            def around{n}(handler, event, context, tag=None): print('before', tag); return handler(event, context)
        """),
        after="work = around{n}(tag='t{n}')(work)",
    ),
    Piece(
        "configuration copied to other loggers",
        needs=_POWERTOOLS,
        module=code("""
            import logging
            from aws_lambda_powertools import Logger
            from aws_lambda_powertools.logging import utils
            library{n} = logging.getLogger('library{n}'); logger{n} = Logger(service='ai-image-analyzer-fastapi', level='INFO')
            utils.copy_config_to_registered_loggers(source_logger=logger{n}, include={'library{n}'})
        """),
        handler="logger{n}.info('own'); library{n}.error('of a library'); logging.getLogger('ai-image-analyzer-fastapi.part').error('a part')",
    ),
    Piece(
        "one handler inside another",
        needs=_TRACING,
        module=code("""
            from aws_lambda_powertools import Logger, Metrics, Tracer
            logger{n}, metrics{n}, tracer{n} = Logger(service='nest{n}'), Metrics(namespace='Nest{n}', service='nest'), Tracer(service='nest{n}')
            @tracer{n}.capture_lambda_handler
            @metrics{n}.log_metrics(capture_cold_start_metric=True)
            @logger{n}.inject_lambda_context
            def inner{n}(event, context): logger{n}.info('inner'); return 1
        """),
        handler="logger{n}.info('outer'); inner{n}(event, context); logger{n}.info('after')",
        after="work = logger{n}.inject_lambda_context(metrics{n}.log_metrics(capture_cold_start_metric=True)(work))",
    ),
    Piece(
        "Logger",
        needs=_POWERTOOLS,
        module="from aws_lambda_powertools import Logger\nlogger{n} = Logger(service='orders{n}')",
        handler="logger{n}.info('plain', extra={'n': event.get('n')}); logger{n}.append_keys(order={n}); logger{n}.warning('with a key')",
    ),
    Piece(
        "Logger without a service",
        needs=_POWERTOOLS,
        module="from aws_lambda_powertools import Logger\nlogger{n} = Logger()",
        handler="logger{n}.info('no service {n}')",
        answer="[logger{n}.service, logger{n}.name, logger{n}.log_level]",
    ),
    Piece(
        "Logger with the context",
        needs=_POWERTOOLS,
        module="from aws_lambda_powertools import Logger\nlogger{n} = Logger(service='ctx{n}')",
        handler="logger{n}.info({'event': {n}})",
        after="work = logger{n}.inject_lambda_context(log_event=True, clear_state=True, correlation_id_path='n')(work)",
    ),
    Piece(
        "child loggers",
        needs=_POWERTOOLS,
        module="from aws_lambda_powertools import Logger\nparent{n} = Logger(service='family{n}'); child{n} = Logger(service='family{n}', child=True)",
        handler="parent{n}.append_keys(from_parent=1); child{n}.info('child {n}')",
    ),
    Piece(
        "Logger that logs exceptions",
        needs=_POWERTOOLS,
        module="from aws_lambda_powertools import Logger\nlogger{n} = Logger(service='exc{n}', log_uncaught_exceptions=True)",
        handler="try: {}['k']\n    except KeyError: logger{n}.exception('caught {n}')",
        answer="__import__('sys').excepthook.func.__name__ if hasattr(__import__('sys').excepthook, 'func') else 'plain'",
    ),
    Piece(
        "Logger's formatter",
        needs=_POWERTOOLS,
        module=code("""
            from aws_lambda_powertools import Logger
            from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
            class Short{n}(LambdaPowertoolsFormatter):
                def serialize(self, log): return 'short ' + str(log['message'])
            logger{n} = Logger(service='fmt{n}', logger_formatter=Short{n}())
        """),
        handler="logger{n}.info('formatted')",
    ),
    Piece(
        "logs of other libraries",
        needs=_POWERTOOLS,
        module=code("""
            import logging
            from aws_lambda_powertools import Logger
            from aws_lambda_powertools.logging import utils
            other{n} = logging.getLogger('other{n}'); other{n}.setLevel('INFO')
            logger{n} = Logger(service='copied{n}'); utils.copy_config_to_registered_loggers(source_logger=logger{n}, include={'other{n}'})
        """),
        handler="other{n}.info('copied')",
    ),
    Piece(
        "Metrics",
        needs=_POWERTOOLS,
        module="from aws_lambda_powertools import Metrics\nfrom aws_lambda_powertools.metrics import MetricUnit\nmetrics{n} = Metrics(namespace='Shop', service='cart')",
        handler="metrics{n}.add_dimension('environment', 'prod'); metrics{n}.add_metric('Orders', MetricUnit.Count, 1); metrics{n}.add_metadata('id', event.get('n'))",
        after="work = metrics{n}.log_metrics(capture_cold_start_metric=True)(work)",
    ),
    Piece(
        "Metrics by hand",
        needs=_POWERTOOLS,
        module="from aws_lambda_powertools import Metrics\nmetrics{n} = Metrics(namespace='Shop', service='cart'); batch{n} = []",
        handler="metrics{n}.add_metric('Batched', 'Count', 1); batch{n}.append(1)\n    if len(batch{n}) == 3: metrics{n}.flush_metrics()",
    ),
    Piece(
        "single metric and default dimensions",
        needs=_POWERTOOLS,
        module="from aws_lambda_powertools import Metrics, single_metric\nmetrics{n} = Metrics(namespace='Shop', service='cart'); metrics{n}.set_default_dimensions(region='eu')",
        handler=body("""
            with single_metric('Alone', 'Count', 1, namespace='Shop') as one{n}: one{n}.add_dimension('a', 'b')
            metrics{n}.add_metric('Usual', 'Count', 2)
        """),
        after="work = metrics{n}.log_metrics(default_dimensions={'stage': 'x'})(work)",
    ),
    Piece(
        "empty metrics",
        needs=_POWERTOOLS,
        module="import warnings\nfrom aws_lambda_powertools import Metrics\nmetrics{n} = Metrics(namespace='Shop', service='cart')",
        after="work = metrics{n}.log_metrics(raise_on_empty_metrics=False)(work)",
    ),
    Piece(
        "isolated metrics",
        needs=_POWERTOOLS,
        module="from aws_lambda_powertools.metrics import EphemeralMetrics\nmetrics{n} = EphemeralMetrics(namespace='Tenant', service='t')",
        handler="metrics{n}.add_metric('Isolated', 'Count', 1)",
        after="work = metrics{n}.log_metrics(work)",
    ),
    Piece(
        "Tracer",
        needs=_TRACING,
        module=code("""
            from aws_lambda_powertools import Tracer
            tracer{n} = Tracer(service='pay{n}')
            @tracer{n}.capture_method
            def charge{n}(x): tracer{n}.put_annotation('x', x); tracer{n}.put_metadata('m', {'x': x}); return x * 2
        """),
        answer="charge{n}({n})",
        after="work = tracer{n}.capture_lambda_handler(work)",
    ),
    Piece(
        "Tracer that patches nothing",
        needs=_TRACING,
        module="import sqlite3\nfrom aws_lambda_powertools import Tracer\ntracer{n} = Tracer(service='pay{n}', auto_patch=False)",
        handler="sqlite3.connect(database=':memory:').close()",
        after="work = tracer{n}.capture_lambda_handler(capture_response=False)(work)",
    ),
    Piece(
        "async method under a Tracer",
        needs=_TRACING,
        module=code("""
            import asyncio
            from aws_lambda_powertools import Tracer
            tracer{n} = Tracer(service='async{n}', auto_patch=False)
            @tracer{n}.capture_method
            async def wait{n}(x): await asyncio.sleep(0); return x
        """),
        answer="asyncio.run(wait{n}(5))",
    ),
    Piece(
        "Tracer and an exception",
        needs=_TRACING,
        module=code("""
            from aws_lambda_powertools import Tracer
            tracer{n} = Tracer(service='fails{n}', patch_modules=['requests'])
            @tracer{n}.capture_method(capture_error=False)
            def broken{n}(): raise ValueError('broken {n}')
        """),
        handler="if event.get('n') == 2: broken{n}()",
        after="work = tracer{n}.capture_lambda_handler(work)",
    ),
    Piece(
        "Tracer that is off",
        needs=_TRACING,
        module="from aws_lambda_powertools import Tracer\ntracer{n} = Tracer(service='off{n}', disabled=True)",
        handler="tracer{n}.put_annotation('a', 1)",
        after="work = tracer{n}.capture_lambda_handler(work)",
    ),
    Piece(
        "X-Ray SDK's own patches",
        needs=_XRAY,
        module="from aws_xray_sdk.core import patch, xray_recorder\npatch(['sqlite3'])\nimport sqlite3",
        handler="db{n} = sqlite3.connect(':memory:'); seen{n} = [tuple(r) for r in db{n}.execute('select 1')]",
        answer="seen{n}",
    ),
    Piece(
        "X-Ray SDK's subsegments",
        needs=_XRAY,
        module=code("""
            from aws_xray_sdk.core import xray_recorder
            @xray_recorder.capture('inner {n}')
            def inner{n}(): return xray_recorder.current_subsegment().name
        """),
        handler="with xray_recorder.in_subsegment('outer') as outer{n}: outer{n}.put_annotation('a', 1); named{n} = inner{n}()",
        answer="named{n}",
    ),
    Piece(
        "X-Ray SDK patches everything",
        needs=_XRAY,
        module="from aws_xray_sdk.core import patch_all\npatch_all()",
        handler="import sqlite3; sqlite3.connect(':memory:').execute('select 1')",
    ),
    Piece(
        "all three decorators",
        needs=_TRACING,
        module="from aws_lambda_powertools import Logger, Metrics, Tracer\nl{n}, m{n}, t{n} = Logger(service='all{n}'), Metrics(namespace='All', service='a'), Tracer(service='all{n}', auto_patch=False)",
        handler="l{n}.info('all'); m{n}.add_metric('All', 'Count', 1)",
        after="work = l{n}.inject_lambda_context(t{n}.capture_lambda_handler(m{n}.log_metrics(work)))",
    ),
    Piece(
        "event handler",
        needs=_POWERTOOLS,
        module=code("""
            from aws_lambda_powertools.event_handler import APIGatewayRestResolver
            from aws_lambda_powertools.event_handler.exceptions import NotFoundError
            api{n} = APIGatewayRestResolver()
            @api{n}.get('/orders/<order>')
            def get{n}(order): return {'order': order}
            @api{n}.get('/none')
            def none{n}(): raise NotFoundError('nothing')
            def request{n}(path): return {'path': path, 'httpMethod': 'GET', 'headers': {}, 'multiValueHeaders': {}, 'requestContext': {'stage': 'prod'},
                'queryStringParameters': None, 'multiValueQueryStringParameters': None, 'body': None, 'isBase64Encoded': False}
        """),
        answer="[api{n}.resolve(request{n}(path), context)['body'] for path in ('/orders/1', '/none', '/other')]",
    ),
    Piece(
        "middleware",
        needs=_POWERTOOLS,
        module=code("""
            from aws_lambda_powertools.middleware_factory import lambda_handler_decorator
            @lambda_handler_decorator
            def around{n}(handler, event, context): print('around {n}'); return handler(event, context)
        """),
        after="work = around{n}(work)",
    ),
    Piece(
        "batch",
        needs=_POWERTOOLS,
        module=code("""
            from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
            processor{n} = BatchProcessor(event_type=EventType.SQS)
            def one{n}(record):
                if record.body == 'bad': raise ValueError('bad')
            def sqs{n}(*bodies): return {'Records': [{'messageId': str(i), 'body': b, 'eventSource': 'aws:sqs'} for i, b in enumerate(bodies)]}
        """),
        answer="process_partial_response(sqs{n}('ok', 'bad'), one{n}, processor{n}, context)",
    ),
    Piece(
        "data classes and parser",
        needs=_POWERTOOLS,
        module="from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source",
        answer="[r.body for r in SQSEvent({'Records': [{'body': 'b'}]}).records]",
    ),
    Piece(
        "feature flags and serialization",
        needs=_POWERTOOLS,
        module="from aws_lambda_powertools.utilities.serialization import base64_encode, base64_decode\nfrom aws_lambda_powertools.utilities import jmespath_utils",
        answer="[base64_decode(base64_encode('x')), jmespath_utils.query({'a': {'b': 1}}, 'a.b') if hasattr(jmespath_utils, 'query') else None]",
    ),
)
