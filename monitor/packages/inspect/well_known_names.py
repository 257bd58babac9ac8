"""Top-level names of well-known distributions.

They identify distributions whose metadata was deleted from the package.
"""

# Top-level name -> distribution, where the two differ.
ALIASES = {
    "PIL": "pillow",
    "yaml": "pyyaml",
    "_yaml": "pyyaml",
    "dateutil": "python-dateutil",
    "attr": "attrs",
    "attrs": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "sklearn": "scikit-learn",
    "jwt": "pyjwt",
    "jose": "python-jose",
    "dotenv": "python-dotenv",
    "multipart": "python-multipart",
    "python_multipart": "python-multipart",
    "Crypto": "pycryptodome",
    "OpenSSL": "pyopenssl",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
    "pkg_resources": "setuptools",
    "_distutils_hack": "setuptools",
    "distutils-precedence": "setuptools",
    "_cffi_backend": "cffi",
    "aws_xray_sdk": "aws-xray-sdk",
    "aws_lambda_powertools": "aws-lambda-powertools",
    "typing_extensions": "typing-extensions",
    "annotated_types": "annotated-types",
    "annotated_doc": "annotated-doc",
    "pydantic_core": "pydantic-core",
    "pydantic_settings": "pydantic-settings",
    "typing_inspection": "typing-inspection",
    "charset_normalizer": "charset-normalizer",
    "snapshot_restore_py": "snapshot-restore-py",
    "socks": "pysocks",
    "sockshandler": "pysocks",
    "slugify": "python-slugify",
    "magic": "python-magic",
    "fitz": "pymupdf",
    "docx": "python-docx",
    "pptx": "python-pptx",
    "jose_jwt": "python-jose",
    "ruamel": "ruamel-yaml",
    "pythonjsonlogger": "python-json-logger",
    "opentelemetry": "opentelemetry-api",
}

# Top-level names that equal the name of their distribution.
_COMMON = """
    aiohttp aiohappyeyeballs aiosignal anyio asgiref async_timeout awslambdaric boto3 botocore brotli cachetools
    certifi cffi click colorama cryptography dns django email_validator fastapi filelock flask frozenlist google
    greenlet grpc gunicorn h11 h2 hpack httpcore httptools httpx hyperframe idna importlib_metadata itsdangerous
    jinja2 jmespath jsonschema langchain lxml mangum markupsafe marshmallow mpmath multidict mypy_boto3 networkx
    numpy openai orjson packaging pandas passlib pillow platformdirs propcache psutil psycopg pyarrow pyasn1
    pycparser pydantic pygments pymongo pymysql pypdf pyparsing pytz redis referencing regex requests rich rpds rsa
    s3transfer scipy setuptools shapely simplejson six sniffio sqlalchemy starlette structlog sympy tenacity
    tiktoken tokenizers toml tomli torch tqdm transformers typer tzdata ujson urllib3 uvicorn uvloop watchfiles
    websocket websockets werkzeug wheel wrapt xmltodict yarl zipp
"""
COMMON = frozenset(_COMMON.split())

# Common names for the folders of an application.
_APPLICATION = """
    app api src lib handlers handler services service routers routes core utils util common functions models model
    schemas domain lambda_function lambda_handler main config settings static templates assets data tests test
    scripts migrations shared events docs helpers middleware controllers views db database resources monitor
"""
APPLICATION = frozenset(_APPLICATION.split())


def known_distribution(top: str) -> str | None:
    """The distribution with this top-level name, if it is a well-known one."""
    top = top.removesuffix("-stubs")
    if top in ALIASES:
        return ALIASES[top]
    return top.replace("_", "-") if top.lower() in COMMON else None
