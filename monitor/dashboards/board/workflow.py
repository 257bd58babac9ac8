"""Read the data of all widgets of a dashboard, a template or a file."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from monitor.aws import dashboards as api
from monitor.aws.connection import Connection
from monitor.dashboards.board import (
    analyze_timerange,
    analyze_variables,
    workflow_chart,
    workflow_logs,
    workflow_metrics,
)
from monitor.dashboards.board.model import Board, Content, MarkdownText, Unavailable, Widget
from monitor.dashboards.board.workflow_context import RenderContext
from monitor.dashboards.body import builtin, layout, template, variables
from monitor.dashboards.body.template import Scope, Template
from monitor.dashboards.body.variables import Value
from monitor.dashboards.model_document import Document
from monitor.dashboards.workflow_apply import view
from monitor.dashboards.workflow_facts import gather
from monitor.dashboards.wrappers import read
from monitor.errors import MonitorError, NotFoundError, UsageError
from monitor.kernel.encodings import decode_text
from monitor.kernel.json_fields import list_of, object_of, text_of
from monitor.kernel.window import Window

_WORKERS = 4
_MOST_WIDGETS = 500
# The widget types that can have a time range of their own.
_RANGED = frozenset({"metric", "log", "chart"})
_ELSEWHERE = {
    "explorer": "explorer widgets are only available in the console",
    "custom": "custom widgets are rendered by a Lambda function, which monitor does not invoke",
}


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """What to render: `source` is a dashboard, a built-in template or a file; `window` None is that of the body."""

    source: str
    functions: tuple[str, ...] = ()
    overrides: tuple[tuple[str, Value], ...] = ()
    window: Window | None = None
    native: bool = False
    engine: str = "auto"
    wrapped: str | None = None
    """The name of a dashboard in a file of another tool ("" for the only one); None for any other source."""
    deployed: bool = False
    """Whether `source` can only be a dashboard of the account, even if a file or a template has its name."""


def draw(
    connection: Connection,
    request: RenderRequest,
    now_ms: int,
    *,
    tell: Callable[[str], None] = lambda _: None,
    advance: Callable[[], None] = lambda: None,
) -> Board:
    """The dashboard with its data. A widget that cannot be shown contains the reason.

    `tell` is called with a warning before queries that cost money, `advance` after each widget.

    Raises:
        UsageError: a template needs a function, or makes several dashboards.
        NotFoundError: there is no such dashboard, template or file.
    """
    name, origin, body, notes = _body(connection, request)
    body = analyze_variables.apply_defaults(body)
    own = analyze_timerange.of_document(body, now_ms)
    engine = request.engine if request.engine != "auto" else "scan" if connection.local else "insights"
    context = RenderContext(connection, request.window or own, now_ms, engine, body.get("periodOverride") == "inherit")
    listed = body.get("widgets")
    placed = [one for one in layout.pack(list_of(listed)) if isinstance(one, dict)]
    if len(placed) > _MOST_WIDGETS:
        notes = (*notes, f"only the first {_MOST_WIDGETS} of {len(placed)} widgets are shown, the limit of CloudWatch")
    placed = _without_overlaps(placed[:_MOST_WIDGETS])
    queries = sum(widget.get("type") == "log" for widget in placed)
    if engine == "insights" and queries:
        tell(f"log widgets use Logs Insights ({queries} queries), billed by the GB it reads; --engine scan is free")
    # Resolve region and credentials once, before several threads need them.
    connection.client("cloudwatch")

    def one(widget: Document) -> Widget:
        drawn = _drawn(widget, context, request.native)
        advance()
        return drawn

    with ThreadPoolExecutor(_WORKERS) as pool:
        futures = [pool.submit(one, widget) for widget in placed]
        try:
            # The first error ends the page, even while an earlier widget waits for its query.
            for future in as_completed(futures):
                future.result()
            widgets = tuple(future.result() for future in futures)
        except BaseException:
            # Queries that wait in other threads are stopped, and widgets that have not begun are not drawn.
            context.clock.cancel()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return Board(
        name=name,
        origin=origin,
        source=f"the embedded stack, {connection.region}" if connection.local else connection.region,
        start_ms=context.window.start_ms,
        end_ms=context.window.end_ms,
        made_ms=now_ms,
        widgets=widgets,
        notes=(*notes, *_cost(context)),
    )


def _cost(context: RenderContext) -> tuple[str, ...]:
    if context.scanned_bytes:
        return (f"Logs Insights read {context.scanned_bytes / 1e9:.3f} GB",)
    return (f"{context.scanned_events:,} log events were read",) if context.scanned_events else ()


def _body(connection: Connection, request: RenderRequest) -> tuple[str, str, Document, tuple[str, ...]]:
    """The name and origin of the dashboard, its body without variables, and notes."""
    if request.wrapped is not None:
        return _built(connection, _wrapped(Path(request.source), request.wrapped), request)
    is_local = not request.deployed
    if is_local and (request.source in builtin.names() or Path(request.source).is_file()):
        return _built(connection, template.read(builtin.files(request.source)[0]), request)
    if is_local and Path(request.source).is_dir():
        raise UsageError(
            f"{request.source} is a folder", "give one file of it: only one dashboard is rendered at a time"
        )
    found = view(connection, request.source)
    if found is None:
        hint = f"`monitor dashboard list` lists the dashboards; built-in templates: {', '.join(builtin.names())}"
        raise NotFoundError(f"no dashboard, template or file {request.source!r}", hint)
    idle = [name for name, given in (("--function", request.functions), ("--set", request.overrides)) if given]
    notes = tuple(f"{name} has no effect on a deployed dashboard" for name in idle)
    return found.name, "in the account", found.body, notes


def _wrapped(path: Path, name: str) -> Template:
    try:
        text = decode_text(path.read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}", "give a file in UTF-8") from error
    source = read.parse(text, str(path))
    return read.to_template(source, read.choose_one(source, name))[0]


def _built(
    connection: Connection, source: Template, request: RenderRequest
) -> tuple[str, str, Document, tuple[str, ...]]:
    if not isinstance(source.document.get("widgets"), list):
        raise UsageError(f"{source.file} has no widgets", 'a dashboard is {"widgets": […]}')
    if not request.functions and (source.info.per_function or template.needs_function(source)):
        raise UsageError(f"{source.info.name} needs a function", "give --function NAME")
    if source.info.per_function and len(request.functions) > 1:
        raise UsageError(f"{source.info.name} makes one dashboard for each function", "give --function only once")
    own = template.uses(source, "namespace") or template.uses(source, "service")
    facts, notes = gather(connection, request.functions, own_metrics=own)
    fixed: dict[str, Value] = {"region": connection.region}
    overrides = dict(request.overrides)
    if template.uses(source, "account") and "account" not in overrides:
        fixed["account"] = api.account_id(connection)
    if request.wrapped is not None:
        needs_account = any(template.uses(source, name) for name in read.ACCOUNTS)
        account = api.account_id(connection) if needs_account else ""
        fixed |= read.known_values(connection.region, account, template.partition(connection.region))
    for name in overrides:
        if name not in template.settable(source):
            raise UsageError(
                f"--set {name}=…: {source.info.name} has no variable {name!r}",
                f"variables: {', '.join(sorted(template.settable(source)))}",
            )
    known = template.known_variables(source) | set(overrides) | set(fixed)
    used = {name for name, _ in variables.names({**source.document, template.HEAD: source.info.dashboard_name})}
    # Placeholders of other tools are kept: their widgets find no data, and the page says why.
    unknown = {name: f"${{{name}}}" for name in sorted(used - known)}
    scope = Scope(facts, fixed, {**unknown, **overrides})
    name = template.dashboard_name(source, scope)
    fixed["dashboard"] = name
    if unknown:
        notes = (*notes, f"placeholders without a value: {', '.join(unknown.values())}")
    return name, f"from {source.info.name}, not deployed", template.build(source, scope), notes


def _without_overlaps(widgets: list[Document]) -> list[Document]:
    """Widgets moved down until none overlaps another, as the console does when it loads a body."""
    taken: list[layout.Box] = []
    result: list[Document] = []
    for widget in widgets:
        place = layout.box(widget) or layout.Box(0, layout.bottom(result), layout.COLUMNS, layout.DEFAULT_HEIGHT)
        x = min(place.x, layout.COLUMNS - 1)
        place = layout.Box(x, place.y, min(place.width, layout.COLUMNS - x), place.height)
        while blocking := next((one for one in taken if one.overlaps(place)), None):
            place = replace(place, y=blocking.y + blocking.height)
        taken.append(place)
        result.append({**widget, "x": place.x, "y": place.y, "width": place.width, "height": place.height})
    return result


def _drawn(widget: Document, context: RenderContext, native: bool) -> Widget:
    kind = widget.get("type")
    kind = text_of(kind) or ""
    properties = object_of(widget.get("properties"))
    title = properties.get("title")
    notes: tuple[str, ...] = ()
    content: Content
    try:
        content, notes = _content(kind, properties, widget, context, native)
    except MonitorError as error:
        content = Unavailable(error.message, error.hint)
    return Widget(
        kind=kind,
        title=text_of(title) or "",
        x=widget["x"],
        y=widget["y"],
        width=widget["width"],
        height=widget["height"],
        content=content,
        notes=notes,
        window=analyze_timerange.own_window(properties, context.now_ms) if kind in _RANGED else None,
    )


def _content(
    kind: str, properties: dict[str, Any], widget: Document, context: RenderContext, native: bool
) -> tuple[Content, tuple[str, ...]]:
    if kind == "text":
        markdown = properties.get("markdown")
        return MarkdownText(text_of(markdown) or "", properties.get("background") == "transparent"), ()
    if kind == "metric" and native:
        return workflow_metrics.metric_image(properties, (widget["width"], widget["height"]), context), ()
    if kind == "metric":
        return workflow_metrics.metric_widget(properties, context)
    if kind == "chart":
        return workflow_chart.chart_widget(properties, context)
    if kind == "log":
        return workflow_logs.log_widget(properties, context)
    if kind == "alarm":
        return workflow_metrics.alarm_widget(properties, context), ()
    if kind in _ELSEWHERE:
        return Unavailable(_ELSEWHERE[kind]), ()
    return Unavailable(f"monitor does not support widgets of the type {json.dumps(kind)}"), ()
