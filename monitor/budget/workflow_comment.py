"""The one comment on a pull request or merge request: created once, then updated, by the REST API of the forge.

The token is sent to the API's own host only: redirects are not followed, and plain HTTP is for loopback addresses.
"""

import json
import time
from collections.abc import Iterator
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

import urllib3

from monitor.aws.timed_headers import timed_pools
from monitor.budget.model_forge import MergeRequest, PullRequest
from monitor.errors import MonitorError, RefusedError, UnreachableError
from monitor.kernel.budgets import CONNECT_S, SILENT_S

# 100 comments of 65,536 characters, in JSON.
_MOST_BYTES = 64 << 20
_ANSWER_S = SILENT_S * 2
_PAGE = 100
_MOST_PAGES = 50


class Commented(Enum):
    """What became of the comment."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    NOT_NEEDED = "not needed"


def comment(on: PullRequest | MergeRequest, body: str, marker: str, *, only_update: bool) -> Commented:
    """Update the comment that begins with `marker`, or create it unless `only_update`.

    Raises:
        UsageError: the address or the token cannot be used.
        RefusedError: the token may not do this.
        UnreachableError: the API does not answer, or answers with something else.
    """
    on.check()
    pool = timed_pools(retries=False, timeout=urllib3.Timeout(connect=CONNECT_S, read=SILENT_S))
    try:
        api = _Api(on, pool)
        own = _own(api, marker)
        text = f"{marker}\n{body}"
        if own is None:
            if only_update:
                return Commented.NOT_NEEDED
            api.call("POST", on.comments_path, {"body": text})
            return Commented.CREATED
        if own.get("body") == text:
            return Commented.UNCHANGED
        api.call(*on.update(own["id"]), {"body": text})
        return Commented.UPDATED
    finally:
        pool.clear()


def _own(api: "_Api", marker: str) -> dict[str, Any] | None:
    """The first comment with the marker that this token's user wrote: anybody can write the marker."""
    found = [
        one for one in _comments(api) if str(one.get("body") or "").startswith(marker) and type(one.get("id")) is int
    ]
    user = api.user() if found else None
    return next((one for one in found if api.on.is_own(one, user)), None)


def _comments(api: "_Api") -> Iterator[dict[str, Any]]:
    for number in range(1, _MOST_PAGES + 1):
        page = api.call("GET", f"{api.on.comments_path}?per_page={_PAGE}&page={number}")
        if not isinstance(page, list):
            raise UnreachableError(f"{api.host} sent no list of comments", "check the URL of the API")
        yield from (one for one in page if isinstance(one, dict))
        if len(page) < _PAGE:
            return


class _Api:
    """Requests to the API of one pull request or merge request."""

    def __init__(self, on: PullRequest | MergeRequest, pool: urllib3.PoolManager) -> None:
        self.on, self._pool = on, pool
        self.host = urlsplit(on.api_url).hostname or "the API"

    def user(self) -> dict[str, Any] | None:
        """The user of the token; None if the token may not ask."""
        try:
            user = self.call("GET", "/user")
        except RefusedError:
            return None
        return user if isinstance(user, dict) else None

    def call(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        """The answer to a request, from JSON."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"User-Agent": "lambda-monitor", "Content-Type": "application/json", **self.on.headers}
        url = self.on.api_url.rstrip("/") + path
        try:
            answer = self._pool.request(
                method, url, body=content, headers=headers, redirect=False, preload_content=False
            )
            data = _body(answer)
        except (urllib3.exceptions.HTTPError, OSError):
            raise UnreachableError(f"{self.host} could not be reached", "try again") from None
        if answer.status in (200, 201):
            try:
                return json.loads(data)
            except (ValueError, RecursionError):
                raise UnreachableError(
                    f"{self.host} sent something that is not JSON", "check the URL of the API"
                ) from None
        raise self._error(answer.status)

    def _error(self, status: int) -> MonitorError:
        if status in (401, 403, 404):
            return RefusedError(f"{self.host} refuses the comment on {self.on.name} (status {status})", self.on.hint)
        return UnreachableError(f"{self.host} responded with status {status}", "try again")


def _body(answer: urllib3.BaseHTTPResponse) -> bytes:
    """The whole body, within a size and a time."""
    end_s = time.monotonic() + _ANSWER_S
    parts: list[bytes] = []
    try:
        while part := answer.read1(1 << 18):
            parts.append(part)
            if sum(map(len, parts)) > _MOST_BYTES or time.monotonic() > end_s:
                raise UnreachableError("the response of the API is too large or too slow", "try again")
    finally:
        answer.close()
    return b"".join(parts)
