"""The APIs of GitHub and GitLab for the comments of one request, on loopback, as far as a comment needs them."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY, NUMBER, TOKEN = "acme/images", 7, "ghs_secretsecretsecret"
BOT = {"login": "github-actions[bot]", "type": "Bot"}
_COMMENTS = f"/repos/{REPOSITORY}/issues/{NUMBER}/comments"
_COMMENT = re.compile(rf"/repos/{REPOSITORY}/issues/comments/(\d+)")
PROJECT, GITLAB_TOKEN = "42", "glpat-secretsecret"
_NOTES = f"/api/v4/projects/{PROJECT}/merge_requests/{NUMBER}/notes"
_NOTE = re.compile(rf"{_NOTES}/(\d+)")


@dataclass
class Forge:
    """Its address, the comments of the pull request, and the requests that came. `status` refuses all, `user` is who
    the token belongs to (None: a workflow's own token, which may not ask)."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    status: int = 0
    location: str = ""
    user: dict[str, Any] | None = None

    def add(self, body: str, user: dict[str, Any]) -> dict[str, Any]:
        made = {"id": len(self.comments) + 1, "body": body, "user": user}
        self.comments.append(made)
        return made

    @property
    def environment(self) -> dict[str, str]:
        """What a workflow has of it."""
        return {"GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN}

    @property
    def gitlab_environment(self) -> dict[str, str]:
        """What a job of GitLab for a merge request has of it."""
        return {
            "CI_API_V4_URL": f"{self.url}/api/v4",
            "CI_MERGE_REQUEST_PROJECT_ID": PROJECT,
            "CI_MERGE_REQUEST_IID": str(NUMBER),
            "LAMBDA_MONITOR_TOKEN": GITLAB_TOKEN,
        }


@contextmanager
def forge() -> Iterator[Forge]:
    """A forge with a pull request without comments."""
    it = Forge()

    class Handler(BaseHTTPRequestHandler):
        def answer(self, status: int, document: Any) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            if it.location:
                self.send_header("Location", it.location)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def handle_any(self) -> None:
            it.requests.append((self.command, self.path))
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length)) if length else {}
            parts = urlsplit(self.path)
            if parts.path.startswith("/api/v4/"):
                self.answer(*self.gitlab(parts.path, parse_qs(parts.query), sent))
            elif it.status or self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self.answer(it.status or 401, {"message": "Bad credentials"})
            elif parts.path == "/user":
                self.answer(200 if it.user else 403, it.user or {"message": "Resource not accessible by integration"})
            elif parts.path == _COMMENTS and self.command == "GET":
                query = parse_qs(parts.query)
                size, page = int(query["per_page"][0]), int(query["page"][0])
                self.answer(200, it.comments[size * (page - 1) : size * page])
            elif parts.path == _COMMENTS and self.command == "POST":
                self.answer(201, it.add(sent["body"], it.user or BOT))
            elif (found := _COMMENT.fullmatch(parts.path)) and self.command == "PATCH":
                it.comments[int(found[1]) - 1]["body"] = sent["body"]
                self.answer(200, it.comments[int(found[1]) - 1])
            else:
                self.answer(404, {"message": "Not Found"})

        def gitlab(self, path: str, query: dict[str, list[str]], sent: dict[str, str]) -> tuple[int, Any]:
            """GitLab's notes: created with POST, changed with PUT; `author` is who wrote one."""
            me = {"id": 5, "username": "project_42_bot"}
            if it.status or self.headers.get("PRIVATE-TOKEN") != GITLAB_TOKEN:
                return it.status or 401, {"message": "401 Unauthorized"}
            if path == "/api/v4/user":
                return 200, me
            if path == _NOTES and self.command == "GET":
                size, page = int(query["per_page"][0]), int(query["page"][0])
                return 200, it.comments[size * (page - 1) : size * page]
            if self.headers.get("Content-Type") != "application/json":
                return 400, {"error": "body is missing"}
            if path == _NOTES and self.command == "POST":
                it.comments.append({"id": len(it.comments) + 1, "body": sent["body"], "author": me, "system": False})
                return 201, it.comments[-1]
            if (found := _NOTE.fullmatch(path)) and self.command == "PUT":
                it.comments[int(found[1]) - 1]["body"] = sent["body"]
                return 200, it.comments[int(found[1]) - 1]
            return 404, {"message": "404 Not Found"}

        do_GET = do_POST = do_PATCH = do_PUT = handle_any  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    it.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield it
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
