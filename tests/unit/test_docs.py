"""The command reference is what the commands say of themselves."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from monitor.diagnose.analyze import RULES
from monitor.main import cli

PAGE = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
HEAD = """# Commands

Generated from the commands' own help: `MONITOR_UPDATE_DOCS=1 pytest tests/unit/test_docs.py`.
"""


def reference() -> str:
    parts = [HEAD]
    root = click.Context(cli, info_name="monitor", max_content_width=100, terminal_width=100, **cli.context_settings)
    parts.extend(page(cli, root))
    return "\n".join(parts)


def page(command: click.Command, context: click.Context) -> list[str]:
    parts = [f"## {context.command_path}\n\n```\n{command.get_help(context).rstrip()}\n```\n"]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            inner_context = click.Context(inner, context, name, max_content_width=100, terminal_width=100)
            parts.extend(page(inner, inner_context))
    return parts


def test_the_reference_is_up_to_date() -> None:
    # In a process of its own: click keeps the help option that a command was first asked for, by whichever test.
    code = "import sys; from tests.unit.test_docs import reference; sys.stdout.write(reference())"
    command = [sys.executable, "-X", "utf8", "-c", code]
    text = subprocess.run(command, cwd=PAGE.parents[1], check=True, capture_output=True, encoding="utf-8").stdout
    if os.environ.get("MONITOR_UPDATE_DOCS"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text


RULES_PAGE = PAGE.parent / "rules" / "README.md"
RULES_HEAD = """# Rules of `monitor diagnose`

Each rule looks for one cause of slow starts. Generated from the rules themselves:
`MONITOR_UPDATE_DOCS=1 pytest tests/unit/test_docs.py`.

| rule | looks for |
|---|---|
"""


def test_the_table_of_rules_is_up_to_date() -> None:
    rows = []
    for rule in sorted(RULES, key=lambda rule: rule.id):
        first = (sys.modules[rule.find.__module__].__doc__ or "").split("\n", 1)[0]
        rows.append(f"| [{rule.id}]({rule.id}.md) | {first} |\n")
    text = RULES_HEAD + "".join(rows)
    if os.environ.get("MONITOR_UPDATE_DOCS"):
        RULES_PAGE.write_text(text, encoding="utf-8")
    assert RULES_PAGE.read_text(encoding="utf-8") == text
    pages = {path.stem for path in RULES_PAGE.parent.glob("*.md")} - {"README"}
    assert pages == {rule.id for rule in RULES}


def test_every_decision_is_listed_by_its_title() -> None:
    folder = PAGE.parent / "decisions"
    listed = re.findall(r"^- \[(.+)\]\((.+)\)$", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    pages = [path for path in sorted(folder.glob("*.md")) if path.name != "README.md"]
    titles = [path.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ") for path in pages]
    assert listed == [(title, path.name) for title, path in zip(titles, pages, strict=True)]


@pytest.mark.parametrize("document", ["docs/code.md", "CONTRIBUTING.md"])
def test_the_files_and_names_that_a_walk_through_the_code_gives_are_there(document: str) -> None:
    root = PAGE.parents[1]
    text = (root / document).read_text(encoding="utf-8")
    paths = re.findall(r"`((?:monitor|tests|docs)/[\w./*-]*)`", text)
    assert paths
    assert [path for path in paths if not (root / path.rstrip("*")).exists()] == []
    # A file and, in the next column or in brackets after it, what is defined there.
    for path, name in re.findall(r"`(monitor/[\w/]+\.py)`(?: \| | \()`(\w+)`", text):
        tree = ast.parse((root / path).read_text(encoding="utf-8"))
        defined = {getattr(node, "name", "") or getattr(node, "id", "") for node in ast.walk(tree)}
        assert name in defined, f"{path} defines no {name}"


def leaves(command: click.Command, context: click.Context) -> list[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        return [(context.command_path, command)]
    found = []
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        found += leaves(inner, click.Context(inner, context, name))
    return found


@pytest.mark.parametrize(
    ("path", "command"),
    [pytest.param(*one, id=one[0]) for one in leaves(cli, click.Context(cli, info_name="monitor"))],
)
def test_each_command_s_help_has_a_purpose_and_its_options_are_explained(path: str, command: click.Command) -> None:
    assert command.help
    assert command.help.strip().split("\n")[0].rstrip().endswith((".", ":")), path
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.opts}"


@pytest.mark.parametrize(
    ("path", "command"),
    [pytest.param(*one, id=one[0]) for one in leaves(cli, click.Context(cli, info_name="monitor"))],
)
def test_no_command_has_two_options_of_one_name(path: str, command: click.Command) -> None:
    names = [name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)]
    assert sorted(names) == sorted(set(names)), path


def test_every_document_s_links_lead_somewhere() -> None:
    root = PAGE.parents[1]
    for document in [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#\s]+)\)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} links to {target}"
