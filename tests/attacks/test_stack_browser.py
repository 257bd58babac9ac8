"""Web pages in a real browser (headless Chromium) against a running stack."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from monitor.local.server.launch import PrivateStack
from tests.functional.conftest import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.functional.local.conftest import Client

TEMPLATE = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
CREATE = f"/?Action=CreateStack&StackName=owned&TemplateBody={quote(TEMPLATE)}"


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (the extra `dev` has it)")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: `apt-get install chromium`, or set MONITOR_CHROMIUM")
    # A name server of the attacker's that answers with this machine's loopback.
    rebound = "--host-resolver-rules=MAP rebound.example 127.0.0.1"
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*CHROMIUM_ARGUMENTS, rebound])
        yield browser.new_page()
        browser.close()


@contextmanager
def site(html: str) -> Iterator[str]:
    """The attacker's own web server, on another port of this machine."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def stacks(client: Client) -> list[str]:
    return [one["StackName"] for one in client("cloudformation").describe_stacks()["Stacks"]]


ATTACKS = {
    "an image": """
        const i = new Image(); i.onerror = () => done('refused'); i.onload = () => done('loaded'); i.src = url;
    """,
    "a script": """
        const s = document.createElement('script'); s.onerror = () => done('refused');
        s.onload = () => done('loaded'); s.src = url; document.body.append(s);
    """,
    "a simple GET": """
        fetch(url, {mode: 'no-cors'}).then(r => done(r.type), () => done('refused'));
    """,
    "a simple POST": """
        fetch(base + '/', {method: 'POST', mode: 'no-cors', body: new URLSearchParams(query)})
            .then(r => done(r.type), () => done('refused'));
    """,
    "a POST with AWS headers": """
        fetch(base + '/', {method: 'POST', headers: {'X-Amz-Target': 'AWSGlue.CreateJob'}, body: '{}'})
            .then(r => done('answered ' + r.status), () => done('refused'));
    """,
    "a WebSocket": """
        const w = new WebSocket(base.replace('http', 'ws') + '/_aws/execute-api/a/b');
        w.onopen = () => done('opened'); w.onerror = () => done('refused');
    """,
    "an EventSource": """
        const e = new EventSource(url); e.onopen = () => done('opened'); e.onerror = () => done('refused');
    """,
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_page_on_another_port_changes_and_reads_nothing(
    page: Any, stack: PrivateStack, client: Client, name: str
) -> None:
    query = CREATE.partition("?")[2]
    setting = f"const base = {stack.endpoint!r}, query = {query!r}, url = base + {CREATE!r};"
    html = f"<body><script>const done = text => {{ document.title = text }}; {setting} {ATTACKS[name]}</script>"
    with site(html) as url:
        page.goto(url)
        page.wait_for_function("document.title !== ''")
        # An opaque answer is one that the page cannot read, not even its status.
        assert page.title() in ("refused", "opaque")
    assert stacks(client) == []


def test_a_form_that_submits_itself_is_refused(page: Any, stack: PrivateStack, client: Client) -> None:
    fields = "".join(
        f"<input name={name} value='{value}'>"
        for name, value in {"Action": "CreateStack", "StackName": "owned", "TemplateBody": TEMPLATE}.items()
    )
    html = f"<form method=post action={stack.endpoint}/>{fields}</form><script>document.forms[0].submit()</script>"
    with site(html) as url, page.expect_response(f"{stack.endpoint}/") as response:
        page.goto(url)
    assert response.value.status == 403
    assert stacks(client) == []


def test_a_link_to_the_stack_is_refused(page: Any, stack: PrivateStack, client: Client) -> None:
    html = f"<script>location = {stack.endpoint + CREATE!r}</script>"
    with site(html) as url, page.expect_response(lambda one: one.url.startswith(stack.endpoint)) as response:
        page.goto(url)
    assert response.value.status == 403
    assert stacks(client) == []


def test_a_name_rebound_to_this_machine_is_refused(page: Any, stack: PrivateStack, client: Client) -> None:
    """The page and the stack then have one origin, so that the page may read answers and set any header."""
    port = stack.endpoint.rpartition(":")[2]
    assert page.goto(f"http://rebound.example:{port}{CREATE}").status == 403
    asked = """async path => {
        const headers = {Authorization: 'AWS4-HMAC-SHA256 Credential=test/20261123/r/glue/aws4_request, Signature=0',
                         'X-Amz-Target': 'AWSGlue.CreateJob'};
        return [(await fetch(path)).status, (await fetch('/', {method: 'POST', headers, body: '{}'})).status];
    }"""
    assert page.evaluate(asked, CREATE) == [403, 403]
    assert stacks(client) == []
