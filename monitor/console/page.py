"""Shared parts of HTML pages: templates, style sheets, scripts, and hashes for the Content-Security-Policy."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template


def page_template(file: Path, filters: Mapping[str, Callable[..., object]] | None = None) -> Template:
    """The template in `file`: every text that it prints is escaped, and an unknown name is an error."""
    environment = Environment(
        loader=FileSystemLoader(file.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters or {})
    return environment.get_template(file.name)


@cache
def asset(file: Path) -> str:
    """The text of a style sheet or script that a page carries inside."""
    return file.read_text(encoding="utf-8")


def source_hash(text: str) -> str:
    """A Content-Security-Policy source that allows exactly this inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
