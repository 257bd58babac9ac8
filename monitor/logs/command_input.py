"""Opens a command's input: its TARGETs or its --from."""

import functools
import gc
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.console.output import echo
from monitor.console.settings import Settings
from monitor.console.temporary import temporary_folder
from monitor.errors import UsageError
from monitor.logs.model_saved import SavedFiles

if TYPE_CHECKING:
    from monitor.kernel.target import TargetSelection
    from monitor.kernel.window import Window
    from monitor.logs.workflow_reading import Reading

F = TypeVar("F", bound=Callable[..., Any])


def collect_rarely() -> None:
    """Make garbage collection rare in this process, which ends with the command.

    Events of a log are hundreds of thousands of small objects without cycles, which need no collection.
    """
    gc.freeze()
    gc.set_threshold(200_000, 50, 1000)


def saved_log_options(what: str = "a saved log") -> Callable[[F], Callable[..., Any]]:
    """--from and --form, given to the command as one `source`, which is None without --from."""

    def decorate(function: F) -> Callable[..., Any]:
        @functools.wraps(function)
        def gathered(*args: Any, source: tuple[str, ...], form: str | None, **kwargs: Any) -> Any:
            if form and not source:
                raise UsageError("--form is for saved logs", "give --from FILE too")
            files = None
            if source:
                settings = click.get_current_context().ensure_object(Settings)
                in_utc = settings.zone(utc=bool(kwargs.get("utc"))) is not None
                files = SavedFiles(source, form or "", in_utc)
            return function(*args, source=files, **kwargs)

        for option in (
            click.option(
                "--form",
                metavar="NAME",
                callback=_list_forms,
                help="The format of a saved log, if monitor does not recognize it. `--form list` lists all formats.",
            ),
            click.option(
                "--from",
                "source",
                metavar="FILE",
                multiple=True,
                help=f"Read {what}: a file, folder or archive, or - for stdin. Repeatable.",
            ),
        ):
            gathered = option(gathered)
        return gathered

    return decorate


def _list_forms(context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value == "list":
        from monitor.records.forms.registry import FORMS

        width = max(len(form.name) for form in FORMS)
        for form in FORMS:
            echo(f"{form.name:<{width}}  {form.title}, as from {form.example}")
        context.exit()
    return value


@contextmanager
def spooled_stdin(source: SavedFiles | None) -> Iterator[SavedFiles | None]:
    """`source`, with a temporary file that has all of stdin for "-", because a pipe cannot be read twice."""
    if source is None or "-" not in source.paths:
        yield source
        return
    with temporary_folder() as folder:
        spooled = folder / "stdin"
        with spooled.open("xb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield replace(source, paths=tuple(str(spooled) if path == "-" else path for path in source.paths))


def open_input(
    settings: Settings,
    selection: "TargetSelection",
    source: SavedFiles | None,
    *,
    filter_pattern: str = "",
    window: "Window | None" = None,
    known_only: bool = True,
) -> "Reading":
    """The Reading of the saved log `source`, or of the selection if there is no `source`.

    `window` applies to a saved log; it is None if neither --since nor --until was given. With `known_only`, a saved log
    in which nothing of Lambda is recognized is refused when it has been read.

    Raises:
        UsageError: both were given, or neither.
    """
    from monitor.logs.workflow_reading import open_reading, open_saved

    if source is None:
        return open_reading(settings.connections(), selection, filter_pattern)
    refuse_targets(selection)
    return open_saved(source, window, known_only=known_only)


def refuse_targets(selection: "TargetSelection") -> None:
    """Refuse targets together with --from.

    Raises:
        UsageError: there are targets.
    """
    if not selection.is_empty:
        raise UsageError("TARGET and --from cannot be used together", "leave one of them out")
