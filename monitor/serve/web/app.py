"""The routes of the page: each reads a request, makes one call, and renders the result."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor import __version__
from monitor.console.page import style_sheet
from monitor.console.settings import Settings
from monitor.dashboards.board.render_page import render_page
from monitor.diagnose.report.html import render_html as render_diagnosis
from monitor.errors import MonitorError, NotFoundError
from monitor.kernel.missing import Missing
from monitor.logs.workflow_find import is_invocation_name
from monitor.serve.web.answers import answer, failed
from monitor.serve.web.events import Streams
from monitor.serve.web.lines import invocation_document
from monitor.serve.web.pages import Pages
from monitor.serve.workflow_account import Account, Ask
from monitor.serve.workflow_budget import Budget
from monitor.serve.workflow_live import Feeds
from monitor.traces.model import ShownTrace
from monitor.traces.render_html import render_html as render_trace

_STATIC = Path(__file__).parents[1] / "static"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
# The addresses of views. The script of the page shows the view of its address.
_VIEWS = ("/", "/live", "/dashboards", "/dashboard/{name:path}", "/fn/{name:path}", "/trace/{id}")


class Site:
    """The page's requests.

    Args:
        settings: for times and the zone.
        utc: whether times are shown in UTC.
    """

    def __init__(self, account: Account, feeds: Feeds, budget: Budget, settings: Settings, *, utc: bool) -> None:
        self._account, self._feeds, self._budget, self._settings = account, feeds, budget, settings
        self._utc = utc
        self._zone: tzinfo | None = settings.zone(utc=utc)
        self._pages = Pages()
        self.streams = Streams(feeds, budget)
        self._files = {path.name: path.read_bytes() for path in _STATIC.iterdir() if path.suffix in _TYPES}
        self._files["page.css"] = style_sheet(_STATIC / "page.css").encode()

    def app(self) -> Starlette:
        """The ASGI application. It needs a gate in front of it."""
        api = {
            "state": self.state,
            "functions": self.functions,
            "cold": self.cold,
            "traces": self.traces,
            "invocation": self.invocation,
            "dashboards": self.dashboards,
            "page/trace": self.trace_page,
            "page/dashboard": self.dashboard_page,
            "page/diagnosis": self.diagnosis_page,
        }
        routes = [
            *(Route(path, self.shell) for path in _VIEWS),
            Route("/static/{name}", self.static),
            Route("/page/{name}", self.page),
            *(Route(f"/api/{name}", endpoint) for name, endpoint in api.items()),
            Route("/api/events", self.streams.events),
        ]
        app = Starlette(routes=routes, exception_handlers={MonitorError: failed, Exception: failed, 404: _not_found})
        app.state.debug, app.state.origin = self._settings.debug, self._settings.origin
        return app

    def shell(self, _request: Request) -> Response:
        """The page without data."""
        return Response(self._files["index.html"], media_type="text/html")

    def static(self, request: Request) -> Response:
        """A script or a style sheet of the page."""
        name = request.path_params["name"]
        if name not in self._files:
            return _not_found(request)
        return Response(self._files[name], media_type=_TYPES[Path(name).suffix])

    def page(self, request: Request) -> Response:
        """A page with data, for a frame."""
        found = self._pages.get(request.path_params["name"])
        return _not_found(request) if found is None else Response(found, media_type="text/html")

    def state(self, _request: Request) -> Response:
        """What the page is about, and the AWS calls so far."""
        connection = self._account.connection
        return answer(
            {
                "version": __version__,
                "region": connection.region,
                "profile": connection.profile or "",
                "local": connection.local,
                "utc": self._zone is not None,
                "names": [target.name for _, target in self._account.located()],
                "spending": self._budget.spending(),
            }
        )

    def functions(self, request: Request) -> Response:
        """The functions with their figures."""
        again = request.query_params.get("again") == "1"
        found = self._account.functions(self._ask(request), again=again)
        rows = [
            {
                **{name: getattr(row, name) for name in ("name", "function", "runtime", "memory_mb", "changed_ms")},
                "metrics": None if row.metrics is None else _metrics(row.metrics),
            }
            for row in found.rows
        ]
        return answer({"window": found.window, "rows": rows, "problem": found.problem})

    def cold(self, request: Request) -> Response:
        """The cold starts of one function."""
        given = request.query_params
        found = self._account.cold(given.get("fn", ""), self._ask(request), small_only=given.get("auto") == "1")
        report = found.report
        # Import trees are large, and the page shows those of one start at a time.
        light = replace(
            report,
            cold_starts=tuple(replace(one, init_record=None) for one in report.cold_starts),
            summaries=tuple(replace(one, slowest=()) for one in report.summaries),
            imports=report.imports[:200],
        )
        return answer(replace(found, report=light))

    def traces(self, request: Request) -> Response:
        """The newest traces of one function."""
        given = request.query_params
        found = self._account.traces(
            given.get("fn", ""), self._ask(request), cold=given.get("cold") == "1", faulty=given.get("faulty") == "1"
        )
        items = [{"summary": one.summary, "figures": one.figures, "state": _state(one.figures)} for one in found.items]
        share = found.sampling.share if found.sampling else None
        return answer({"items": items, "found": found.found, "share": share, "notes": found.notes})

    def invocation(self, request: Request) -> Response:
        """One invocation: from the live log if it is still there, else from CloudWatch."""
        given = request.query_params
        which, name = given.get("id", ""), given.get("fn", "")
        kept = self._feeds.find(which) if which else None
        if kept is not None:
            return answer(invocation_document(kept, self._zone, utc=self._zone is not None))
        if not is_invocation_name(which):
            raise NotFoundError(f"{which!r} is not a request id")
        shown = self._account.invocation(name, which, self._ask(request).window)
        document = invocation_document(shown.invocation, self._zone, utc=self._zone is not None)
        if isinstance(shown.trace, Missing):
            document["trace_id"], document["untraced"] = "", shown.trace.reason
        return answer(document)

    def dashboards(self, _request: Request) -> Response:
        """The names of the dashboards and of the templates."""
        deployed, templates = self._account.dashboards()
        return answer({"deployed": deployed, "templates": templates})

    def trace_page(self, request: Request) -> Response:
        """Render the waterfall of one trace."""
        given = request.query_params
        shown = self._account.trace(given.get("id", ""), given.get("fn", ""), self._ask(request).window)
        if not isinstance(shown, ShownTrace):
            reason = shown.trace.reason if isinstance(shown.trace, Missing) else "there is no trace"
            raise NotFoundError(reason)
        return self._kept(render_trace(shown, utc=self._zone is not None))

    def dashboard_page(self, request: Request) -> Response:
        """Render a dashboard with its data."""
        given = request.query_params
        window = self._ask(request).window if given.get("since") else None
        now_ms = time.time_ns() // 1_000_000
        before_usd = self._budget.spending().cost_usd
        board = self._account.board(given.get("name", ""), given.get("fn", ""), window, now_ms)
        # Calls of other views at the same time count too: the page is then drawn again a little later.
        every_s = self._budget.pace_s(self._budget.spending().cost_usd - before_usd)
        return self._kept(render_page(board, utc=self._zone is not None, theme=_theme(given)), every_s)

    def diagnosis_page(self, request: Request) -> Response:
        """Diagnose a function, and render the report."""
        found = self._account.diagnosis(request.query_params.get("fn", ""), self._ask(request))
        return self._kept(render_diagnosis(found, utc=self._zone is not None))

    def _kept(self, html: str, every_s: float = 0.0) -> Response:
        return answer({"page": f"/page/{self._pages.keep(html)}", "every_s": every_s})

    def _ask(self, request: Request) -> Ask:
        since, until = request.query_params.get("since") or "1d", request.query_params.get("until") or ""
        return Ask(since, until, self._settings.window(since, until or None, utc=self._utc, default="1d"))


def _metrics(row: Any) -> dict[str, Any]:
    from monitor.coldstarts.analyze_figures import metric_figures

    return metric_figures(row)


def _state(figures: Any) -> str:
    return figures.state if figures is not None else ""


def _theme(given: Mapping[str, str]) -> str:
    theme = given.get("theme", "")
    return theme if theme in ("light", "dark") else ""


def _not_found(_request: Request, _error: Exception | None = None) -> Response:
    return answer({"error": {"message": "there is no such page", "hint": "go to /"}}, 404)
