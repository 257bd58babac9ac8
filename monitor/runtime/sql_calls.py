"""Traces the statements of database libraries, where MONITOR_PATCH names them.

Connections and cursors stay what they are, or become subclasses of it: nothing stands in for them that the library, or
an application that checks types, does not know. Statements are recorded as they are written, without their parameters.
"""

from __future__ import annotations

import functools

from monitor.runtime import frames, segments

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

_MOST_CHARACTERS = 2000


def patch_sqlite3(sqlite3: Any) -> None:
    """Trace what connections of sqlite3 execute, unless the application gives a class of its own."""
    connect = sqlite3.connect
    begin = _begin("sqlite3")

    class Cursor(sqlite3.Cursor):  # type: ignore[misc]
        execute = segments.traced(sqlite3.Cursor.execute, begin, _end)
        executemany = segments.traced(sqlite3.Cursor.executemany, begin, _end)
        executescript = segments.traced(sqlite3.Cursor.executescript, begin, _end)

    class Connection(sqlite3.Connection):  # type: ignore[misc]
        # As the library documents them: a new cursor, and its method.
        execute = _by_cursor("execute")
        executemany = _by_cursor("executemany")
        executescript = _by_cursor("executescript")

        @frames.unseen
        def cursor(self, *arguments: Any, **named: Any) -> Any:
            if not arguments:
                named.setdefault("factory", Cursor)
            try:
                return super().cursor(*arguments, **named)
            except BaseException as error:
                frames.hide_frame(error)
                raise

    for mine, theirs in ((Cursor, sqlite3.Cursor), (Connection, sqlite3.Connection)):
        mine.__name__, mine.__qualname__, mine.__module__ = theirs.__name__, theirs.__qualname__, theirs.__module__

    @functools.wraps(connect)
    @frames.unseen
    def traced_connect(*arguments: Any, **named: Any) -> Any:
        if len(arguments) <= _FACTORY_POSITION:
            named.setdefault("factory", Connection)
        try:
            return connect(*arguments, **named)
        except BaseException as error:
            frames.hide_frame(error)
            raise

    sqlite3.connect = traced_connect
    if hasattr(sqlite3, "dbapi2"):
        sqlite3.dbapi2.connect = traced_connect


def _by_cursor(method: str) -> Callable[..., Any]:
    @frames.unseen
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return getattr(self.cursor(), method)(*arguments, **named)
        except BaseException as error:
            frames.hide_frame(error)
            raise

    call.__name__ = method
    return call


# sqlite3.connect(database, timeout, detect_types, isolation_level, check_same_thread, factory, …)
_FACTORY_POSITION = 5


def patch_psycopg2(psycopg2: ModuleType) -> None:
    """Trace what psycopg2's cursors execute, unless the application gives a class of its own."""
    connect = psycopg2.connect
    extensions: Any = __import__("psycopg2.extensions", fromlist=["cursor"])
    begin = _begin("postgresql")

    class Cursor(extensions.cursor):  # type: ignore[misc]
        execute = segments.traced(extensions.cursor.execute, begin, _end)
        executemany = segments.traced(extensions.cursor.executemany, begin, _end)
        callproc = segments.traced(extensions.cursor.callproc, begin, _end)

    Cursor.__name__, Cursor.__qualname__ = "cursor", "cursor"

    @functools.wraps(connect)
    @frames.unseen
    def traced_connect(*arguments: Any, **named: Any) -> Any:
        try:
            connection = connect(*arguments, **named)
        except BaseException as error:
            frames.hide_frame(error)
            raise
        if type(connection) is extensions.connection and connection.cursor_factory is None:
            connection.cursor_factory = Cursor
        return connection

    psycopg2.connect = traced_connect  # type: ignore[attr-defined]


def patch_psycopg(psycopg: ModuleType) -> None:
    """Trace what psycopg 3's cursors execute."""
    begin = _begin("postgresql")
    for method in ("execute", "executemany"):
        cursor: Any = psycopg.Cursor
        setattr(cursor, method, segments.traced(getattr(cursor, method), begin, _end))


def patch_pymysql(cursors: ModuleType) -> None:
    """Trace what PyMySQL's cursors execute."""
    cursor: Any = cursors.Cursor
    cursor.execute = segments.traced(cursor.execute, _begin("mysql"), _end)


def patch_sqlalchemy(engine: ModuleType) -> None:
    """Trace what SQLAlchemy's engines execute, by its own events."""
    event: Any = __import__("sqlalchemy.event", fromlist=["listen"])

    def before(connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        begin = _begin(str(connection.engine.dialect.name))
        subsegment = begin(connection, (statement,), {})
        if subsegment is not None:
            context._monitor_subsegment = subsegment
            segments.enter(subsegment)

    def after(_connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        segments.finish(context.__dict__.pop("_monitor_subsegment", None), _end, None, None)

    def failed(about: Any) -> None:
        context = about.execution_context
        subsegment = context.__dict__.pop("_monitor_subsegment", None) if context is not None else None
        segments.finish(subsegment, _end, None, about.original_exception)

    listeners: dict[str, Callable[..., None]] = {
        "before_cursor_execute": before,
        "after_cursor_execute": after,
        "handle_error": failed,
    }
    for name, listener in listeners.items():
        event.listen(engine.Engine, name, segments.guarded(listener))


def _begin(name: str) -> Callable[..., segments.Subsegment | None]:
    def begin(_self: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> segments.Subsegment | None:
        trace = segments.current_trace()
        # One statement is one subsegment, whether SQLAlchemy executes it or a method that calls another.
        if trace is None or _is_executing(trace):
            return None
        statement = arguments[0] if arguments else next(iter(named.values()), "")
        subsegment = segments.Subsegment(name, trace, segments.parent_id(trace), "remote")
        text = statement if isinstance(statement, str) else type(statement).__name__
        subsegment.document["sql"] = {"sanitized_query": text[:_MOST_CHARACTERS]}
        return subsegment

    return begin


def _is_executing(trace: segments.Trace) -> bool:
    open_one = segments.innermost()
    return open_one is not None and "sql" in open_one.document and open_one.trace.trace_id == trace.trace_id


def _end(subsegment: segments.Subsegment, _answer: Any, error: BaseException | None) -> None:
    if error is not None:
        subsegment.fail(error, frames.traceback_of(error))
