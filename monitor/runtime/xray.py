"""Everything that touches the X-Ray SDK, which is in maintenance and will be replaced one day."""

from __future__ import annotations

import importlib
import os
import sys

from monitor.runtime import lines, trim

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

_HEADER = b'{"format": "json", "version": 1}\n'

# By the module whose import completes what a patch needs; the values are the SDK's names, all that
# its patch_all covers (checked on 2.15.0).
PATCHES = {
    "aiobotocore.client": "aiobotocore",
    "botocore.client": "botocore",
    "httpx": "httpx",
    "mysql.connector": "mysql",
    "pg8000": "pg8000",
    "psycopg": "psycopg",
    "psycopg2": "psycopg2",
    "pymongo": "pymongo",
    "pymysql": "pymysql",
    "pynamodb": "pynamodb",
    "requests": "requests",
    "sqlalchemy": "sqlalchemy_core",
    "sqlite3": "sqlite3",
}


def load() -> bool:
    """Import the SDK. Returns False when it is not in the package, or not wanted outside Lambda.

    Outside Lambda the SDK would load botocore to ask for sampling rules.
    """
    if not os.environ.get("LAMBDA_TASK_ROOT"):
        return False
    try:
        trim.import_module("aws_xray_sdk.core")
    except ModuleNotFoundError:
        return False
    return True


def patch_on_import() -> None:
    """Patch each library that the SDK knows when the application imports it, never before."""
    hooks = importlib.import_module("wrapt")  # the SDK's own dependency
    for module_name, patch_name in PATCHES.items():
        hooks.register_post_import_hook(_patch_hook(patch_name), module_name)


def _patch_hook(patch_name: str) -> object:
    def patch(module: ModuleType) -> None:
        lines.attempt(f"tracing {patch_name}", lambda: _patch(patch_name, module))

    return patch


def _patch(patch_name: str, module: ModuleType) -> None:
    # The application's own Tracer() or patch_all() got there first and is about to patch.
    if f"aws_xray_sdk.ext.{patch_name}" in sys.modules:
        return
    # A module is bound on its parent only after this hook: without it the SDK's patch of
    # botocore.client raises, and swallows it.
    parent, _, name = module.__name__.rpartition(".")
    if parent:
        setattr(sys.modules[parent], name, module)
    core = importlib.import_module("aws_xray_sdk.core")
    core.patch((patch_name,), raise_errors=True)


def parent_of_spans() -> tuple[str, str] | None:
    """Trace id and segment id for spans of this invocation; None when it is not traced or not sampled."""
    sdk = sys.modules.get("aws_xray_sdk")
    if sdk is None or not sdk.global_sdk_config.sdk_enabled():
        return None
    fields = lines.trace_fields(os.environ.get("_X_AMZN_TRACE_ID", ""))
    if fields.get("Sampled") != "1" or "Root" not in fields or "Parent" not in fields:
        return None
    return fields["Root"], fields["Parent"]


def send(documents: Iterable[str]) -> None:
    """Hand finished documents to the daemon: a datagram each, never waited for.

    Not by the SDK's emitter, which writes a stack trace for each one that does not get through. Raises OSError for the
    first such one (a full buffer, no daemon), and leaves the rest out.
    """
    import socket  # the SDK has loaded it

    emitter = importlib.import_module("aws_xray_sdk.core").xray_recorder.emitter
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.setblocking(False)
        for document in documents:
            sending.sendto(_HEADER + document.encode(), (emitter.ip, emitter.port))


def version() -> str | None:
    """The SDK's version, when it is loaded."""
    module = sys.modules.get("aws_xray_sdk.version")
    return getattr(module, "VERSION", None)
