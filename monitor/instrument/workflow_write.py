"""Instrument functions in their template instead of in the account: plan, check, write, and undo edits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from monitor.templates.edits import Edit, EditError, apply
from monitor.templates.model import Format, Template, TemplateFunction
from monitor.templates.nodes import plain

_YOURSELF = "write the settings yourself"
_NOT_MEANT = "the change would not be what was meant"
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
    groups = _groups(here, template)
    written = _written(groups, file, text, template.format, wish)
    if not _is_meant(choice, text, written, wish):
        # One function has a form that is not understood: which one it is, each one alone tells.
        tried = [(one, _written([one], file, text, template.format, wish)) for one in groups]
        good = [one for one, alone in tried if _is_meant(choice, text, alone, wish)]
        refused = [
            Written(one, reason=_NOT_MEANT, hint=_YOURSELF)
            for group in groups
            if group not in good
            for one in group.functions
        ]
        written = (*_written(good, file, text, template.format, wish), *refused)
        if not good or not _is_meant(choice, text, written, wish):
            raise RefusedError(f"the changes to {file} would not be what was meant", _YOURSELF)
    edits = _edits(written)
    after = apply(text, edits)
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


@dataclass(frozen=True, slots=True)
class _Group:
    """Functions that are written once: the elements of a for_each, or of a loop. `others` of it were not chosen."""

    functions: tuple[TemplateFunction, ...]
    others: tuple[str, ...]


def _groups(chosen: Sequence[TemplateFunction], template: Template) -> list[_Group]:
    found: dict[tuple[Path, str], list[TemplateFunction]] = {}
    for one in chosen:
        found.setdefault((one.file, one.shared or one.id), []).append(one)
    return [
        _Group(
            tuple(group),
            tuple(one.id for one in template.functions if (one.file, one.shared) == place and one not in group),
        )
        for place, group in found.items()
    ]


def _written(groups: Sequence[_Group], file: Path, text: str, written: Format, wish: Wish) -> tuple[Written, ...]:
    """The edits of each group, made anew: a role that several functions share is changed by the first one."""
    writer = _writer(file, text, written)
    return tuple(one for group in groups for one in _group_written(writer, group, file, wish))


def _group_written(writer: NodeWriter | HclWriter, group: _Group, file: Path, wish: Wish) -> list[Written]:
    first, *rest = group.functions
    if first.file.absolute() != file.absolute():
        reason, hint = f"it is in {first.file}", f"give --write {first.file}"
        return [Written(one, reason=reason, hint=hint) for one in group.functions]
    try:
        notes = [check_source(one, wish) for one in group.functions]
        _check_group(group, wish)
        edits = tuple(writer.edits(first, wish, notes[0]))
    except EditError as error:
        return [Written(one, reason=str(error), hint=_YOURSELF) for one in group.functions]
    except (RefusedError, UsageError) as error:
        return [Written(one, reason=error.message, hint=error.hint) for one in group.functions]
    more = (Written(one, (), tuple(own)) for one, own in zip(rest, notes[1:], strict=True))
    return [Written(first, edits, tuple(notes[0])), *more]


def _check_group(group: _Group, wish: Wish) -> None:
    """Refuse functions that are written once and would need different changes."""
    if group.others:
        raise RefusedError(f"it is written together with {group.others[0]}", "name all of them")
    if len({(wish.layer in one.layers, one.tracing == "Active") for one in group.functions}) > 1:
        raise EditError("the functions of its block differ in their layers or tracing")


def _edits(written: Sequence[Written]) -> tuple[Edit, ...]:
    return tuple(edit for one in written for edit in one.edits)


def _is_meant(choice: TemplateChoice, before: str, written: Sequence[Written], wish: Wish) -> bool:
    """Read the changed text as a template, and compare: the chosen functions are wrapped, and nothing else differs."""
    file, chosen = choice.path, [one.function for one in written if not one.reason]
    if not chosen:
        return True
    after = apply(before, _edits(written))
    try:
        was = read_template(file, choice.given, {file: before}).functions
        now = read_template(file, choice.given, {file: after}).functions
    except MonitorError:
        return False
    names = {one.id for one in chosen}
    if len(was) != len(now):
        return False
    for one, found in zip(was, now, strict=True):
        expected = [_wrapped(one, wish)] if one.id in names else [one]
        if one.id in names and file.suffix == ".tf" and _is_expression(one):
            expected.append(replace(expected[0], layers=one.layers))
        if _comparable(found) not in [_comparable(meant) for meant in expected]:
            return False
    if file.suffix == ".tf":
        return True
    keys = {(one.shared or one.id.rpartition("/")[2]).partition("/")[0] for one in chosen}
    documents = [others(plain(parse_document(text, file)), keys, wish.tracing) for text in (before, after)]
    return bool(documents[0] == documents[1])


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
