"""Read the file of another tool: its dashboards as templates, and the line of each body."""

import json
from dataclasses import dataclass, field
from typing import Any

from monitor.dashboards.body.template import Template
from monitor.dashboards.checks.located import Located
from monitor.dashboards.model import Parameter, TemplateInfo
from monitor.dashboards.wrappers import find, yaml_text
from monitor.dashboards.wrappers.model import WrappedDashboard, Wrapper
from monitor.errors import UsageError

_REGIONS = ("data.aws_region.current.name", "data.aws_region.current.id", "data.aws_region.current.region")
ACCOUNTS = ("AWS::AccountId", "data.aws_caller_identity.current.account_id")


@dataclass(frozen=True, slots=True)
class WrappedFile:
    """A parsed file. `lines` finds the line of a JSON pointer; `blocks` are pointers of YAML's literal blocks."""

    wrapper: Wrapper
    file: str
    text: str
    lines: dict[str, int] | None = None
    blocks: frozenset[str] = field(default_factory=frozenset)

    def line_and_column(self, pointer: str) -> tuple[int, int]:
        """The line and column of a value, both from 1."""
        if self.lines is None:
            return Located(self.text).line_and_column(pointer)
        while pointer and pointer not in self.lines:
            pointer = pointer.rpartition("/")[0]
        return self.lines.get(pointer, 1), 1

    def inner_line(self, pointer: str, line: int) -> tuple[int, int] | None:
        """Where a line of the body is in the file; None unless the body is a literal block."""
        if self.lines is None or pointer not in self.blocks:
            return None
        found = self.lines[pointer] + line
        written = self.text.splitlines()[found - 1 : found]
        return found, len(written[0]) - len(written[0].lstrip()) + 1 if written else 1


def parse(text: str, file: str) -> WrappedFile:
    """The file of another tool in `text`.

    Raises:
        UsageError: it is neither JSON nor YAML, or not a file of a known tool.
    """
    try:
        document: Any = json.loads(text)
        lines, blocks = None, frozenset[str]()
    except (ValueError, RecursionError) as error:
        if find.is_hcl(text):
            message, hint = find.hcl_message(text)
            raise UsageError(f"{file}: {message}", hint) from error
        try:
            parsed = yaml_text.parse(text)
        except yaml_text.YamlError as problem:
            raise UsageError(f"{file} is neither JSON nor YAML: {problem}", "give a template, plan or state") from error
        document, lines, blocks = parsed.value, parsed.lines, frozenset(parsed.blocks)
    wrapper = find.find(document)
    if wrapper is None:
        if isinstance(document, dict) and "widgets" in document and lines is not None:
            raise UsageError(f"{file}: {find.YAML_BODY[0]}", find.YAML_BODY[1])
        if isinstance(document, dict) and "widgets" in document:
            raise UsageError(f"{file} is a dashboard body", "remove --in")
        hint = "--in reads files of CloudFormation, SAM, CDK and Terraform"
        raise UsageError(f"{file} does not contain a dashboard that monitor recognizes", hint)
    return WrappedFile(wrapper, file, text, lines, blocks)


def to_template(source: WrappedFile, dashboard: WrappedDashboard) -> tuple[Template, frozenset[str]]:
    """A dashboard as a template, and the placeholders in it that stand for a value other than text.

    Raises:
        UsageError: its body is missing or not a JSON object.
    """
    where = f"{source.file}: {dashboard.name or 'the dashboard'}"
    try:
        document, bare = find.body_of(dashboard)
    except (ValueError, RecursionError) as error:
        if dashboard.body is None:
            hint = "terraform show -json of an applied plan has it" if "apply" in dashboard.reason else ""
            raise UsageError(
                f"{where}: {dashboard.reason}", hint or "`monitor dashboard pull` reads a deployed one"
            ) from error
        raise UsageError(f"{where}: the body is not valid JSON: {error}", "correct the text of the body") from error
    if not isinstance(document, dict):
        raise UsageError(f"{where}: the body is not a JSON object", 'a dashboard is {"widgets": […]}')
    parameters = tuple(Parameter(name, default, "") for name, default in source.wrapper.defaults.items())
    name = dashboard.dashboard_name or dashboard.name or "dashboard"
    info = TemplateInfo(name, "", name, per_function=False, parameters=parameters, alarms=())
    return Template(info, document, source.file, None), bare


def choose_one(source: WrappedFile, name: str) -> WrappedDashboard:
    """The dashboard called `name`, or the only one.

    Raises:
        UsageError: there is none, or there are several.
    """
    found = find.choose(source.wrapper, name, source.file)
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        raise UsageError(f"{source.file} has {len(found)} dashboards", f"choose one with --in NAME: {names}")
    return found[0]


def known_values(region: str, account: str, partition: str) -> dict[str, str]:
    """The values of placeholders that depend only on where the dashboard is."""
    found = {"AWS::Region": region, "AWS::Partition": partition, "AWS::URLSuffix": "amazonaws.com"}
    found |= dict.fromkeys(_REGIONS, region)
    if account:
        found |= dict.fromkeys(ACCOUNTS, account)
    return found
