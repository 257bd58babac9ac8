"""The one comment on a pull request: created once, then updated, by GitHub's REST API.

The token is sent to the API's own host only: redirects are not followed, and plain HTTP is for loopback addresses.
"""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

import urllib3

from monitor.aws.timed_headers import timed_pools
from monitor.errors import MonitorError, RefusedError, UnreachableError, UsageError
from monitor.kernel.budgets import CONNECT_S, SILENT_S

# 100 comments of 65,536 characters, in JSON.
_MOST_BYTES = 64 << 20
_ANSWER_S = SILENT_S * 2
_PAGE = 100
_MOST_PAGES = 50
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Commented(Enum):
    """What became of the comment."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request of a repository (`owner/name`), and how to reach the API that has it."""

    api_url: str
    repository: str
    number: int
    token: str = field(repr=False)

    def check(self) -> None:
        """Refuse what the token must not be sent to.

        Raises:
            UsageError: the URL is no HTTPS URL (or loopback), or the repository's name is not a name.
        """
        try:
            parts = urlsplit(self.api_url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host, parts = None, urlsplit("")
        if (
            not host
            or parts.username
            or not (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))
        ):
            raise UsageError(f"GITHUB_API_URL is {self.api_url!r}, which is not an https URL", "correct the variable")
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", self.repository, re.ASCII) or ".." in self.repository.split("/"):
            raise UsageError(f"GITHUB_REPOSITORY is {self.repository!r}, not owner/name", "correct the variable")
        if not self.token or not self.token.isascii() or not self.token.isprintable():
            raise UsageError("there is no token for the comment", "set GITHUB_TOKEN: ${{ github.token }}")


def comment(on: PullRequest, body: str, marker: str, *, only_update: bool) -> Commented:
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
            api.call("POST", f"/issues/{on.number}/comments", {"body": text})
            return Commented.CREATED
        if own.get("body") == text:
            return Commented.UNCHANGED
        api.call("PATCH", f"/issues/comments/{int(own['id'])}", {"body": text})
        return Commented.UPDATED
    finally:
        pool.clear()


def _own(api: "_Api", marker: str) -> dict[str, Any] | None:
    """The first comment with the marker that this token's user wrote: anybody can write the marker."""
    found = [one for one in _comments(api) if str(one.get("body") or "").startswith(marker) and "id" in one]
    if not found:
        return None
    login = api.login()
    for one in found:
        user = one.get("user")
        if isinstance(user, dict) and (user.get("login") == login if login else user.get("type") == "Bot"):
            return one
    return None


def _comments(api: "_Api") -> Iterator[dict[str, Any]]:
    for number in range(1, _MOST_PAGES + 1):
        page = api.call("GET", f"/issues/{api.on.number}/comments?per_page={_PAGE}&page={number}")
        if not isinstance(page, list):
            raise UnreachableError(f"{api.host} sent no list of comments", "check GITHUB_API_URL")
        yield from (one for one in page if isinstance(one, dict))
        if len(page) < _PAGE:
            return


class _Api:
    """Requests about one repository."""

    def __init__(self, on: PullRequest, pool: urllib3.PoolManager) -> None:
        self.on, self._pool = on, pool
        self.host = urlsplit(on.api_url).hostname or "the API"

    def login(self) -> str | None:
        """The user of the token; None for a workflow's own token: a bot writes its comments."""
        try:
            user = self._request("GET", f"{self.on.api_url.rstrip('/')}/user", None)
        except RefusedError:
            return None
        login = user.get("login") if isinstance(user, dict) else None
        return login if isinstance(login, str) else None

    def call(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        """The answer to a request below the repository, from JSON."""
        return self._request(method, f"{self.on.api_url.rstrip('/')}/repos/{self.on.repository}{path}", body)

    def _request(self, method: str, url: str, body: dict[str, str] | None) -> Any:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.on.token}",
            "User-Agent": "lambda-monitor",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        content = None if body is None else json.dumps(body).encode()
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
                raise UnreachableError(f"{self.host} sent something that is not JSON", "check GITHUB_API_URL") from None
        raise self._error(answer.status)

    def _error(self, status: int) -> MonitorError:
        if status in (401, 403, 404):
            return RefusedError(
                f"{self.host} refuses the comment on {self.on.repository}#{self.on.number} (status {status})",
                "give the job `permissions: pull-requests: write`; pull requests of forks have none",
            )
        return UnreachableError(f"{self.host} responded with status {status}", "try again")


def _body(answer: urllib3.BaseHTTPResponse) -> bytes:
    """The whole body, within a size and a time."""
    end_s = time.monotonic() + _ANSWER_S
    parts: list[bytes] = []
    try:
        while part := answer.read1(1 << 18):
            parts.append(part)
            if sum(map(len, parts)) > _MOST_BYTES or time.monotonic() > end_s:
                raise UnreachableError("the answer of the API is too large or too slow", "try again")
    finally:
        answer.close()
    return b"".join(parts)
