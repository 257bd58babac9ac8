"""Changes of a template, as a diff that a person can check."""

from collections.abc import Iterator
from difflib import unified_diff

from monitor.console.text import Style, clean
from monitor.instrument.model_write import WritePlan

_COLORS = {"+": "32", "-": "31", "@": "36"}


def diff(file: str, before: str, after: str) -> str:
    """The unified diff of a file; empty where nothing changes. Line ends are not shown."""
    lines = unified_diff(before.splitlines(), after.splitlines(), f"a/{file}", f"b/{file}", lineterm="", n=3)
    return "\n".join(lines)


def render_diff(text: str, style: Style) -> str:
    """A diff for a terminal."""
    return "\n".join(_line(line, style) for line in text.splitlines())


def _line(line: str, style: Style) -> str:
    color = _COLORS.get(line[:1])
    return f"\x1b[{color}m{clean(line)}\x1b[0m" if color and style.color else clean(line)


def render_write(plan: WritePlan, style: Style) -> str:
    """The diff, then what was refused and why, and notes."""
    found = diff(plan.file, plan.before, plan.after)
    parts = [render_diff(found, style)] if found else []
    return "\n".join([*parts, *_remarks(plan)])


def _remarks(plan: WritePlan) -> Iterator[str]:
    for one in plan.functions:
        name = clean(one.function.id)
        if one.reason:
            yield f"{name} is left as it is: {clean(one.reason)}"
            if one.hint:
                yield f"  hint: {clean(one.hint)}"
        yield from (f"note: {name}: {clean(note)}" for note in one.notes)
    yield from (f"note: {clean(note)}" for note in plan.notes)
