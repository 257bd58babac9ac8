"""Pieces that use large libraries and a real PostgreSQL: DIFFERENTIAL_POSTGRES is a URL `postgresql://…` of one."""

from tests.differential.pieces.piece import Piece, body, code

POSTGRES = "$DIFFERENTIAL_POSTGRES"

PIECES = (
    Piece(
        "pandas",
        needs=("pandas",),
        module="import io, pandas as pd{n}\nframe{n} = pd{n}.read_csv(io.StringIO('day,orders\\n2026-01-01,3\\n2026-01-02,4\\n'), parse_dates=['day'])",
        handler=body("""
            try: pd{n}.DataFrame({'a': [1]}).loc['missing']
            except KeyError as error: lost{n} = str(error)
        """),
        answer="[frame{n}.groupby(frame{n}.day.dt.month).orders.sum().to_dict(), frame{n}.to_json(date_format='iso'), lost{n}]",
    ),
    Piece(
        "Django",
        needs=("django",),
        module=code("""
            import django, django.conf, django.http, django.urls, django.test, io, sys, types
            urls{n} = types.ModuleType('urls{n}'); sys.modules['urls{n}'] = urls{n}
            def view{n}(request, order): return django.http.JsonResponse({'order': order, 'method': request.method})
            urls{n}.urlpatterns = [django.urls.path('orders/<int:order>', view{n})]
            django.conf.settings.configure(ROOT_URLCONF='urls{n}', ALLOWED_HOSTS=['*'], SECRET_KEY='k', LOGGING_CONFIG=None,
                DATABASES={'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}}); django.setup()
            from django.core.wsgi import get_wsgi_application
            wsgi{n} = get_wsgi_application()
            def call{n}(path):
                said = []
                text = b''.join(wsgi{n}({'REQUEST_METHOD': 'GET', 'PATH_INFO': path, 'SERVER_NAME': 'x', 'SERVER_PORT': '80',
                    'wsgi.input': io.BytesIO(), 'wsgi.url_scheme': 'http', 'wsgi.errors': sys.stderr}, lambda status, headers: said.append(status)))
                return [said[0], text.decode()[:30] if said[0].startswith('2') else None]
        """),
        handler=body("""
            from django.db import connection as link{n}
            with link{n}.cursor() as cursor{n}: cursor{n}.execute('select 1 + 1'); two{n} = cursor{n}.fetchone()[0]
        """),
        answer="[call{n}('/orders/7'), call{n}('/none'), two{n}]",
    ),
    Piece(
        "Flask-SQLAlchemy on PostgreSQL",
        needs=("flask_sqlalchemy", "psycopg2", POSTGRES),
        module=code("""
            import flask, flask_sqlalchemy
            web{n} = flask.Flask('shop'); web{n}.config['SQLALCHEMY_DATABASE_URI'] = os.environ['DIFFERENTIAL_POSTGRES']
            db{n} = flask_sqlalchemy.SQLAlchemy(web{n})
            class Order{n}(db{n}.Model):
                __tablename__ = 'orders{n}_%d' % os.getpid()
                id = db{n}.Column(db{n}.Integer, primary_key=True); name = db{n}.Column(db{n}.String)
            with web{n}.app_context(): db{n}.create_all()
            @web{n}.get('/orders')
            def orders{n}(): return [one.name for one in Order{n}.query.order_by(Order{n}.id)]
        """),
        handler=body("""
            with web{n}.app_context():
                db{n}.session.add(Order{n}(name='tea')); db{n}.session.commit()
                try: db{n}.session.execute(db{n}.text('select nothing from nowhere'))
                except Exception as error: wrong{n} = type(error.orig).__name__; db{n}.session.rollback()
            listed{n} = web{n}.test_client().get('/orders').json
            if event.get('n') == 3:
                with web{n}.app_context(): db{n}.session.remove(); db{n}.drop_all()
        """),
        answer="[len(listed{n}), wrong{n}]",
    ),
    Piece(
        "psycopg on PostgreSQL",
        needs=("psycopg", POSTGRES),
        module="import psycopg\nlink{n} = psycopg.connect(os.environ['DIFFERENTIAL_POSTGRES'], autocommit=True)",
        handler=body("""
            with link{n}.cursor() as cursor{n}: row{n} = cursor{n}.execute('select %s::int + 1', (event.get('n'),)).fetchone()
            try: link{n}.execute('select nothing')
            except psycopg.errors.UndefinedColumn as error: wrong{n} = error.sqlstate
            with link{n}.cursor() as cursor{n}: cursor{n}.executemany('select %s', [(1,), (2,)]); many{n} = cursor{n}.rowcount
        """),
        answer="[row{n}[0], wrong{n}, many{n}, type(link{n}).__name__]",
    ),
    Piece(
        "langchain-core",
        needs=("langchain_core",),
        module=code("""
            from langchain_core.prompts import ChatPromptTemplate
            from langchain_core.runnables import RunnableLambda, RunnableParallel
            from langchain_core.output_parsers import StrOutputParser
            prompt{n} = ChatPromptTemplate.from_messages([('system', 'be brief'), ('human', '{question}')])
            chain{n} = prompt{n} | RunnableLambda(lambda value: value.to_messages()[-1].content.upper()) | StrOutputParser()
            both{n} = RunnableParallel(one=chain{n}, two=RunnableLambda(lambda x: len(x)))
        """),
        handler=body("""
            import asyncio
            async def ask{n}(): return await chain{n}.abatch([{'question': 'a'}, {'question': 'b'}])
        """),
        answer="[both{n}.invoke({'question': 'why'}), asyncio.run(ask{n}())]",
    ),
    Piece(
        "grpcio",
        needs=("grpc",),
        module=code("""
            import grpc
            from concurrent.futures import ThreadPoolExecutor
            class Echo{n}(grpc.GenericRpcHandler):
                def service(self, details):
                    if details.method == '/echo/Fail':
                        def fail(request, context): context.abort(grpc.StatusCode.NOT_FOUND, 'nothing')
                        return grpc.unary_unary_rpc_method_handler(fail)
                    return grpc.unary_unary_rpc_method_handler(lambda request, context: request[::-1])
            served{n} = grpc.server(ThreadPoolExecutor(1)); served{n}.add_generic_rpc_handlers((Echo{n}(),))
            port{n} = served{n}.add_insecure_port('127.0.0.1:0'); served{n}.start()
            channel{n} = grpc.insecure_channel('127.0.0.1:%d' % port{n})
        """),
        handler=body("""
            echoed{n} = channel{n}.unary_unary('/echo/Echo')(b'abc', timeout=10).decode()
            try: channel{n}.unary_unary('/echo/Fail')(b'', timeout=10)
            except grpc.RpcError as error: status{n} = error.code().name
        """),
        answer="[echoed{n}, status{n}]",
    ),
    Piece(
        "aiobotocore",
        needs=("aiobotocore",),
        module=code("""
            import asyncio, aiobotocore.session, aiobotocore.config, botocore.exceptions
            async def ask{n}():
                config = aiobotocore.config.AioConfig(retries={'total_max_attempts': 1}, connect_timeout=2)
                async with aiobotocore.session.get_session().create_client('s3', endpoint_url='http://127.0.0.1:9', config=config) as client:
                    try: await asyncio.gather(*(client.list_buckets() for _ in range(3)))
                    except botocore.exceptions.EndpointConnectionError as error: return type(error).__name__
        """),
        answer="asyncio.run(ask{n}())",
    ),
)
