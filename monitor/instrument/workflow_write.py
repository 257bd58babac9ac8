"""Instrument functions in their template instead of in the account: plan, check, write, and undo edits."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from monitor.console.files import check_writable, write_file
from monitor.console.stacks.template_files import find_template, parse_document, read_module, read_template, read_text
from monitor.console.stacks.template_options import TemplateChoice
from monitor.errors import MonitorError, NotFoundError, RefusedError, UsageError
from monitor.instrument import analyze_undo
from monitor.instrument.analyze_write import NodeWriter, others
from monitor.instrument.analyze_write_hcl import HclWriter
from monitor.instrument.model_write import Wish, WritePlan, Written
from monitor.instrument.workflow_region import region_notes
from monitor.instrument.workflow_source import check_source
from monitor.kernel.encodings import marked_encoding
from monitor.kernel.entry_point import ENTRY_POINT, HANDLER_VARIABLE
from monitor.kernel.missing import Missing
from monitor.templates.edits import EditError, apply
from monitor.templates.model import Format, TemplateFunction
from monitor.templates.nodes import plain

_WRITABLE = (Format.SAM, Format.CLOUDFORMATION, Format.SERVERLESS, Format.TERRAFORM)


def plan(choice: TemplateChoice, targets: Sequence[str], wish: Wish) -> WritePlan:
    """The edits for the functions that `targets` name; without targets, for every Python function of the file.

    Raises:
        UsageError: the file is not a template that can be changed.
        NotFoundError: it has no such function.
    """
    if choice.path.is_dir() and any(choice.path.glob("*.tf")):
        raise UsageError(f"{choice.path} is a folder", "give --write the .tf file that has the function")
    choice = replace(choice, path=find_template(choice.path))
    file, text = choice.path, read_text(choice.path)
    template = choice.read()
    if template.format not in _WRITABLE:
        raise UsageError(f"{file} is written by a tool, which would write it again", "give the file that you write")
    here = [one for one in choice.chosen(template, targets) if targets or _is_here(one, file)]
    if not here:
        raise NotFoundError(f"{file} has no Python function", "check --write")
    writer = _writer(file, text, template.format)
    written = tuple(_written(writer, one, file, wish) for one in here)
    edits = tuple(edit for one in written for edit in one.edits)
    after = apply(text, edits)
    if edits:
        _check(choice, text, after, [one.function for one in written if one.edits], wish)
    notes = region_notes(wish.layer, here, file, choice.given)
    return WritePlan(str(file), text, after, written, edits, notes)


def _is_here(function: TemplateFunction, file: Path) -> bool:
    return function.is_python and function.file.absolute() == file.absolute()


def _writer(file: Path, text: str, written: Format) -> NodeWriter | HclWriter:
    if written is Format.TERRAFORM:
        files = read_module(file.absolute().parent)
        if isinstance(files, Missing):
            raise UsageError(files.reason, "correct it first")
        return HclWriter(text, files[file.absolute()], files)
    return NodeWriter(text, parse_document(text, file), written, is_json=text.lstrip("\ufeff \t\r\n").startswith("{"))


def _written(writer: NodeWriter | HclWriter, function: TemplateFunction, file: Path, wish: Wish) -> Written:
    if function.file.absolute() != file.absolute():
        return Written(function, reason=f"it is in {function.file}", hint=f"give --write {function.file}")
    notes: list[str] = []
    try:
        notes += check_source(function, wish)
        return Written(function, tuple(writer.edits(function, wish, notes)), tuple(notes))
    except EditError as error:
        return Written(function, reason=str(error), hint="write the settings yourself")
    except (RefusedError, UsageError) as error:
        return Written(function, reason=error.message, hint=error.hint)


def _check(choice: TemplateChoice, before: str, after: str, chosen: list[TemplateFunction], wish: Wish) -> None:
    """Read the changed text as a template, and compare: the chosen functions are wrapped, and nothing else differs.

    Raises:
        RefusedError: the edits would do something else.
    """
    file = choice.path
    failed = RefusedError(f"the changes to {file} would not be what was meant", "write the settings yourself")
    try:
        was = read_template(file, choice.given, {file: before}).functions
        now = read_template(file, choice.given, {file: after}).functions
    except MonitorError as error:
        raise failed from error
    names = {one.id for one in chosen}
    if len(was) != len(now):
        raise failed
    for one, found in zip(was, now, strict=True):
        expected = [_wrapped(one, wish)] if one.id in names else [one]
        if one.id in names and file.suffix == ".tf" and _is_expression(one):
            expected.append(replace(expected[0], layers=one.layers))
        if _comparable(found) not in [_comparable(meant) for meant in expected]:
            raise failed
    if file.suffix != ".tf":
        keys = {one.id.rpartition("/")[2] for one in chosen}
        documents = [others(plain(parse_document(text, file)), keys, wish.tracing) for text in (before, after)]
        if documents[0] != documents[1]:
            raise failed


def _wrapped(one: TemplateFunction, wish: Wish) -> TemplateFunction:
    variables = (
        one.variables if isinstance(one.variables, Missing) else {**one.variables, HANDLER_VARIABLE: one.handler}
    )
    layers = (*one.layers, wish.layer) if wish.layer and wish.layer not in one.layers else one.layers
    tracing = "Active" if wish.tracing else one.tracing
    return replace(one, handler=ENTRY_POINT, variables=variables, layers=layers, tracing=tracing)


def _is_expression(one: TemplateFunction) -> bool:
    """Whether its layers may be one expression, which stays unknown with a layer more: `concat(var.layers, [...])`."""
    return len(one.layers) == 1 and isinstance(one.layers[0], Missing)


def _comparable(one: TemplateFunction) -> tuple[Any, ...]:
    """All but the line; variables that are expressions are compared by the rest of the file."""
    variables = sorted(one.variables) if isinstance(one.variables, dict) else None
    return (
        one.id, one.name, one.code, one.handler, one.runtime, one.architecture, one.memory_mb, one.timeout_s,
        one.layers, variables, one.tracing, one.is_image,
    )  # fmt: skip


def undo_file(file: Path) -> Path:
    """Where the edits of a file are stored, so that they can be taken back."""
    return file.with_name(f"{file.name}.monitor-undo.json")


def write(plan: WritePlan) -> None:
    """Write the changed template, and beside it what takes the change back.

    Raises:
        RefusedError: the template was changed since it was read.
        UsageError: it cannot be written.
    """
    file = Path(plan.file)
    check_writable(file)
    if read_text(file) != plan.before:
        raise RefusedError(f"{file} was changed since the plan was made: nothing was done", "run the command again")
    beside = undo_file(file)
    records = _records(file)
    record = analyze_undo.record(plan.before, plan.after, plan.edits)
    # First what takes it back: a command that is interrupted between the two leaves a record that says so.
    write_file(beside, analyze_undo.encode([*records, record]))
    write_file(file, plan.after.encode(_encoding(file)))


def plan_undo(file: Path) -> tuple[str, str]:
    """The text of a template, and the text without what monitor wrote into it.

    Raises:
        RefusedError: monitor has written nothing into it, or it was changed so that this cannot be found.
    """
    text = read_text(file)
    records = _records(file)
    if not records:
        raise RefusedError(f"monitor has written nothing into {file}", "there is nothing to undo")
    found = text
    for record in reversed(records):
        if analyze_undo.digest(found) != record["before"]:
            found = analyze_undo.undone(found, record)
    return text, found


def undo(file: Path, before: str, after: str) -> None:
    """Write the text without monitor's changes.

    Raises:
        RefusedError: the template was changed since it was read.
    """
    if read_text(file) != before:
        raise RefusedError(f"{file} was changed since the plan was made: nothing was done", "run the command again")
    write_file(file, after.encode(_encoding(file)))
    undo_file(file).unlink(missing_ok=True)


def _encoding(file: Path) -> str:
    """The encoding that a file has, and keeps."""
    with file.open("rb") as opened:
        return marked_encoding(opened.read(4))[0] or "utf-8"


def _records(file: Path) -> list[dict[str, Any]]:
    beside = undo_file(file)
    return analyze_undo.decode(read_text(beside), str(beside)) if beside.is_file() else []
