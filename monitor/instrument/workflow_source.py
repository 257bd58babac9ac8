"""What a template and the code folder say about wrapping a function."""

import re
from collections.abc import Iterator
from pathlib import Path

from monitor.errors import RefusedError
from monitor.instrument.analyze_settings import MAX_LAYERS, Wrapping
from monitor.instrument.model_write import Wish
from monitor.instrument.workflow_checks import check_contents, check_handler, check_kind
from monitor.instrument.workflow_contents import Contents
from monitor.kernel.encodings import decode_text
from monitor.kernel.entry_point import ENTRY_POINT_FILE
from monitor.kernel.handler import handler_module
from monitor.kernel.missing import Missing
from monitor.templates.model import TemplateFunction

_MOST_BYTES = 2 << 20
# Files that declare dependencies; one that names the distribution brings the runtime into the package.
_DECLARING = ("requirements.txt", "pyproject.toml", "Pipfile", "uv.lock", "poetry.lock")
_NAMED = re.compile(r"(?<![\w.-])lambda[-_.]monitor(?![\w-])", re.IGNORECASE)


def check_source(function: TemplateFunction, wish: Wish) -> list[str]:
    """Notes about wrapping a function.

    Raises:
        RefusedError: it cannot be wrapped.
    """
    return list(_check(function, wish))


def _check(function: TemplateFunction, wish: Wish) -> Iterator[str]:
    runtime = "" if isinstance(function.runtime, Missing) else function.runtime
    check_kind({"PackageType": "Image" if function.is_image else "Zip", "Runtime": runtime})
    handler = "" if isinstance(function.handler, Missing) else function.handler
    now = Wrapping(handler, {}, tuple(one for one in function.layers if isinstance(one, str)), "")
    check_handler(now)
    if wish.layer and wish.layer not in now.layers and len(function.layers) >= MAX_LAYERS:
        raise RefusedError(f"it has no room for a layer: it has {len(function.layers)} of {MAX_LAYERS}", "merge layers")
    if isinstance(function.code, Missing) or not function.code.is_dir():
        where = function.code.reason if isinstance(function.code, Missing) else f"{function.code} is not a folder"
        yield f"its code was not read ({where}): make sure that monitor.runtime is in its package or layers"
        return
    if has_own_runtime(function.code) and wish.layer:
        raise RefusedError("its package brings the runtime itself", "leave --layer out for this function")
    check_contents(now, _contents(function.code, handler, wish), wish.layer)


def has_own_runtime(folder: Path) -> bool:
    """Whether the package of a folder will have the runtime: its files have it, or its dependencies name it."""
    return (folder / ENTRY_POINT_FILE).is_file() or any(_NAMED.search(_text(folder / name)) for name in _DECLARING)


def _contents(folder: Path, handler: str, wish: Wish) -> Contents:
    package = {ENTRY_POINT_FILE} if has_own_runtime(folder) else set()
    if (folder / "monitor").is_dir() or (folder / "monitor.py").is_file():
        package.add("monitor.py")
    module = handler_module(handler).replace(".", "/")
    source = _text(folder / f"{module}.py") or _text(folder / module / "__init__.py") if module else ""
    layers = {ENTRY_POINT_FILE} if wish.layer else set()
    return Contents(frozenset(package), frozenset(layers), source or None)


def _text(file: Path) -> str:
    """The start of a file; empty where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return decode_text(opened.read(_MOST_BYTES), "replace")
    except OSError:
        return ""
