"""`monitor instrument --write`: change the template instead of the deployed function."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.console.output import echo, emit_json, note, style
from monitor.console.stacks.template_options import TemplateChoice
from monitor.errors import MonitorError, RefusedError
from monitor.instrument.model_write import Wish
from monitor.kernel.encodings import decode_text

if TYPE_CHECKING:
    from monitor.instrument.model_write import WritePlan
    from monitor.templates.model import Template


def write_template(choice: TemplateChoice, targets: Sequence[str], wish: Wish, output: str, *, yes: bool) -> None:
    """Show the changes of a template as a diff, ask, and write them.

    Raises:
        RefusedError: a function that was named is refused, or the template was changed meanwhile.
    """
    from monitor.console.stacks.template_files import read_template
    from monitor.instrument.render_write import render_write
    from monitor.instrument.workflow_write import plan, write
    from monitor.templates.model import Format

    template = read_template(choice.path, choice.given)
    if template.format is Format.CDK:
        _print_cdk(choice, template, targets, wish, output)
        return
    planned = plan(choice, targets, wish)
    if output == "text":
        echo(render_write(planned, style()))
    agreed = bool(planned.edits) and _agreed("Write these changes?", output, yes=yes)
    if agreed:
        write(planned)
        note(f"wrote {planned.file}; `monitor instrument --write {planned.file} --undo` takes it back")
    if output == "json":
        _emit(planned, agreed)
    _refuse(planned, targets)


def undo_template(file: Path, output: str, *, yes: bool) -> None:
    """Take back what monitor wrote into a template.

    Raises:
        RefusedError: there is nothing to take back, or it cannot be found any more.
    """
    from monitor.console.stacks.template_files import find_template
    from monitor.instrument.render_write import diff, render_diff
    from monitor.instrument.workflow_write import plan_undo, undo

    file = find_template(file)
    before, after = plan_undo(file)
    found = diff(str(file), before, after)
    if output == "text":
        echo(render_diff(found, style()))
    agreed = _agreed("Write these changes?", output, yes=yes)
    if agreed:
        undo(file, before, after)
        note(f"wrote {file}")
    if output == "json":
        emit_json({"file": str(file), "diff": found, "written": agreed})


def _agreed(question: str, output: str, *, yes: bool) -> bool:
    if yes:
        return True
    can_ask = output == "text" and sys.stdin.isatty()
    agreed = can_ask and click.confirm(question, err=True)
    if not agreed:
        note("nothing was changed: --yes writes this")
    return agreed


def _emit(planned: "WritePlan", written: bool) -> None:
    from monitor.instrument.render_write import diff

    functions = [
        {"function": one.function.id, "reason": one.reason, "hint": one.hint, "notes": one.notes}
        for one in planned.functions
    ]
    found = diff(planned.file, planned.before, planned.after)
    document = {"file": planned.file, "functions": functions, "notes": planned.notes, "diff": found}
    emit_json({**document, "written": written})


def _refuse(planned: "WritePlan", targets: Sequence[str]) -> None:
    """End with the code of a refusal where a function that was named, or every function, is refused."""
    refused = [one for one in planned.functions if one.reason]
    if refused and (targets or len(refused) == len(planned.functions)):
        first = refused[0]
        more = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
        raise RefusedError(f"{first.function.id} was not changed: {first.reason}{more}", first.hint)


def _print_cdk(choice: TemplateChoice, template: "Template", targets: Sequence[str], wish: Wish, output: str) -> None:
    """Print the code that instruments functions of a CDK app; its templates are written by `cdk synth`."""
    from monitor.instrument.render_cdk import render_cdk
    from monitor.instrument.workflow_region import region_notes
    from monitor.instrument.workflow_source import check_source

    chosen = choice.functions(targets) if targets else [one for one in template.functions if one.is_python]
    found, refused = [], []
    for one in chosen:
        try:
            check_source(one, wish)
            found.append(one)
        except MonitorError as error:
            refused.append({"function": one.id, "reason": error.message, "hint": error.hint})
            note(f"{one.id} is left out: {error.message}")
    for one in [one for one in found if not one.construct]:
        reason, hint = "the path of its construct is not in cdk.out", "`cdk synth` writes it"
        refused.append({"function": one.id, "reason": reason, "hint": hint})
        note(f"{one.id} is left out: {reason}")
    paths = [one.construct for one in found if one.construct]
    if not paths:
        raise RefusedError(f"{choice.path} has no function that can be instrumented", "`cdk synth` writes their paths")
    notes = region_notes(wish.layer, found, choice.path, choice.given)
    code = render_cdk(paths, wish, in_python=_is_python(choice.path))
    if output == "json":
        emit_json({"file": str(choice.path), "code": code, "refused": refused, "notes": notes, "written": False})
        return
    echo(code)
    for text in notes:
        note(f"note: {text}")
    note("nothing was changed: cdk.out is written by `cdk synth`; add these lines to the app")


def _is_python(path: Path) -> bool:
    """Whether the app of cdk.json is written in Python."""
    for folder in (path, path.parent, path.parent.parent):
        file = folder if folder.name == "cdk.json" else folder / "cdk.json"
        if file.is_file():
            try:
                return "python" in str(json.loads(decode_text(file.read_bytes())).get("app"))
            except (OSError, ValueError, AttributeError):
                return False
    return False
