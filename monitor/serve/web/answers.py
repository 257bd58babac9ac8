"""Answers as JSON: models under their own field names, every text harmless, errors with their hint."""

import json
import traceback
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from monitor.console.output import note
from monitor.console.text import clean, clean_lines
from monitor.errors import DeniedError, MonitorError, NotFoundError, RefusedError, UnreachableError, UsageError
from monitor.kernel.jsonable import Json, jsonable
from monitor.kernel.secrets import without_secrets
from monitor.serve.workflow_budget import LimitReachedError

_STATUS = (
    (LimitReachedError, 429),
    (UsageError, 400),
    (NotFoundError, 404),
    (DeniedError, 403),
    (RefusedError, 403),
    (UnreachableError, 502),
)


def answer(value: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(encoded(value), status, media_type="application/json")


def encoded(value: object) -> str:
    """A model, or what is made of models, as one line of JSON with harmless texts."""
    return json.dumps(_harmless(jsonable(value)), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def failed(request: Request, error: Exception) -> Response:
    """An error as an answer, by the status that fits. A defect's traceback is printed with --debug."""
    if not isinstance(error, MonitorError):
        if request.app.state.debug:
            note(without_secrets("".join(traceback.format_exception(error))))
        error = MonitorError(
            f"{type(error).__name__}: {error}",
            "this is a defect of monitor; `monitor serve --debug` prints where",
        )
        return answer(_error(error, error.hint), 500)
    # The commands in a hint work as they are shown: with the connection options of this page.
    hint = request.app.state.origin.carried_in_hint(error.hint)
    return answer(_error(error, hint), next((status for kind, status in _STATUS if isinstance(error, kind)), 400))


def _error(error: MonitorError, hint: str) -> dict[str, Any]:
    return {"error": {"message": error.message, "hint": hint}}


def _harmless(value: Json) -> Json:
    """The value with controls and bidirectional marks in its texts escaped; line ends stay."""
    if isinstance(value, str):
        return value if value.isascii() and value.isprintable() else "\n".join(clean_lines(value))
    if isinstance(value, list):
        return [_harmless(one) for one in value]
    if isinstance(value, dict):
        return {clean(name): _harmless(one) for name, one in value.items()}
    return value
