"""A loopback proxy that stands for IAM: passes AWS API calls on, but denies those of one permission.

A denial has the wire format of the call's protocol (json, rest-json, query, the last also as errors of services that
came from it), and the words in which AWS denies: from public issue reports of each service.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.session import Session

from tests.fakes.loopback_proxy import LoopbackProxy, kept_headers

ACCOUNT = "123456789012"
CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/analyst/someone"
_SIGNED = re.compile(r"Credential=[^/]+/\d+/([\w-]*)/([\w-]+)/aws4_request")
_SERVICES = {"monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi"}
_REST = ("lambda", "xray")

Answer = dict[str, Any]


@cache
def _routes(service: str) -> list[tuple[str, re.Pattern[str], str]]:
    model = Session().get_service_model(service)
    found = []
    for name in model.operation_names:
        http_ = model.operation_model(name).http
        uri, _, query = http_["requestUri"].partition("?")
        path = "".join(
            "[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", uri.rstrip("/"))
        )
        found.append((http_["method"], re.compile(path + "/?" + (rf"\?.*{re.escape(query)}.*" if query else "")), name))
    # Those that name a query are more particular.
    return sorted(found, key=lambda one: "?." not in one[1].pattern)


def operation_of(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[str, str, str]:
    """The service (as botocore names it), operation and region of a signed request; empty for what is not one."""
    signed = _SIGNED.search(headers.get("authorization", ""))
    if not signed:
        return "", "", ""
    service = _SERVICES.get(signed[2], signed[2])
    if target := headers.get("x-amz-target"):
        return service, target.rpartition(".")[2], signed[1]
    if service in _REST:
        parts = urlsplit(path)
        for verb, pattern, name in _routes(service):
            whole = parts.path + (f"?{parts.query}" if "\\?" in pattern.pattern else "")
            if verb == method and pattern.fullmatch(whole):
                return service, name, signed[1]
        raise AssertionError(f"no operation of {service} is {method} {path}")
    return service, parse_qs(body.decode()).get("Action", [""])[0], signed[1]


class IamProxy(LoopbackProxy):
    """Passes on to `upstream`; `denied` is a call as `service:Operation`, denied as `action`, `because` of a policy.

    `answers` stand in for calls that the emulator cannot answer; `calls` counts what was asked.
    """

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.denied = ""
        self.action = ""
        self.because = "because no identity-based policy allows the {action} action"
        self.answers: dict[str, Callable[[Answer], Answer]] = {}
        self.calls: Counter[str] = Counter()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """One request."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        service, operation, region = operation_of(handler.command, handler.path, headers, body)
        call = f"{service}:{operation}"
        if service:
            self.calls[call] += 1
        if service and call == self.denied:
            message = self._message(service, operation, region, handler.path, body)
            _send(handler, *denial(service, headers, message))
        elif call in self.answers:
            asked = json.loads(body) if body[:1] == b"{" else {}
            text = json.dumps(self.answers[call](asked)).encode()
            _send(handler, 200, {"Content-Type": "application/json"}, text)
        else:
            self._pass_on(handler, body)

    def _message(self, service: str, operation: str, region: str, path: str, body: bytes) -> str:
        resource = resource_of(service, operation, region, path, body)
        on = f" on resource: {resource}" if resource else ""
        why = self.because.format(action=self.action)
        return f"User: {CALLER} is not authorized to perform: {self.action}{on} {why}".rstrip()

    def _pass_on(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        connection, answer = self.ask(handler, body)
        handler.send_response(answer.status)
        for name, value in kept_headers(answer):
            handler.send_header(name, value)
        # In chunks, as they come: Live tail's answer has no end.
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        try:
            while part := answer.read1(65536):
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                handler.wfile.flush()
            handler.wfile.write(b"0\r\n\r\n")
            handler.wfile.flush()
        except OSError:
            handler.close_connection = True  # the client has gone
        finally:
            connection.close()


def resource_of(service: str, operation: str, region: str, path: str, body: bytes) -> str:
    """The resource as a denial names it; empty where AWS names none."""
    parts = unquote(urlsplit(path).path).strip("/").split("/")
    asked = json.loads(body) if body[:1] == b"{" else {}
    if service == "lambda" and "functions" in parts and len(parts) > 2:
        return f"arn:aws:lambda:{region}:{ACCOUNT}:function:{parts[2]}"
    if service == "lambda" and operation == "GetLayerVersionByArn":
        return parse_qs(urlsplit(path).query)["Arn"][0]
    if service == "lambda" and operation in ("GetLayerVersion", "PublishLayerVersion"):
        return f"arn:aws:lambda:{region}:{ACCOUNT}:{':'.join(('layer', parts[2], *parts[4:5]))}"
    if service == "logs" and operation != "StopQuery":
        groups = [asked.get("logGroupName", ""), *asked.get("logGroupNames", ())]
        return f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{next(filter(None, groups), '')}:log-stream:"
    if service == "cloudwatch" and "Dashboard" in operation and operation != "ListDashboards":
        name = asked.get("DashboardName") or asked["DashboardNames"][0]
        return f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{name}"
    if service == "iam":
        asked = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        return asked.get("PolicySourceArn") or f"role {asked.get('RoleName')}"
    return ""


def denial(service: str, headers: dict[str, str], message: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a denial, in the request's protocol."""
    if "x-www-form-urlencoded" in headers.get("content-type", ""):
        text = message.replace("&", "&amp;").replace("<", "&lt;")
        body = (
            '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>'
            f"<Code>AccessDenied</Code><Message>{text}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
        )
        return 403, {"Content-Type": "text/xml"}, body.encode()
    if service in _REST:
        kind = {"Content-Type": "application/json", "x-amzn-ErrorType": "AccessDeniedException:"}
        return 403, kind, json.dumps({"Message" if service == "lambda" else "message": message}).encode()
    kind = {"Content-Type": headers.get("content-type", "application/x-amz-json-1.1")}
    if headers.get("x-amzn-query-mode"):
        # A service that spoke the query protocol says its old code beside the new one.
        kind["x-amzn-query-error"] = "AccessDenied;Sender"
        return 403, kind, json.dumps({"__type": "com.amazonaws#AccessDenied", "message": message}).encode()
    return 400, kind, json.dumps({"__type": "AccessDeniedException", "Message": message}).encode()


def _send(handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
    handler.wfile.flush()
