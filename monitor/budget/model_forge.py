"""A pull request on GitHub and a merge request on GitLab: where their comments are, and how a request is authorized."""

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit

from monitor.errors import UsageError
from monitor.kernel.values import dataclass

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request of a repository (`owner/name`), and how to reach the API that has it."""

    api_url: str
    repository: str
    number: int
    token: str = field(repr=False)

    @property
    def name(self) -> str:
        """As a person writes it."""
        return f"{self.repository}#{self.number}"

    @property
    def hint(self) -> str:
        """What a refusal usually means."""
        return "give the job `permissions: pull-requests: write`; pull requests of forks have none"

    @property
    def headers(self) -> dict[str, str]:
        """Of each request."""
        return {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "X-GitHub-Api-Version": "2022-11-28",
        }

    @property
    def comments_path(self) -> str:
        """Below the API's URL."""
        return f"/repos/{self.repository}/issues/{self.number}/comments"

    def update(self, comment_id: int) -> tuple[str, str]:
        """Method and path that change a comment."""
        return "PATCH", f"/repos/{self.repository}/issues/comments/{comment_id}"

    def is_own(self, comment: Mapping[str, Any], user: Mapping[str, Any] | None) -> bool:
        """Whether the token's user wrote it. A workflow's own token may not ask who that is: a bot writes for it."""
        author = comment.get("user")
        if not isinstance(author, dict):
            return False
        return author.get("login") == user.get("login") if user and user.get("login") else author.get("type") == "Bot"

    def check(self) -> None:
        """Refuse what the token must not be sent to.

        Raises:
            UsageError: the URL is no HTTPS URL (or loopback), or the repository's name is not a name.
        """
        _check_url("GITHUB_API_URL", self.api_url)
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", self.repository, re.ASCII) or ".." in self.repository.split("/"):
            raise UsageError(f"GITHUB_REPOSITORY is {self.repository!r}, not owner/name", "correct the variable")
        _check_token(self.token, "set GITHUB_TOKEN: ${{ github.token }}")


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """A merge request of a project (its number in GitLab), and how to reach the API that has it.

    https://docs.gitlab.com/api/notes/#merge-requests. A job's own token may not write notes.
    """

    api_url: str
    project: str
    number: int
    token: str = field(repr=False)

    @property
    def name(self) -> str:
        """As a person writes it."""
        return f"project {self.project}!{self.number}"

    @property
    def hint(self) -> str:
        """What a refusal usually means."""
        return "LAMBDA_MONITOR_TOKEN needs the scope `api` and the role Reporter in the project of the merge request"

    @property
    def headers(self) -> dict[str, str]:
        """Of each request."""
        return {"PRIVATE-TOKEN": self.token}

    @property
    def comments_path(self) -> str:
        """Below the API's URL."""
        return f"/projects/{self.project}/merge_requests/{self.number}/notes"

    def update(self, comment_id: int) -> tuple[str, str]:
        """Method and path that change a note."""
        return "PUT", f"{self.comments_path}/{comment_id}"

    def is_own(self, comment: Mapping[str, Any], user: Mapping[str, Any] | None) -> bool:
        """Whether the token's user wrote it."""
        author = comment.get("author")
        if not isinstance(author, dict) or user is None or comment.get("system"):
            return False
        return user.get("username") is not None and author.get("username") == user.get("username")

    def check(self) -> None:
        """Refuse what the token must not be sent to.

        Raises:
            UsageError: the URL is no HTTPS URL (or loopback), or the project is not a number.
        """
        _check_url("CI_API_V4_URL", self.api_url)
        if not re.fullmatch(r"\d{1,18}", self.project, re.ASCII):
            raise UsageError(f"CI_MERGE_REQUEST_PROJECT_ID is {self.project!r}, not a number", "correct the variable")
        _check_token(self.token, "set LAMBDA_MONITOR_TOKEN to a project access token with the scope `api`, masked")


def _check_url(variable: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.username or not (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)):
        raise UsageError(f"{variable} is {url!r}, which is not an https URL", "correct the variable")


def _check_token(token: str, hint: str) -> None:
    if not token or not token.isascii() or not token.isprintable():
        raise UsageError("there is no token for the comment", hint)
