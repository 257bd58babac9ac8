"""Nobody but the user and the page itself uses `monitor serve`: other web pages, other programs, other users."""

from collections.abc import Iterator

import pytest

from tests.fakes.page import Page, page_of

DATA = (
    "/api/state",
    "/api/functions",
    "/api/cold?fn=x",
    "/api/traces?fn=x",
    "/api/invocation?fn=x&id=latest",
    "/api/dashboards",
    "/api/page/trace?id=x",
    "/api/page/dashboard?name=x",
    "/api/page/diagnosis?fn=x",
    "/api/events",
)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with page_of() as running:
        yield running


@pytest.mark.parametrize("path", DATA)
@pytest.mark.parametrize("token", ["", "x", "Bearer", "0" * 43])
def test_data_needs_the_token(page: Page, path: str, token: str) -> None:
    answer = page.get(path, token=token)
    assert answer.status == 401
    assert "token" in answer.json["error"]["message"]


def test_a_token_twice_or_of_another_scheme_is_refused(page: Page) -> None:
    token = page.running.token
    assert page.get("/api/state").status == 200
    for other in (f"Basic {token}", f"bearer{token}", f"Bearer {token} ", token, f"Bearer {token[:-1]}"):
        wanted = 200 if other.strip() == f"Bearer {token}" else 401
        assert page.get("/api/state", token="", Authorization=other).status == wanted
    assert page.get(f"/api/state?token={token}", token="").status == 401
    assert page.get("/api/state", token="", Cookie=f"token={token}").status == 401


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/page/x", *DATA])
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil:{port}", "", "[::1]:{port}"],
)
def test_another_host_is_refused(page: Page, path: str, host: str) -> None:
    """A page that had its own name resolved to 127.0.0.1 has a Host header of its own."""
    answer = page.get(path, Host=host.format(port=page.running.port))
    assert answer.status == 403


@pytest.mark.parametrize("path", ["/", "/static/main.js", *DATA])
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1", "http://localhost:1", "https://127.0.0.1:{port}"]
)
def test_another_origin_is_refused(page: Page, path: str, origin: str) -> None:
    answer = page.get(path, Origin=origin.format(port=page.running.port))
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_what_another_page_loads_is_refused(page: Page, site: str) -> None:
    """Another port of this machine is the same site, but not the same origin."""
    for path in ("/", "/static/main.js", "/page/x", *DATA):
        assert page.get(path, Sec_Fetch_Site=site).status == 403
        assert page.get(path, Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="iframe").status == 403
    # A link that somebody sent opens the page, which has no data by itself.
    opens = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert page.get("/fn/x/cold?since=1d", token="", **opens).status == 200
    for path in ("/page/x", "/static/main.js", *DATA):
        assert page.get(path, **opens).status == 403


def test_the_page_itself_and_a_typed_address_are_answered(page: Page) -> None:
    own = f"http://127.0.0.1:{page.running.port}"
    for headers in ({}, {"Sec_Fetch_Site": "none"}, {"Sec_Fetch_Site": "same-origin", "Origin": own}):
        assert page.get("/", token="", **headers).status == 200
        assert page.get("/api/state", **headers).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(page: Page, method: str) -> None:
    for path in ("/", *DATA):
        assert page.get(path, method).status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/static/../web/gate.py",
        "/static/%2e%2e/command.py",
        "/static/..%2fcommand.py",
        "/static/",
        "/page/",
        "/etc/passwd",
    ],
)
def test_no_other_file_is_served(page: Page, path: str) -> None:
    answer = page.get(path)
    assert answer.status == 404
    assert b"import" not in answer.body


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret.json", "pyproject.toml", "dashboards/lambda-overview.json"])
def test_a_dashboard_of_the_page_is_no_file_of_this_machine(
    page: Page, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page.site._account, "dashboards", lambda: ([], ["lambda-overview"]))
    answer = page.get(f"/api/page/dashboard?name={name}")
    assert answer.status == 404
    assert "there is no dashboard" in answer.json["error"]["message"]


def test_no_other_page_can_contain_it_and_no_text_becomes_script(page: Page) -> None:
    for path in ("/", "/fn/x/live", "/api/state", "/static/main.js", "/nowhere"):
        headers = page.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
    assert "set-cookie" not in page.get("/").headers


def test_the_server_listens_on_this_machine_only(page: Page) -> None:
    assert page.running.server._listener.getsockname()[0] == "127.0.0.1"


def test_the_token_is_in_no_answer(page: Page) -> None:
    for path in ("/", "/static/main.js", *DATA[:-1]):
        answer = page.get(path)
        assert page.running.token.encode() not in answer.body
        assert page.running.token not in str(answer.headers)


def test_too_many_readers_are_refused(page: Page) -> None:
    page.site.streams._readers = 24
    try:
        answer = page.get("/api/events")
    finally:
        page.site.streams._readers = 0
    assert answer.status == 400
    assert "24 tabs" in answer.json["error"]["message"]
