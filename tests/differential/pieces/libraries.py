"""Pieces that use the libraries which tracing knows: AWS's, HTTP clients, databases, web frameworks, OpenTelemetry."""

from tests.differential.pieces.piece import OPEN_FILES, Piece, body, code

_SERVER = """
import http.server as http{n}, json as json{n}, threading as threading{n}
class Answers{n}(http{n}.BaseHTTPRequestHandler):
    def do_GET(self):
        length = int(self.headers.get('Content-Length') or 0); self.rfile.read(length)
        text = json{n}.dumps({'path': self.path}).encode()
        self.send_response(500 if self.path == '/fails' else 200); self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(text))); self.end_headers()
        if self.command != "HEAD": self.wfile.write(text)
    do_POST = do_HEAD = do_GET
    def log_message(self, *a): pass
# One request at a time, one a connection: nothing of it goes on when the handler has ended.
server{n} = http{n}.HTTPServer(('127.0.0.1', 0), Answers{n}); url{n} = 'http://127.0.0.1:%d' % server{n}.server_port
threading{n}.Thread(target=server{n}.serve_forever, daemon=True, name='server').start()
"""


def _with_server(text: str) -> str:
    return f"{_SERVER.strip()}\n{code(text)}"


_BOTO3 = "import boto3, botocore.config, botocore.exceptions\nquick{n} = botocore.config.Config(retries={'total_max_attempts': 1}, connect_timeout=2)"

PIECES = (
    Piece(
        "boto3 client that nobody answers",
        needs=("boto3",),
        module=_BOTO3,
        handler=body("""
            table{n} = boto3.client('dynamodb', endpoint_url='http://127.0.0.1:9', config=quick{n})
            try: table{n}.get_item(TableName='orders', Key={'id': {'S': '1'}})
            except botocore.exceptions.EndpointConnectionError as error: refused{n} = str(error)
        """),
        answer="[refused{n}, type(table{n}).__name__]",
    ),
    Piece(
        "a finder beside boto3",
        needs=("boto3",),
        module=code("""
            import sys
            class Sees{n}:
                names = []
                def find_spec(self, name, path=None, target=None): self.names.append(name)
            sys.meta_path.insert(0, Sees{n}())
            import boto3
        """),
        handler="boto3.client('sts')",
        answer="[name for name in Sees{n}.names if name.startswith('monitor')]",
    ),
    Piece(
        "a path hook beside boto3",
        needs=("boto3",),
        module=code("""
            import sys
            paths{n} = []
            def hook{n}(path): paths{n}.append(str(path)); raise ImportError
            sys.path_hooks.insert(0, hook{n}); sys.path_importer_cache.clear()
            import boto3
        """),
        handler="boto3.client('sts')",
        answer="[one for one in paths{n} if '/monitor/runtime' in one]",
    ),
    Piece(
        "boto3 against a server",
        needs=("boto3",),
        module=_with_server(_BOTO3 + "\nqueue{n} = boto3.client('lambda', endpoint_url=url{n}, config=quick{n})"),
        handler=body("""
            listed{n} = queue{n}.list_functions(MaxItems=3)['ResponseMetadata']['HTTPStatusCode']
            try: boto3.client('lambda', endpoint_url=url{n} + '/fails?', config=quick{n}).get_function(FunctionName='f')
            except botocore.exceptions.ClientError as error: failed{n} = str(error)
        """),
        answer="listed{n}",
    ),
    Piece(
        "stubbed boto3 client",
        needs=("boto3",),
        module="import boto3\nfrom botocore.stub import Stubber\nssm{n} = boto3.client('ssm')",
        handler=body("""
            with Stubber(ssm{n}) as stub{n}:
                stub{n}.add_response('get_parameter', {'Parameter': {'Value': 'v{n}'}}, {'Name': 'p'})
                stub{n}.add_client_error('get_parameter', 'ParameterNotFound', 'none')
                value{n} = ssm{n}.get_parameter(Name='p')['Parameter']['Value']
                try: ssm{n}.get_parameter(Name='q')
                except ssm{n}.exceptions.ParameterNotFound as error: gone{n} = str(error)
        """),
        answer="[value{n}, gone{n}]",
    ),
    Piece(
        "boto3 events",
        needs=("boto3",),
        module=_with_server(
            _BOTO3
            + code("""

            session{n} = boto3.Session(region_name='eu-west-1'); events{n} = []
            for name in ('provide-client-params', 'before-parameter-build', 'before-call', 'before-sign', 'before-send', 'after-call'):
                session{n}.events.register(name, lambda event_name=None, **k: events{n}.append(event_name))
            sqs{n} = session{n}.client('s3', endpoint_url=url{n}, config=quick{n})
        """).replace("session{n}", "\nsession{n}", 1)
        ),
        handler="del events{n}[:]; sqs{n}.head_bucket(Bucket='orders')",
        answer="events{n}",
    ),
    Piece(
        "trace header of its own",
        needs=("boto3",),
        module=_with_server(
            _BOTO3
            + code("""

            own{n} = {'X-Amzn-Trace-Id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=abcdefabcdefabcd;Sampled=0'}
            sent{n} = boto3.client('s3', endpoint_url=url{n}, config=quick{n}); headers{n} = []
            sent{n}.meta.events.register_first('before-call', lambda params, **k: params['headers'].update(own{n}))
            sent{n}.meta.events.register('before-send', lambda request, **k: headers{n}.append(str(request.headers['X-Amzn-Trace-Id'])))
        """).replace("own{n} =", "\nown{n} =", 1)
        ),
        handler="del headers{n}[:]; sent{n}.head_bucket(Bucket='orders')",
        answer="headers{n}",
    ),
    Piece(
        "places of callers around AWS calls",
        needs=("boto3",),
        module=_with_server(
            _BOTO3
            + code("""

            import logging
            for one in logging.getLogger().handlers:
                one.setFormatter(logging.Formatter('%(funcName)s %(filename)s %(message)s\\n'))
            def place{n}(**k):
                for level in range(1, 9): logging.warning('hook', stacklevel=level)
            hooked{n} = boto3.client('s3', endpoint_url=url{n}, config=quick{n})
            hooked{n}.meta.events.register('before-call', place{n}); hooked{n}.meta.events.register('before-send', place{n})
        """).replace("import logging", "\nimport logging", 1)
        ),
        handler="hooked{n}.head_bucket(Bucket='orders')",
    ),
    Piece(
        "patched client of a test",
        needs=("boto3",),
        module=code("""
            import boto3, unittest.mock, botocore.client
            real{n} = botocore.client.BaseClient._make_api_call
            def fake{n}(self, operation, parameters):
                return {'Item': operation} if operation == 'GetItem' else real{n}(self, operation, parameters)
        """),
        handler=body("""
            with unittest.mock.patch('botocore.client.BaseClient._make_api_call', new=fake{n}):
                item{n} = boto3.resource('dynamodb').Table('t').get_item(Key={'id': 1})['Item']
        """),
        answer="[item{n}, botocore.client.BaseClient._make_api_call is real{n}]",
    ),
    Piece(
        "methods of botocore",
        needs=("boto3",),
        module="import inspect, boto3, botocore.client",
        answer="[str(inspect.signature(botocore.client.BaseClient._make_api_call)), inspect.isfunction(botocore.client.BaseClient._make_request), botocore.client.BaseClient._make_api_call.__qualname__]",
    ),
    Piece(
        "clients in threads",
        needs=("boto3",),
        module=_with_server(
            _BOTO3
            # Lines of several threads at once come in any order.
            + "\nimport logging; [logging.getLogger(one).setLevel('WARNING') for one in ('botocore', 'urllib3')]"
            + "\nfrom concurrent.futures import ThreadPoolExecutor\ns3_{n} = boto3.client('s3', endpoint_url=url{n}, config=quick{n})"
        ),
        handler="with ThreadPoolExecutor(4) as pool: all{n} = list(pool.map(lambda i: s3_{n}.head_object(Bucket='b', Key=str(i))['ResponseMetadata']['HTTPStatusCode'], range(6)))",
        answer="all{n}",
    ),
    Piece(
        "presigned and paginated",
        needs=("boto3",),
        module="import boto3\ns3_{n} = boto3.client('s3', region_name='eu-west-1')",
        answer="[s3_{n}.generate_presigned_url('get_object', {'Bucket': 'b', 'Key': 'k'}).partition('?')[0], s3_{n}.can_paginate('list_objects_v2')]",
    ),
    Piece(
        "httpx",
        needs=("httpx",),
        module=_with_server("import httpx") + "\n" + OPEN_FILES,
        handler=body("""
            with httpx.Client() as client{n}: status{n} = [client{n}.get(url{n} + p).status_code for p in ('/a', '/fails')]
            try: httpx.get('http://127.0.0.1:9')
            except httpx.ConnectError as error: refused{n} = str(error)
        """),
        answer="[status{n}, refused{n}, type(client{n}._transport).__name__, open_files{n}()]",
    ),
    Piece(
        "httpx gathered",
        needs=("httpx",),
        module=_with_server("""
            import asyncio, httpx, logging
            logging.getLogger('httpcore').setLevel('WARNING')  # the order of its lines is by chance
            async def many{n}():
                async with httpx.AsyncClient() as client:
                    return [one.status_code for one in await asyncio.gather(*(client.get(url{n} + '/' + str(i)) for i in range(4)))]
        """),
        answer="asyncio.run(many{n}())",
    ),
    Piece(
        "httpx with a transport of its own",
        needs=("httpx",),
        module="import httpx\nmock{n} = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(207, text=request.url.path)))",
        answer="[mock{n}.get('http://x/path').status_code, mock{n}.get('http://x/path').text]",
    ),
    Piece(
        "requests",
        needs=("requests",),
        module=_with_server("import requests\nsession{n} = requests.Session()"),
        handler=body("""
            got{n} = [session{n}.get(url{n} + '/x').json(), session{n}.post(url{n} + '/fails', json={}).status_code]
            try: requests.get('http://127.0.0.1:9', timeout=1)
            except requests.ConnectionError as error: kind{n} = type(error).__name__
        """),
        answer="[got{n}, kind{n}]",
    ),
    Piece(
        "aiohttp",
        needs=("aiohttp",),
        module=_with_server("""
            import asyncio, aiohttp
            async def fetch{n}():
                async with aiohttp.ClientSession() as session, session.get(url{n} + '/y') as answer:
                    return [answer.status, await answer.json()]
        """),
        answer="asyncio.run(fetch{n}())",
    ),
    Piece(
        "errors of boto3 by frames",
        needs=("boto3",),
        module=_BOTO3
        + "\nimport inspect, traceback\nstore{n} = boto3.client('s3', endpoint_url='http://127.0.0.1:9', config=quick{n})",
        handler=body("""
            framed{n} = []
            for call in (store{n}.list_buckets, lambda: store{n}.get_object(Bucket='b'), lambda: store{n}.nothing()):
                try: call()
                except Exception as error: framed{n}.append([type(error).__name__, [one.name for one in traceback.extract_tb(error.__traceback__)]])
        """),
        answer="[framed{n}, inspect.getsource(type(store{n})._make_api_call)[:30]]",
    ),
    Piece(
        "errors of HTTP clients by frames",
        needs=("httpx", "requests"),
        module=_with_server("""
            import asyncio, httpx, logging, requests, traceback
            logging.getLogger('httpcore').setLevel('WARNING')  # its lines name ports
            async def several{n}():
                async with httpx.AsyncClient() as client:
                    async with client.stream('GET', url{n}) as answer: text = await answer.aread()
                    found = await asyncio.gather(client.get(url{n}), client.get('http://127.0.0.1:9'), return_exceptions=True)
                    task = asyncio.create_task(client.get(url{n})); await asyncio.sleep(0); task.cancel()
                    try: await task
                    except asyncio.CancelledError as error: stopped = [one.name for one in traceback.extract_tb(error.__traceback__)][:2]
                return [text.decode(), [type(one).__name__ for one in found], stopped]
        """),
        handler=body("""
            failed{n} = []
            for call in (lambda: httpx.get('http://127.0.0.1:9'), lambda: requests.get('http://127.0.0.1:9'), lambda: requests.get('nonsense')):
                try: call()
                except Exception as error: failed{n}.append([one.name for one in traceback.extract_tb(error.__traceback__)])
        """),
        answer="[failed{n}, asyncio.run(several{n}())]",
    ),
    Piece(
        "errors of sqlite by frames",
        module=code("""
            import sqlite3, traceback
            class Known{n}(sqlite3.Connection): pass
        """),
        handler=body("""
            wrongs{n} = []
            for call in (lambda: sqlite3.connect('/nowhere/x.db'), lambda: sqlite3.connect(':memory:').execute('select nothing'), lambda: sqlite3.connect(database=':memory:').executemany('x', []),
                lambda: sqlite3.connect(), lambda: sqlite3.connect(':memory:').cursor().execute(3), lambda: sqlite3.connect(':memory:').cursor(1, 2)):
                try: call()
                except Exception as error: wrongs{n}.append([str(error), [one.name for one in traceback.extract_tb(error.__traceback__)]])
            first{n} = sqlite3.connect(':memory:', 5.0, 0, None, True, Known{n}); second{n} = sqlite3.connect(database='file:m{n}?mode=memory', uri=True)
            second{n}.executescript('create table t (a); insert into t values (1)'); second{n}.backup(first{n}); row{n} = first{n}.execute('select a from t')
        """),
        answer="[wrongs{n}, row{n}.fetchone(), type(row{n}).__name__, type(row{n}).__module__, row{n}.connection is first{n}, list(second{n}.iterdump())[:1], sqlite3.dbapi2.connect is sqlite3.connect]",
    ),
    Piece(
        "sqlite",
        module=code("""
            import sqlite3
            class Rows{n}(sqlite3.Connection): pass
            sqlite3.register_adapter(complex, str)
            shared{n} = sqlite3.connect(':memory:', factory=Rows{n}, check_same_thread=False); shared{n}.row_factory = sqlite3.Row
        """),
        handler=body("""
            shared{n}.execute('create table if not exists t (a, b)'); shared{n}.executemany('insert into t values (?, ?)', [(1, 2), (3, 4)])
            with shared{n}: count{n} = shared{n}.execute('select count(*) as c from t').fetchone()['c']
            try: shared{n}.execute('select nothing')
            except sqlite3.OperationalError as error: no{n} = str(error)
        """),
        answer="[count{n}, no{n}, type(shared{n}).__name__, shared{n}.in_transaction]",
    ),
    Piece(
        "sqlalchemy",
        needs=("sqlalchemy",),
        module=code("""
            import sqlalchemy as sa{n}
            from sqlalchemy import event as events{n}
            engine{n} = sa{n}.create_engine('sqlite://'); asked{n} = []
            events{n}.listen(engine{n}, 'before_cursor_execute', lambda c, cur, text, *a: asked{n}.append(text))
        """),
        handler=body("""
            with engine{n}.begin() as link{n}: one{n} = link{n}.execute(sa{n}.text('select 1 + :x'), {'x': {n}}).scalar()
            try:
                with engine{n}.connect() as link{n}: link{n}.execute(sa{n}.text('select x from nowhere'))
            except sa{n}.exc.OperationalError as error: bad{n} = type(error.orig).__name__
        """),
        answer="[one{n}, bad{n}, len(asked{n})]",
    ),
    Piece(
        "fastapi through mangum",
        needs=("fastapi", "mangum"),
        module=code("""
            import fastapi, mangum
            web{n} = fastapi.FastAPI()
            @web{n}.get('/items/{number}')
            def item{n}(number: int, q: str = 'none'): return {'number': number, 'q': q}
            adapter{n} = mangum.Mangum(web{n}, lifespan='off')
            def http{n}(path): return {'version': '2.0', 'routeKey': '$default', 'rawPath': path, 'rawQueryString': 'q=a', 'headers': {'host': 'x'},
                'requestContext': {'http': {'method': 'GET', 'path': path, 'sourceIp': '1.2.3.4', 'protocol': 'HTTP/1.1'}}, 'isBase64Encoded': False}
        """),
        handler="web_answers{n} = [adapter{n}(http{n}(path), context) for path in ('/items/3', '/items/x')]",
        answer="[(one['statusCode'], one['body']) for one in web_answers{n}]",
    ),
    Piece(
        "pydantic",
        needs=("pydantic",),
        module="import pydantic\nclass Model{n}(pydantic.BaseModel): n: int",
        handler="try: Model{n}(n='x')\n    except pydantic.ValidationError as error: wrong{n} = error.error_count()",
        answer="[Model{n}(**event).n, wrong{n}]",
    ),
    Piece(
        "opentelemetry without an SDK",
        needs=("opentelemetry",),
        module="from opentelemetry import trace as otel{n}\ntracer{n} = otel{n}.get_tracer('t')",
        handler="with tracer{n}.start_as_current_span('inner') as span{n}: span{n}.set_attribute('a', 1)",
        answer="[type(otel{n}.get_tracer_provider()).__name__, span{n}.is_recording()] if os.environ.get('MONITOR_TRACES') != 'otlp' else 0",
    ),
    Piece(
        "opentelemetry's SDK of its own",
        needs=("opentelemetry", "opentelemetry.sdk"),
        module=code("""
            from opentelemetry import trace as otel{n}
            from opentelemetry.sdk.trace import TracerProvider as Provider{n}
            from opentelemetry.sdk.trace.export import SimpleSpanProcessor
            from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
            kept{n} = InMemorySpanExporter(); provider{n} = Provider{n}(); provider{n}.add_span_processor(SimpleSpanProcessor(kept{n}))
            otel{n}.set_tracer_provider(provider{n})
        """),
        handler=body("""
            kept{n}.clear()
            with provider{n}.get_tracer('mine').start_as_current_span('mine'): pass
            names{n} = [(one.name, one.parent is None) for one in kept{n}.get_finished_spans()]
        """),
        answer="names{n}",
    ),
    Piece(
        "Sentry",
        needs=("sentry_sdk",),
        module=code("""
            import sentry_sdk
            from sentry_sdk.integrations.aws_lambda import AwsLambdaIntegration
            sent{n} = []
            class Keeps{n}(sentry_sdk.transport.Transport):
                def capture_envelope(self, envelope):
                    for event in filter(None, (one.get_event() or one.get_transaction_event() for one in envelope.items)):
                        errors = event.get('exception', {}).get('values', [])
                        sent{n}.append([event.get('type'), event.get('transaction'), [
                            (one['type'], [frame['function'] for frame in one['stacktrace']['frames']]) for one in errors]])
                def flush(self, *_, **__): pass
                def kill(self): pass
            sentry_sdk.init(dsn='http://a@127.0.0.1:9/1', transport=Keeps{n}, traces_sample_rate=1.0,
                integrations=[AwsLambdaIntegration(timeout_warning=True)])
        """),
        handler="if event.get('n') == 2: raise LookupError('for Sentry')",
        answer="list(sent{n})",
    ),
)
