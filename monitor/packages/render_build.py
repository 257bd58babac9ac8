"""Render the result of a build for a terminal."""

from monitor.console.text import Style, clean, format_bytes, format_ms
from monitor.packages.analyze_upload import placeholders
from monitor.packages.model_plan import BuiltPackage, LeftOut, StartTrial
from monitor.packages.render import render_package, wrapped


def render_built(built: BuiltPackage, style: Style, top: int | None = None) -> str:
    """Render the contents, the files that were left out, and the command that uploads the package."""
    compiled = f"bytecode by {built.compiled_by}" if built.compiled_by else "no bytecode"
    declared = f"{built.requirements}, installed by {built.installer}" if built.requirements else built.installer
    lines = [render_package(built.report, style, top), ""]
    texts = [f"Built for Python {built.python} on {built.architecture}: {declared}; {compiled}"]
    texts += [f"  left out: {_left_out(left)}" for left in built.left_out]
    for kept in built.kept:
        size = format_bytes(kept.unzipped_bytes)
        texts.append(f"  kept: {kept.what} ({_files(kept.count)}, {size}): {kept.reason}")
    if built.start is not None:
        texts.append(f"  start: {_start(built.start)}")
    texts += [f"  note: {note}" for note in built.notes]
    lines += [line for text in texts for line in wrapped(text, style.width)]
    lines += ["", f"CodeSha256 {built.code_sha256}"]
    if told := placeholders(built.commands):
        lines += wrapped(f"To upload it ({told}):", style.width)
    lines += [clean(command) for command in built.commands]
    return "\n".join(lines)


def _left_out(left: LeftOut) -> str:
    # The files of the project are named: somebody may miss one. Those of dependencies are only counted.
    if left.unzipped_bytes:
        return f"{left.what} ({_files(left.count)}, {format_bytes(left.unzipped_bytes)})"
    more = f" and {left.count - len(left.names)} more" if left.count > len(left.names) else ""
    return f"{left.what}: {', '.join(left.names)}{more}"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _start(start: StartTrial) -> str:
    if start.reason:
        return f"not tried: {start.reason}"
    if start.error:
        return f"{start.handler} does not start: {start.error}"
    return f"{start.handler} starts; init {format_ms(start.init_ms)} on this machine"
