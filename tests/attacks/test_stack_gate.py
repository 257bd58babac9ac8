"""Nobody but its owner uses the embedded stack: web pages, other programs, other users of this machine."""

import base64
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from monitor.local.server.launch import PrivateStack
from tests.attacks.conftest import Send, raw_request, signed
from tests.functional.local.conftest import Client, client_of

LIST = "/2015-03-31/functions/"
# Each one reached code, or made the emulator run some, without any credentials.
OPEN_DOORS = (
    ("GET", "/?Action=CreateStack&StackName=s&TemplateBody=%7B%7D"),
    ("GET", "/?Action=DescribeStacks"),
    ("GET", LIST),
    ("GET", "/_ministack/health"),
    ("POST", "/_ministack/reset"),
    ("POST", "/_ministack/config"),
    ("GET", "/iceberg/v1/config"),
    ("GET", "/a-bucket/a-key"),
    ("OPTIONS", LIST),
    ("GET", "/_aws/execute-api/a/b/"),
)


@pytest.mark.parametrize(("method", "path"), OPEN_DOORS)
@pytest.mark.parametrize("service", ["", "glue", "cloudformation", "lambda", "s3"])
def test_a_request_without_the_key_of_the_stack_is_refused(send: Send, method: str, path: str, service: str) -> None:
    headers = signed("AKIAIOSFODNN7EXAMPLE", service) if service else {}
    answer = send(method, path, **headers)
    assert answer.status == 403
    assert b"security token" in answer.body


@pytest.mark.parametrize("target", ["AWSGlue.CreateJob", "AWSGlue.StartJobRun", "AmazonSSM.SendCommand"])
def test_a_post_from_another_program_of_this_machine_is_refused(send: Send, target: str) -> None:
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    assert send("POST", "/", b'{"Name": "j"}', **headers).status == 403
    assert send("POST", "/", b'{"Name": "j"}', **headers, **signed("test", "glue")).status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4566", "127.0.0.1.evil.example", "0.0.0.0", "a@127.0.0.1"]
)
def test_a_name_that_was_rebound_to_this_machine_is_refused(stack: PrivateStack, send: Send, host: str) -> None:
    """DNS rebinding: the page's own name leads here, so the browser sends no Origin. Even the key does not help."""
    answer = send("GET", LIST, host=host, **signed(stack.access_key, "lambda"))
    assert (answer.status, answer.code) == (403, "AccessDeniedException")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_request_of_a_web_page_is_refused_even_with_the_key(
    stack: PrivateStack, send: Send, headers: dict[str, str]
) -> None:
    answer = send("GET", LIST, **headers, **signed(stack.access_key, "lambda"))
    assert (answer.status, answer.code) == (403, "AccessDeniedException")


@pytest.mark.parametrize(
    "header",
    [
        "AWS4-HMAC-SHA256 Credential={key}x/1/r/lambda/aws4_request",
        "AWS4-HMAC-SHA256 Credential=/1/r/lambda/aws4_request",
        "AWS4-HMAC-SHA256 Credential=x/1/r/lambda/aws4_request, Credential={key}/1/r/lambda/aws4_request",
        "Bearer {key}",
        "{key}",
    ],
)
def test_a_credential_that_is_not_exactly_the_key_is_refused(stack: PrivateStack, send: Send, header: str) -> None:
    assert send("GET", LIST, Authorization=header.format(key=stack.access_key)).status == 403


def test_a_key_in_the_url_is_not_accepted(stack: PrivateStack, send: Send) -> None:
    """A URL is logged, and a page can make a browser open one."""
    scope = f"{stack.access_key}%2F20261123%2F{'r'}%2Flambda%2Faws4_request"
    assert send("GET", f"{LIST}?X-Amz-Credential={scope}").status == 403


def test_websockets_are_refused(stack: PrivateStack) -> None:
    address = stack.endpoint.removeprefix("http://")
    for path in ("/", "/_aws/execute-api/a/b", "/_ministack/health", "/_monitor/stack"):
        with socket.create_connection(address.split(":"), 10) as connection:  # type: ignore[arg-type]
            lines = [f"GET {path} HTTP/1.1", f"Host: {address}", "Upgrade: websocket", "Connection: Upgrade"]
            lines += ["Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {base64.b64encode(b'x' * 16).decode()}"]
            lines += [f"{name}: {value}" for name, value in signed(stack.access_key, "lambda").items()]
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            assert connection.recv(4096).split()[1] == b"403"


@pytest.mark.parametrize("with_key", [False, True])
def test_a_websocket_api_is_neither_made_nor_opened(stack: PrivateStack, send: Send, with_key: bool) -> None:
    """Before, whoever had made one was answered `101 Switching Protocols`."""
    headers = signed(stack.access_key, "apigateway") if with_key else {}
    api = {"name": "w", "protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.action"}
    made = send("POST", "/v2/apis", json.dumps(api).encode(), **headers)
    assert made.status in (400, 403)
    address = stack.endpoint.removeprefix("http://")
    ident = json.loads(made.body).get("apiId", "a") if made.body.startswith(b"{") else "a"
    for path in (f"/_aws/execute-api/{ident}/p", f"/_aws/execute-api/{ident}/$default"):
        with socket.create_connection(address.split(":"), 10) as connection:  # type: ignore[arg-type]
            lines = [f"GET {path} HTTP/1.1", f"Host: {address}", "Upgrade: websocket", "Connection: Upgrade"]
            lines += ["Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {base64.b64encode(b'x' * 16).decode()}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            assert connection.recv(4096).split()[1] == b"403"


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("glue", "create_job", {"Name": "j", "Role": "r", "Command": {"Name": "pythonshell"}}),
        ("glue", "start_job_run", {"JobName": "j"}),
        ("cloudformation", "create_stack", {"StackName": "s", "TemplateBody": "{}"}),
        ("ssm", "send_command", {"DocumentName": "AWS-RunShellScript"}),
        ("stepfunctions", "list_state_machines", {}),
        ("codebuild", "list_projects", {}),
        ("ecs", "list_clusters", {}),
        ("dynamodb", "list_tables", {}),
        ("iam", "list_users", {}),
        ("s3", "put_bucket_notification_configuration", {"Bucket": "abc", "NotificationConfiguration": {}}),
        (
            "lambda",
            "create_event_source_mapping",
            {"FunctionName": "f", "EventSourceArn": "arn:aws:sqs:r:000000000000:q"},
        ),
        ("lambda", "create_function_url_config", {"FunctionName": "f", "AuthType": "NONE"}),
        ("lambda", "invoke_with_response_stream", {"FunctionName": "f"}),
        (
            "logs",
            "put_subscription_filter",
            {"logGroupName": "g", "filterName": "f", "filterPattern": "", "destinationArn": "arn"},
        ),
    ],
)
def test_services_that_are_not_needed_are_off_for_the_owner_too(
    client: Client, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="does not support") as refused:
        getattr(client(service), operation)(**parameters)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("service", ["logs", "monitoring", "lambda", "s3", "sts", "xray", "tagging", "iam"])
@pytest.mark.parametrize("target", ["AWSGlue.CreateJob", "AmazonSSM.SendCommand", "AWSStepFunctions.StartExecution"])
def test_a_target_of_another_service_is_not_smuggled_in_under_an_allowed_one(
    stack: PrivateStack, send: Send, service: str, target: str
) -> None:
    """The emulator looks at X-Amz-Target before it looks at the signature."""
    answer = send("POST", "/", b"{}", X_Amz_Target=target, **signed(stack.access_key, service))
    assert (answer.status, b"does not support" in answer.body) == (400, True)


@pytest.mark.parametrize(
    "path",
    [
        "/_ministack/reset",
        "/_ministack/config",
        "/2015-03-31/functions/f/invocations",
        "/iceberg/v1/config",
        "/v20180820/x",
    ],
)
def test_paths_of_the_emulator_are_not_reached_as_if_they_were_buckets(
    stack: PrivateStack, send: Send, path: str
) -> None:
    for method in ("GET", "PUT", "POST"):
        assert send(method, path, **signed(stack.access_key, "s3")).status == 400


def test_functions_in_other_languages_are_not_handed_to_the_emulator(client: Client) -> None:
    import io
    import zipfile

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("index.js", "exports.handler = async () => require('fs').writeFileSync('/tmp/owned', '')")
    client("lambda").create_function(
        FunctionName="node",
        Runtime="nodejs22.x",
        Role="arn:aws:iam::000000000000:role/r",
        Handler="index.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    with pytest.raises(ClientError, match="runs functions in Python, not nodejs22"):
        client("lambda").invoke(FunctionName="node")


def test_the_health_path_is_open_and_tells_nothing(stack: PrivateStack, send: Send) -> None:
    plain = send("GET", "/_monitor/stack", host="any.example")
    assert (plain.status, json.loads(plain.body)) == (200, {"status": "ok"})
    answered = send("GET", "/_monitor/stack?challenge=abc")
    assert set(json.loads(answered.body)) == {"status", "proof"}
    assert stack.access_key.encode() not in answered.body


def test_down_does_not_end_a_process_that_only_claims_to_be_the_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The port of a stack that died is taken by another user's server, its pid by another process of the owner."""
    from monitor.errors import NotFoundError
    from monitor.local.server import registry

    monkeypatch.setenv("MONITOR_STATE_HOME", str(tmp_path))
    impostor = """
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        answer = {"status": "ok", "pid": int(sys.argv[1]), "identity": "id", "proof": "0" * 64}
        self.wfile.write(json.dumps(answer).encode())
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""
    with subprocess.Popen(["sleep", "60"]) as bystander:
        command = [sys.executable, "-c", impostor, str(bystander.pid)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            endpoint = f"http://127.0.0.1:{port}"
            registry.write(registry.StackInfo(bystander.pid, port, endpoint, "2026-11-23T00:00:00+00:00", "the-key"))
            with pytest.raises(NotFoundError):
                registry.down(port)
            assert bystander.poll() is None
            server.kill()
        bystander.kill()


def test_a_registry_file_of_another_user_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to make a file of another user")
    from monitor.local.server import registry

    monkeypatch.setenv("MONITOR_STATE_HOME", str(tmp_path))
    path = registry.write(registry.StackInfo(1, 4566, "http://127.0.0.1:4566", "2026-11-23T00:00:00+00:00", "k"))
    assert registry.read(4566) is not None
    os.chown(path, 12345, 12345)
    assert registry.read(4566) is None


def test_a_registry_file_cannot_lead_to_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.local.server import registry

    monkeypatch.setenv("MONITOR_STATE_HOME", str(tmp_path))
    registry.write(registry.StackInfo(1, 4566, "http://evil.example:4566", "2026-11-23T00:00:00+00:00", "k"))
    assert registry.read(4566) is None


_OTHER_USER = 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_another_user_of_this_machine_gets_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.local.server import registry

    home, state = tmp_path / "home", tmp_path / "state"
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    monkeypatch.setenv("MONITOR_STATE_HOME", str(home))
    info = registry.detach(0, state)
    try:
        function = client_of(info.endpoint, info.access_key)("lambda")
        assert function.list_functions()["Functions"] == []
        attack = f"""
import encodings.idna, json, os, pathlib, urllib.request, urllib.error
os.setgroups([]); os.setgid({_OTHER_USER}); os.setuid({_OTHER_USER})
def attempt(act):
    try:
        return repr(act())[:200]
    except BaseException as error:
        return type(error).__name__ + " " + str(getattr(error, "code", ""))
home, state, pid = pathlib.Path({str(home)!r}), pathlib.Path({str(state)!r}), {info.pid}
def ask(path, **headers):
    return urllib.request.urlopen(urllib.request.Request({info.endpoint!r} + path, headers=headers), timeout=10).read()
scope = "AWS4-HMAC-SHA256 Credential=local/20261123/r/lambda/aws4_request, SignedHeaders=host, Signature=0"
print(json.dumps([
    attempt(lambda: (home / "stack-{info.port}.json").read_text()),
    attempt(lambda: list(home.iterdir())),
    attempt(lambda: list(state.iterdir())),
    attempt(lambda: open(f"/proc/{{pid}}/environ").read()),
    attempt(lambda: os.kill(pid, 9)),
    attempt(lambda: ask("/2015-03-31/functions/")),
    attempt(lambda: ask("/2015-03-31/functions/", Authorization=scope)),
]))
"""
        done = subprocess.run(
            [sys.executable, "-I", "-c", attack], capture_output=True, text=True, timeout=60, check=False, cwd="/"
        )
        assert json.loads(done.stdout) == ["PermissionError "] * 5 + ["HTTPError 403"] * 2, done.stderr
        modes = {path: oct(path.stat().st_mode & 0o077) for path in (home, state, *state.rglob("*"))}
        assert set(modes.values()) == {"0o0"}, modes
    finally:
        registry.down(info.port)
    modes = {path: oct(path.stat().st_mode & 0o077) for path in state.rglob("*")}
    assert set(modes.values()) == {"0o0"}, modes


def test_the_key_is_in_no_output_no_log_and_no_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.local.server import registry

    monkeypatch.setenv("MONITOR_STATE_HOME", str(tmp_path))
    state = tmp_path / "state"
    info = registry.detach(0, state)
    try:
        client = client_of(info.endpoint, info.access_key)
        client("logs").create_log_group(logGroupName="g")
        client("s3").create_bucket(Bucket="abc", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"})
        client("sts").get_caller_identity()
        raw_request(info.endpoint, "GET", "/nothing", headers=signed(info.access_key, "glue"))
        places = [registry.log_path(info.port).read_bytes()]
        places += [Path(f"/proc/{info.pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
    finally:
        registry.down(info.port)
    places += [path.read_bytes() for path in state.rglob("*") if path.is_file()]
    assert len(places) > 3
    assert not [place for place in places if info.access_key.encode() in place]
    assert info.access_key not in repr(info)
