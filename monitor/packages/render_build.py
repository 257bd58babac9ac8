"""Render the result of a build for a terminal."""

from monitor.console.text import Style, clean, format_bytes
from monitor.packages.model_plan import BuiltPackage
from monitor.packages.render import render_package


def render_built(built: BuiltPackage, style: Style, top: int | None = None) -> str:
    """Render the contents, the files that were left out, and the command that uploads the package."""
    compiled = f"bytecode by {built.compiled_by}" if built.compiled_by else "no bytecode"
    lines = [render_package(built.report, style, top), ""]
    lines.append(clean(f"Built for Python {built.python} on {built.architecture}: {built.installer}; {compiled}"))
    for left in built.left_out:
        noun = "file" if left.count == 1 else "files"
        lines.append(clean(f"  left out: {left.what} ({left.count:,} {noun}, {format_bytes(left.unzipped_bytes)})"))
    lines += [clean(f"  note: {note}") for note in built.notes]
    lines += ["", f"CodeSha256 {built.code_sha256}", *(clean(command) for command in built.commands)]
    return "\n".join(lines)
