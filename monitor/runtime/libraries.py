"""Which libraries are traced: AWS calls by default, others where MONITOR_PATCH names them.

An application that makes its own Tracer, or calls the X-Ray SDK's `patch`, gets the SDK's patches exactly as it asked
for them; the runtime adds none. Its own wrappers stand in `aws_calls`, and for other libraries in `http_calls` and
`sql_calls`: methods of classes, which keep their signatures, types and exceptions.
"""

from __future__ import annotations

from monitor.runtime import lines, load, settings

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from monitor.runtime.imports import ImportTracer

_AWS_NAMES = frozenset({"boto3", "botocore", "pynamodb"})
# By the name in MONITOR_PATCH: the module whose import completes what is wrapped, and where the wrapper is.
_LIBRARIES = {
    "aws": ("botocore.client", "aws_calls"),
    "aiobotocore": ("aiobotocore.client", "http_calls"),
    "httpx": ("httpx", "http_calls"),
    "requests": ("requests.sessions", "http_calls"),
    "psycopg": ("psycopg", "sql_calls"),
    "psycopg2": ("psycopg2", "sql_calls"),
    "pymysql": ("pymysql.cursors", "sql_calls"),
    "sqlalchemy": ("sqlalchemy.engine", "sql_calls"),
    "sqlite3": ("sqlite3", "sql_calls"),
}


def trace_when_imported(tracer: ImportTracer) -> None:
    """Have the libraries that are to be traced wrapped as soon as the application has imported them."""
    wanted = settings.patched_libraries()
    names = {"aws"} if wanted is None else {"aws" if name in _AWS_NAMES else name for name in wanted}
    for name in sorted(_LIBRARIES if "all" in names else names):
        if name in _LIBRARIES:
            module, wrapper = _LIBRARIES[name]
            tracer.when_imported(module, _patch_with(wrapper, name))
        else:
            lines.warn_once(
                f"monitor: MONITOR_PATCH names {name!r}, which the runtime cannot trace",
                hint=f"it can trace {', '.join(sorted(_LIBRARIES))}",
            )


def _patch_with(wrapper: str, name: str) -> Callable[[ModuleType], object]:
    def patch(module: ModuleType) -> None:
        def step() -> None:
            getattr(load.own_module(wrapper), f"patch_{name}")(module)

        lines.attempt(f"tracing {name}", step)

    return patch
