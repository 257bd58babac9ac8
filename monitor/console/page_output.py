"""Where a page goes: to a file, opened in the browser if asked for, and never as text to a terminal."""

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from monitor.console.output import echo, note
from monitor.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class PageOutput:
    """--out and --open."""

    path: str | None = None
    opened: bool = False

    def check(self, output: str) -> None:
        """Refuse what cannot be written before anything is read for it.

        Raises:
            UsageError: HTML would go to a terminal, --open is for another form, or the file cannot be written.
        """
        from monitor.console.files import check_writable

        if self.opened and output != "html":
            raise UsageError(f"--open has no effect with -o {output}", "add -o html, or leave out --open")
        if self.path is not None:
            check_writable(self.path)
        elif output == "html" and not self.opened and sys.stdout.isatty():
            raise UsageError("HTML is not printed to a terminal", "give --out FILE, or --open to see it in a browser")

    def put(self, text: str, name: str) -> None:
        """Print the text, or write it to the file; `name` is that of a file for --open without --out."""
        from monitor.console.files import write_file

        path = self.path
        if path is None and self.opened:
            import tempfile

            path = str(Path(tempfile.mkdtemp(prefix="monitor-"), name))
        if path is None:
            echo(text)
            return
        write_file(path, text + "\n")
        note(f"wrote {path}")
        if self.opened:
            import webbrowser

            webbrowser.open(Path(path).resolve().as_uri())


def opens_browser() -> bool:
    """Whether a browser can be opened for somebody who looks at it."""
    has_display = sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return has_display and sys.stdout.isatty()


def page_options(function: F) -> Callable[..., Any]:
    """--out and --open, given to the command as one `page`."""

    @functools.wraps(function)
    def gathered(*args: Any, out: str | None, opened: bool, **kwargs: Any) -> Any:
        return function(*args, page=PageOutput(out, opened), **kwargs)

    decorated: Callable[..., Any] = gathered
    for option in (
        click.option("--open", "opened", is_flag=True, help="With -o html: open the page in the browser."),
        click.option("--out", metavar="FILE", help="Write the output to FILE instead of stdout."),
    ):
        decorated = option(decorated)
    return decorated
