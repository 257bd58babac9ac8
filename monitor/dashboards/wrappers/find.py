"""Recognize the files of other tools, and read the dashboards in them."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from monitor.dashboards.body import variables
from monitor.dashboards.wrappers import cloudformation, terraform
from monitor.dashboards.wrappers.model import Parts, Placeholder, WrappedDashboard, Wrapper
from monitor.errors import UsageError
from monitor.kernel.pointer import join

_HCL = re.compile(r'^\s*resource\s+"aws_cloudwatch_dashboard"\s+"([^"]+)"', re.MULTILINE)
_YAML = re.compile(r"^\s*(?:-\s+)?Type:\s*['\"]?AWS::CloudWatch::Dashboard\b", re.MULTILINE)
_YAML_BODY = re.compile(r"^widgets:(?:\s|$)", re.MULTILINE)
_YAML_MEMBER = re.compile(r"^\s*(?:-\s+)?dashboard_?body:\s", re.MULTILINE | re.IGNORECASE)
YAML_BODY = (
    "this is a dashboard body in YAML",
    "CloudWatch takes JSON: convert the file, for example with `yq -o json`",
)
_NAMES = ("DashboardName", "dashboardName", "dashboard_name")
_DEEPEST = 40
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def find(document: Any) -> Wrapper | None:
    """The dashboards in a parsed file of another tool; None if the document is none."""
    if isinstance(document, str):
        return Wrapper("a dashboard inside a JSON string", (WrappedDashboard("", "", "", (document,)),))
    if isinstance(document, list):
        return _of_any_tool(document)
    if not isinstance(document, Mapping) or "widgets" in document:
        return None
    for member, named in (("DashboardBody", "DashboardName"), ("dashboardBody", "dashboardName")):
        if member in document:
            body, name = document[member], str(document.get(named) or "")
            parts = (body,) if isinstance(body, str) else body if isinstance(body, dict) else None
            reason = "" if parts is not None else f"its {member} is not text"
            kind = f"a dashboard inside the member {member}, as `aws cloudwatch get-dashboard` prints it"
            return Wrapper(kind, (WrappedDashboard(name, f"/{member}", name, parts, reason),))
    known = cloudformation.find(document) or terraform.find(document)
    return known if known is not None else _of_any_tool(document)


def _of_any_tool(document: Any) -> Wrapper | None:
    """The dashboards of a file in which members at any depth have them, each once: a state repeats its inputs."""
    found: list[WrappedDashboard] = []
    for one in _anywhere(document, "", 0):
        if all((one.name, one.body) != (other.name, other.body) for other in found):
            is_known = any(one.name == other.name for other in found)
            found.append(replace(one, name=one.pointer) if is_known else one)
    return Wrapper("a file of another tool", tuple(found)) if found else None


def _anywhere(value: Any, pointer: str, depth: int) -> Iterator[WrappedDashboard]:
    """The dashboards whose text a member at any depth has, as in the states of tools that are not known here."""
    if depth > _DEEPEST:
        return
    members = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        place = join(pointer, str(key))
        is_body = str(key).replace("_", "").lower() == "dashboardbody"
        if is_body and (found := _body(inner, place)) is not None:
            named = next((value[one] for one in _NAMES if isinstance(value.get(one), str)), "")
            yield WrappedDashboard(named or place, found[1], named, found[0])
        else:
            yield from _anywhere(inner, place, depth + 1)


def _body(value: Any, pointer: str) -> tuple[tuple[str, ...] | dict[str, Any], str] | None:
    """A body as text, as an object, or as an object that a function makes into text, such as Pulumi's `fn::toJSON`."""
    if isinstance(value, str):
        return ((value,), pointer) if '"widgets"' in value else None
    if not isinstance(value, dict):
        return None
    if "widgets" in value:
        return value, pointer
    ((key, inner),) = value.items() if len(value) == 1 else (("", None),)
    return (inner, join(pointer, str(key))) if isinstance(inner, dict) and "widgets" in inner else None


def misfit(document: Any, file: str) -> tuple[str, str, str] | None:
    """Why a parsed file is not a dashboard, what to do, and a JSON pointer; None if nothing is recognized."""
    if wrapper := find(document):
        return *describe(wrapper, file), wrapper.dashboards[0].pointer if wrapper.dashboards else ""
    if isinstance(document, Mapping) and isinstance(document.get("DashboardEntries"), list):
        hint = "`monitor dashboard pull NAME --to FILE` saves one of them"
        return "this is a list of dashboards, as `aws cloudwatch list-dashboards` prints it", hint, ""
    if isinstance(document, Mapping) and isinstance(document.get("TemplateBody"), str):
        hint = f"`jq -r .TemplateBody {shlex.quote(file)}` extracts the template, which --in reads"
        return (
            "this is the output of `aws cloudformation get-template`, with the template as text",
            hint,
            "/TemplateBody",
        )
    around = 'write {"widgets": [ … ]} around it'
    if isinstance(document, list) and document and all(isinstance(one, Mapping) and "type" in one for one in document):
        return "this is a list of widgets, not a dashboard", around, ""
    if not isinstance(document, Mapping):
        return "a dashboard must be an object", 'write {"widgets": [ … ]}', ""
    if "type" in document and isinstance(document.get("properties"), Mapping):
        return "this is a widget, not a dashboard", around, ""
    if "panels" in document and "widgets" not in document:
        hint = "give the source of a CloudWatch dashboard"
        return "this is a Grafana dashboard (panels instead of widgets)", hint, "/panels"
    return None


def describe_text(text: str, file: str) -> tuple[str, str] | None:
    """What a text that is not JSON is, and how to get at its dashboards; None if it is not recognized."""
    if is_hcl(text):
        return hcl_message(text)
    if is_yaml(text):
        hint = f"`monitor dashboard validate {shlex.quote(file)} --in` reads its dashboards in place"
        return "this is a CloudFormation template in YAML, with a dashboard", hint
    if _YAML_BODY.search(text):
        return YAML_BODY
    if _YAML_MEMBER.search(text):
        hint = f"`monitor dashboard validate {shlex.quote(file)} --in` reads its dashboards in place"
        return "this is YAML of another tool, with a dashboard", hint
    return None


def may_contain_dashboard(text: str) -> bool:
    """Whether a file of another tool may define a dashboard; the manifests beside CDK's templates do not."""
    return is_yaml(text) or (
        any(word in text for word in ('"AWS::CloudWatch::Dashboard"', '"aws_cloudwatch_dashboard"'))
        and any(word in text for word in ("DashboardBody", "dashboard_body"))
    )


def is_hcl(text: str) -> bool:
    """Whether a text is Terraform configuration in HCL with a dashboard."""
    return bool(_HCL.search(text))


def is_yaml(text: str) -> bool:
    """Whether a text is a CloudFormation template in YAML with a dashboard."""
    return bool(_YAML.search(text))


def describe(wrapper: Wrapper, file: str) -> tuple[str, str]:
    """What the file is, and how to get at its dashboards."""
    names = [one.name for one in wrapper.dashboards if one.name]
    if not wrapper.dashboards:
        return f"this is {wrapper.kind} without a dashboard", "give a file with a dashboard"
    some = f"{', '.join(names[:5])}{f' and {len(names) - 5} more' if len(names) > 5 else ''}"
    number = "the dashboard" if len(names) == 1 else f"{len(names)} dashboards:"
    is_resource = bool(names) and not wrapper.kind.startswith("a dashboard inside")
    what = f"this is {wrapper.kind} with {number} {some}" if is_resource else f"this is {wrapper.kind}"
    first = wrapper.dashboards[0]
    hint = f"`monitor dashboard validate {shlex.quote(file)} --in` reads it in place"
    if isinstance(first.body, tuple) and len(first.body) == 1 and isinstance(first.body[0], str):
        hint += f"; `jq -r {shlex.quote(_jq(first.pointer))} {shlex.quote(file)}` extracts the body"
    return what, hint


def hcl_message(text: str) -> tuple[str, str]:
    """What to do with Terraform configuration in HCL."""
    return (
        f"this is Terraform configuration in HCL, with the dashboard {', '.join(_HCL.findall(text)[:5])}",
        "only Terraform evaluates HCL: `terraform plan -out=p && terraform show -json p > p.json`, then "
        "`monitor dashboard validate p.json --in`",
    )


def choose(wrapper: Wrapper, name: str, file: str) -> Sequence[WrappedDashboard]:
    """The dashboards called `name` (its address, logical id, dashboard name or pointer), or all without a name.

    Raises:
        UsageError: there is none.
    """
    if not name:
        found = wrapper.dashboards
    else:
        found = tuple(one for one in wrapper.dashboards if name in (one.name, one.dashboard_name, one.pointer))
    if found:
        return found
    known = [one.name for one in wrapper.dashboards]
    if not name or not known:
        raise UsageError(f"{file} is {wrapper.kind} without a dashboard", "give a file with a dashboard")
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"dashboards: {', '.join(known)}"
    raise UsageError(f"no dashboard {name!r} in {file}", hint)


def body_of(dashboard: WrappedDashboard) -> tuple[Any, frozenset[str]]:
    """The parsed body as a template: placeholders are `${name}` variables, and any other `${` is escaped.

    Also the names of the placeholders that stand for a value that is not text, such as a number.

    Raises:
        ValueError: the body is missing, or is not JSON.
    """
    body = dashboard.body
    if body is None:
        raise ValueError(dashboard.reason)
    if not isinstance(body, tuple):
        return body, frozenset(name for name, _ in variables.names(body))
    text, bare = _joined(body)
    return _escaped(json.loads(text)), bare


def _joined(parts: Parts) -> tuple[str, frozenset[str]]:
    """The text of a body, in which a placeholder outside of a string becomes a string of its own."""
    chunks: list[str] = []
    bare: set[str] = set()
    in_string = False
    for part in parts:
        if isinstance(part, str):
            chunks.append(part)
            in_string = _ends_in_string(part, in_string)
        elif in_string:
            chunks.append(_mark(part))
        else:
            bare.add(part.name)
            chunks.append(f'"{_mark(part)}"')
    return "".join(chunks), frozenset(bare)


def _ends_in_string(text: str, in_string: bool) -> bool:
    escaped = False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\" and in_string:
            escaped = True
        elif char == '"':
            in_string = not in_string
    return in_string


# Private use characters stand for the braces of a placeholder until the text is parsed and its own `${` are escaped.
_OPEN, _CLOSE = "\ue000", "\ue001"


def _mark(part: Placeholder) -> str:
    return f"{_OPEN}{json.dumps(part.name)[1:-1]}{_CLOSE}"


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return variables.escape(value).replace(_OPEN, "${").replace(_CLOSE, "}")
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {_escaped(key): _escaped(item) for key, item in value.items()}
    return value


def _jq(pointer: str) -> str:
    path = ""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        path += f"[{name}]" if name.isdigit() else f".{name}" if _KEY.fullmatch(name) else f"[{json.dumps(name)}]"
    return path if path.startswith(".") else f".{path}"
