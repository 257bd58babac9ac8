"""Pieces that use Powertools' utilities and its decorators in every order, and the X-Ray SDK's own settings."""

import itertools

from tests.differential.pieces.piece import Piece, body, code

_POWERTOOLS = ("aws_lambda_powertools",)
_TRACING = ("aws_lambda_powertools", "aws_xray_sdk")
_XRAY = ("aws_xray_sdk",)
_DECORATORS = {
    "logger": "l{n}.inject_lambda_context(log_event=True)",
    "metrics": "m{n}.log_metrics(capture_cold_start_metric=True)",
    "tracer": "t{n}.capture_lambda_handler(capture_response=False)",
}


def _stacked(order: tuple[str, ...]) -> Piece:
    return Piece(
        f"decorators: {', '.join(order)}",
        needs=_TRACING,
        module=code("""
            from aws_lambda_powertools import Logger, Metrics, Tracer
            l{n}, m{n}, t{n} = Logger(service='stack{n}'), Metrics(namespace='Stack', service='s'), Tracer(service='stack{n}', auto_patch=False)
        """),
        handler=body("""
            l{n}.info('stacked'); m{n}.add_metric('Stacked', 'Count', 1)
            with t{n}.provider.in_subsegment('## inner {n}') as inner{n}: inner{n}.put_annotation('n', event.get('n'))
        """),
        after="".join(f"work = {_DECORATORS[name]}(work)\n" for name in order),
    )


def _resolver(kind: str, event: str) -> Piece:
    return Piece(
        f"{kind}",
        needs=_POWERTOOLS,
        module=code(f"""
            from aws_lambda_powertools.event_handler import {kind}, CORSConfig, Response
            app{{n}} = {kind}(cors=CORSConfig(allow_origin='https://x'))
            @app{{n}}.get('/orders/<number>')
            def one{{n}}(number): return {{{{'number': number}}}}
            @app{{n}}.post('/orders')
            def post{{n}}(): return Response(201, 'text/plain', 'made')
            @app{{n}}.exception_handler(LookupError)
            def lost{{n}}(error): return Response(418, 'text/plain', str(error))
            @app{{n}}.get('/lost')
            def losing{{n}}(): raise LookupError('lost {{n}}')
            def request{{n}}(method, path): return {event}
        """)
        .replace("{{", "{")
        .replace("}}", "}"),
        answer="[(a['statusCode'], a['body']) for a in (app{n}.resolve(request{n}(m, p), context) for m, p in (('GET', '/orders/3'), ('POST', '/orders'), ('GET', '/lost'), ('GET', '/nothing')))]",
    )


_V2 = (
    "{'version': '2.0', 'routeKey': '$default', 'rawPath': path, 'rawQueryString': '', 'headers': {'host': 'x'},"
    " 'requestContext': {'http': {'method': method, 'path': path}, 'stage': '$default'}, 'isBase64Encoded': False}"
)
_ALB = (
    "{'path': path, 'httpMethod': method, 'headers': {'host': 'x'}, 'queryStringParameters': {}, 'body': '',"
    " 'requestContext': {'elb': {'targetGroupArn': 'arn'} }, 'isBase64Encoded': False}"
)

PIECES = (
    *(_stacked(order) for order in itertools.permutations(_DECORATORS)),
    _resolver("APIGatewayHttpResolver", _V2),
    _resolver("LambdaFunctionUrlResolver", _V2),
    _resolver("ALBResolver", _ALB),
    Piece(
        "idempotent handler",
        needs=_POWERTOOLS,
        module=code("""
            import datetime
            from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent, idempotent_function
            from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer
            from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
            from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyItemAlreadyExistsError, IdempotencyItemNotFoundError
            class Memory{n}(BasePersistenceLayer):
                def __init__(self): self.kept = {}; super().__init__()
                def _get_record(self, idempotency_key):
                    if idempotency_key not in self.kept: raise IdempotencyItemNotFoundError
                    return self.kept[idempotency_key]
                def _put_record(self, data_record):
                    if data_record.idempotency_key in self.kept: raise IdempotencyItemAlreadyExistsError
                    self.kept[data_record.idempotency_key] = data_record
                def _update_record(self, data_record): self.kept[data_record.idempotency_key] = data_record
                def _delete_record(self, data_record): self.kept.pop(data_record.idempotency_key, None)
            ran{n} = []
            @idempotent_function(data_keyword_argument='order', persistence_store=Memory{n}(), config=IdempotencyConfig(use_local_cache=True))
            def pay{n}(order): ran{n}.append(order); return {'paid': order}
        """),
        handler="pay{n}(order='tea'); pay{n}(order='tea')",
        answer="ran{n}",
    ),
    Piece(
        "parameters from a stub",
        needs=(*_POWERTOOLS, "boto3"),
        module=code("""
            import boto3
            from botocore.stub import Stubber
            from aws_lambda_powertools.utilities import parameters
            client{n} = boto3.client('ssm', region_name='eu-west-1')
        """),
        handler=body("""
            with Stubber(client{n}) as stub{n}:
                stub{n}.add_response('get_parameter', {'Parameter': {'Value': '{"a": 1}'}})
                provider{n} = parameters.SSMProvider(boto3_client=client{n})
                value{n} = [provider{n}.get('/p', transform='json', max_age=60), provider{n}.get('/p', transform='json')]
        """),
        answer="value{n}",
    ),
    Piece(
        "feature flags from a store",
        needs=_POWERTOOLS,
        module=code("""
            from aws_lambda_powertools.utilities.feature_flags import FeatureFlags
            from aws_lambda_powertools.utilities.feature_flags.base import StoreProvider
            class Store{n}(StoreProvider):
                @property
                def get_raw_configuration(self): return self.get_configuration()
                def get_configuration(self): return {'ten': {'default': False, 'rules': {'vip': {'when_match': True, 'conditions': [
                    {'action': 'EQUALS', 'key': 'tier', 'value': 'vip'}]}}}}
            flags{n} = FeatureFlags(store=Store{n}())
        """),
        answer="[flags{n}.evaluate(name='ten', context={'tier': t}, default=False) for t in ('vip', 'none')] + [flags{n}.evaluate(name='gone', default=1)]",
    ),
    Piece(
        "batch in order and asynchronous",
        needs=_POWERTOOLS,
        module=code("""
            from aws_lambda_powertools.utilities.batch import (AsyncBatchProcessor, EventType, SqsFifoPartialProcessor,
                async_process_partial_response, process_partial_response)
            ordered{n}, parallel{n} = SqsFifoPartialProcessor(), AsyncBatchProcessor(event_type=EventType.SQS)
            def strict{n}(record):
                if record.body == 'bad': raise ValueError('bad')
            async def soon{n}(record): return strict{n}(record)
            def records{n}(*bodies): return {'Records': [{'messageId': str(i), 'body': b, 'eventSource': 'aws:sqs', 'attributes': {'MessageGroupId': 'g'}} for i, b in enumerate(bodies)]}
        """),
        answer="[process_partial_response(records{n}('ok', 'bad', 'ok'), strict{n}, ordered{n}, context), async_process_partial_response(records{n}('bad', 'ok'), soon{n}, parallel{n}, context)]",
    ),
    Piece(
        "parser of events",
        needs=(*_POWERTOOLS, "pydantic"),
        module=code("""
            import pydantic
            from aws_lambda_powertools.utilities.parser import event_parser, parse
            class Counted{n}(pydantic.BaseModel): n: int
        """),
        answer="parse(event=event, model=Counted{n}).n",
    ),
    Piece(
        "typed events",
        needs=_POWERTOOLS,
        module=code("""
            from aws_lambda_powertools.utilities.data_classes import S3Event, event_source
            from aws_lambda_powertools.utilities.typing import LambdaContext
            @event_source(data_class=S3Event)
            def typed{n}(event, context): return [r.s3.bucket.name for r in event.records]
        """),
        answer="typed{n}({'Records': [{'s3': {'bucket': {'name': 'orders'}, 'object': {'key': 'k'}}}]}, context)",
    ),
    Piece(
        "more metrics than one line holds",
        needs=_POWERTOOLS,
        module="from aws_lambda_powertools import Metrics\nmany{n} = Metrics(namespace='Many', service='m')",
        handler="[many{n}.add_metric('M%d' % i, 'Count', i) for i in range(105)]; many{n}.flush_metrics()",
    ),
    Piece(
        "metrics without a namespace",
        needs=_POWERTOOLS,
        module="from aws_lambda_powertools import Metrics\nnameless{n} = Metrics()",
        handler=body("""
            nameless{n}.add_metric('Lost', 'Count', 1)
            try: nameless{n}.flush_metrics()
            except Exception as error: refused{n} = type(error).__name__; nameless{n}.clear_metrics()
            else: refused{n} = None
        """),
        answer="refused{n}",
    ),
    Piece(
        "metrics that must not be empty",
        needs=_POWERTOOLS,
        module="from aws_lambda_powertools import Metrics\nempty{n} = Metrics(namespace='Empty', service='e')",
        after="work = empty{n}.log_metrics(raise_on_empty_metrics=True)(work)",
    ),
    Piece(
        "keys of a logger that come and go",
        needs=_POWERTOOLS,
        module="from aws_lambda_powertools import Logger\nkeys{n} = Logger(service='keys{n}', sampling_rate=1, location='%(funcName)s')",
        handler="keys{n}.append_keys(a=1, b=2); keys{n}.remove_keys(['a']); keys{n}.info('kept'); keys{n}.structure_logs(append=True, c=3); keys{n}.debug('sampled')",
    ),
    Piece(
        "Tracer of asynchronous generators and managers",
        needs=_TRACING,
        module=code("""
            import contextlib
            from aws_lambda_powertools import Tracer
            tracer{n} = Tracer(service='gen{n}', patch_modules=['sqlite3'])
            @tracer{n}.capture_method
            @contextlib.contextmanager
            def managed{n}(): yield 'managed'
            @tracer{n}.capture_method
            def many{n}(): yield from (1, 2)
        """),
        handler="with managed{n}() as got{n}: all{n} = list(many{n}())",
        answer="[got{n}, all{n}]",
        after="work = tracer{n}.capture_lambda_handler(work)",
    ),
    Piece(
        "X-Ray SDK that streams",
        needs=_XRAY,
        module=code("""
            from aws_xray_sdk.core import xray_recorder
            xray_recorder.configure(streaming_threshold=1, context_missing='IGNORE_ERROR', stream_sql=False)
        """),
        handler=body("""
            with xray_recorder.in_subsegment('streamed {n}'):
                for i in range(4):
                    with xray_recorder.in_subsegment('part %d' % i) as part{n}: part{n}.put_metadata('i', i)
        """),
        answer="part{n}.name",
    ),
    Piece(
        "X-Ray SDK with an emitter of its own",
        needs=_XRAY,
        module=code("""
            from aws_xray_sdk.core import xray_recorder
            sent{n} = []
            class Keeps{n}:
                def send_entity(self, entity): sent{n}.append(entity.name)
                def set_daemon_address(self, address): pass
            xray_recorder.configure(emitter=Keeps{n}())
        """),
        handler="del sent{n}[:]\n    with xray_recorder.in_subsegment('kept {n}'): pass",
        answer="list(sent{n})",
    ),
    Piece(
        "subsegments that are begun and ended by hand",
        needs=_XRAY,
        module="from aws_xray_sdk.core import xray_recorder",
        handler="xray_recorder.begin_subsegment('by hand {n}'); xray_recorder.put_annotation('n', 1); xray_recorder.end_subsegment()",
        answer="xray_recorder.current_segment().sampled",
    ),
    Piece(
        "asynchronous subsegments",
        needs=_XRAY,
        module=code("""
            import asyncio
            from aws_xray_sdk.core import xray_recorder
            @xray_recorder.capture_async('soon {n}')
            async def soon{n}(x): await asyncio.sleep(0); return x
        """),
        answer="asyncio.run(soon{n}(3))",
    ),
)
