"""Stack frames of Python, Node.js and Java as loggers write them, and whether a frame is the application's own code."""

import re

from monitor.records.record import ExceptionText

# Python; rich's `path:line in function`; Node.js; Java.
_PYTHON = re.compile(r'[\s>|]{0,200}File "([^"\n]{1,500})", line \d+(?:, in ([^\s\n]{1,200}))?')
_RICH = re.compile(r"\s{0,4}((?:/|[A-Za-z]:\\)?[^\s:]{1,300}\.py):\d{1,7} in (\S{1,200})")
_NODE = re.compile(
    r"\s{1,40}at (?:async )?(?:(?:new )?([^\s(]{1,200})(?: \[as [^\]]{1,100}\])? \()?([^\s()]{1,500}?):\d+:\d+\)?"
)
_JAVA = re.compile(r"\s{1,40}at (?:[\w.-]{1,100}/{1,2})?((?:[\w$]{1,100}\.){1,20}[\w$<>]{1,100})\([^)\n]{0,200}\)")
_LIBRARY = re.compile(
    r"site-packages/|dist-packages/|/var/runtime/|/var/lang/|/opt/python/|/opt/nodejs/|<frozen|/lib/python3"
    r"|node_modules/|^node:|^internal/|^(?:java|javax|jdk|sun|com\.sun|com\.amazonaws|org\.springframework|lambdainternal)\."
)
# In a zip for Lambda, libraries are beside the application in /var/task. These are the ones that are often in a stack.
_TOP_LEVEL = frozenset(
    re.findall(
        r"\w+",
        """
        aiobotocore aiohttp aiokafka aiosqlite alembic amazon anthropic anyio asgiref asyncpg aws_lambda_powertools
        awslambdaric aws_xray_sdk boto3 botocore celery certifi chalice charset_normalizer click connexion
        cryptography datadog_lambda ddtrace django elasticsearch falcon fastapi flask google googleapiclient grpc
        gunicorn h11 httpcore httpx idna jinja2 jmespath jsonschema jwt kombu langchain langchain_core loguru lxml
        mangum marshmallow monitor multipart mysql newrelic numpy openai opensearchpy opentelemetry orjson pandas
        peewee PIL playwright psycopg psycopg2 pydantic pydantic_core pydantic_settings pymongo pymysql pynamodb
        redis requests requests_aws4auth rest_framework s3transfer scipy sentry_sdk serverless_wsgi simplejson
        sklearn slack_sdk sniffio sqlalchemy sqlmodel starlette stripe strawberry structlog tenacity torch
        transformers urllib3 uvicorn uvloop watchtower werkzeug wrapt yaml zoneinfo
        """,
    )
)
_TASK = "/var/task/"


def frame_place(line: str) -> tuple[str, str] | None:
    """The path (a class in Java) and the function of a line that is a frame; None for another line."""
    found = _PYTHON.match(line) or _RICH.match(line)
    if found is not None:
        return found[1], found[2] or ""
    if found := _NODE.match(line):
        return found[2].removeprefix("file://"), found[1] or ""
    if found := _JAVA.match(line):
        owner, _, method = found[1].rpartition(".")
        return owner, method
    return None


def is_library(path: str) -> bool:
    """Whether a frame's path is of a library, the runtime or the language, rather than the application's own code."""
    if _LIBRARY.search(path):
        return True
    _, task, rest = path.rpartition(_TASK)
    return bool(task) and rest.partition("/")[0].removesuffix(".py") in _TOP_LEVEL


def short_path(path: str) -> str:
    """A path below /var/task, where the function's code is on Lambda, also if another folder stood in for it."""
    before, task, rest = path.rpartition(_TASK)
    return f"{_TASK}{rest}" if before and task else path


def frame_of(exception: ExceptionText | None) -> str:
    """`app/services/analyzer.py:analyze`: the innermost frame of the application's own code, or the innermost frame."""
    if exception is None:
        return ""
    lines = [line for entry in exception.stack for line in entry.split("\n")]
    frames = [place for line in lines if (place := frame_place(line)) is not None]
    if not frames:
        return ""
    if frame_place(lines[0]) and not _PYTHON.match(lines[0]) and not _RICH.match(lines[0]):
        # Node.js and Java write the innermost frame first.
        frames.reverse()
    own = [frame for frame in frames if not is_library(frame[0])]
    path, name = (own or frames)[-1]
    return f"{path.rpartition(_TASK)[2]}:{name}".removesuffix(":")
