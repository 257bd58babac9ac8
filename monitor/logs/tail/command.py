"""`monitor tail`: print log events, and follow new ones."""

import os
import sys
import time
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from monitor.console.deployment import since_deploy
from monitor.console.ending import ENDING
from monitor.console.option_rules import CONNECTION, JSON, excludes, needs
from monitor.console.options import options_without_timeout, output_option, targets_argument, window_options
from monitor.console.output import note, paged, progress, remark, suggest
from monitor.console.settings import Settings, pass_settings
from monitor.errors import CheckFailedError, UsageError
from monitor.kernel import prices
from monitor.kernel.target import TargetSelection
from monitor.logs.command_input import collect_rarely, open_input, saved_log_options
from monitor.logs.follow.polling import PollSettings
from monitor.logs.model_saved import SavedFiles
from monitor.logs.tail.options import TailOptions, tail_options
from monitor.logs.tail.output import RawPrinter, Shown, write
from monitor.logs.tail.printer_choice import printer_for
from monitor.records.event import LogEvent, Notice, Pulse

if TYPE_CHECKING:
    from monitor.logs.tail.printers import LinePrinter
    from monitor.logs.tail.workflow import Tail

_TIMEOUT_MS = 60_000.0
_FOLLOWING = ("--follow", "--live")
_PICK = ("--request-id", "--trace-id", "--durable", "--cold", "--errors", "--slow")
_WHOLE = "--invocations prints no lines: choose with --errors, --cold, --slow or --request-id"
RAW = "-o raw"
_LIVE_PRICE = f"Live tail is billed by the minute: about ${prices.LIVE_TAIL_MINUTE:.2f} per minute and session"


@click.command(name="tail")
@excludes("--from", "--filter", hint="CloudWatch evaluates --filter: use --grep for a file")
@excludes("--from", *CONNECTION, "--checkpoint", "--tag", *_FOLLOWING)
@excludes(("--no-follow", "--until"), *_FOLLOWING)
@excludes("--from", "--lateness", "--reorder")
@excludes(("--no-follow", "--until"), "--lateness", "--reorder", unless=("--checkpoint",))
@excludes("--invocations", "--grep", "--exclude", "--level", "--context", "--until-match", hint=_WHOLE)
@excludes(("--invocations", "--query", JSON, RAW), "--fields", "--no-fold")
@excludes(("--invocations", RAW), "--query")
@excludes("--invocations", RAW)
@excludes("--checkpoint", "--invocations", *_PICK, hint="--checkpoint counts lines: leave it or the other option out")
@excludes("--no-fold", "--fields")
@excludes(("--query", RAW), "--utc", unless=("--since", "--until"))
@needs("--context", "--grep", "--exclude", "--level")
@targets_argument(required=False)
@click.option(
    "--follow/--no-follow",
    "-f",
    default=None,
    help="Keep printing new events as they arrive.  [default: follow]",
)
@click.option("--filter", "filter_pattern", metavar="PATTERN", default="", help="A CloudWatch Logs filter pattern.")
@saved_log_options()
@tail_options
@window_options(default="10m")
@output_option("text", "json", "raw")
@options_without_timeout
@pass_settings
def command(
    settings: Settings,
    /,
    targets: tuple[str, ...],
    follow: bool | None,
    filter_pattern: str,
    source: SavedFiles | None,
    since: str | None,
    until: str | None,
    utc: bool,
    output: str,
    **given: Any,
) -> None:
    """Print the log events of TARGETs, and follow new ones.

    A TARGET is a function, name:alias, an ARN, a glob, or a log group. Press Ctrl-C to stop.

    \b
    monitor tail my-function                     the last 10 minutes, then follow
    monitor tail 'ai-*' --since 2h --no-follow   several functions, without following
    monitor tail my-function -n 20               the last 20 lines, then follow
    monitor tail my-function --errors --invocations
    monitor tail my-function --until-match 'ready|failed' --timeout 60s
    monitor tail my-function -o json | jq        one JSON object per line
    aws logs tail /aws/lambda/x | monitor tail --from -
    """
    options = TailOptions(**given)
    collect_rarely()
    selection = TargetSelection(targets, tags=options.tags)
    since = since_deploy(settings, since, selection)
    within = None if source is None else settings.explicit_window(since, until, utc=utc)
    window = within or settings.window(since, until, utc=utc, default="10m")
    # Without a choice that needs records, any text is shown.
    known_only = bool(options.invocations or options.picks_invocations or options.level)
    reading = open_input(
        settings, selection, source, filter_pattern=filter_pattern, window=within, known_only=known_only
    )
    following = reading.can_follow and window.open_ended and follow is not False
    from monitor.logs.tail.workflow import Tail, TailPlan

    if options.live != "off" and following and not settings.is_local:
        note(_LIVE_PRICE)
    discover = reading.discover if following and reading.can_grow else None
    poll = _poll_settings(options)
    plan = TailPlan(window, following, poll, options.checkpoint, options.live, filter_pattern, discover)
    run = _Run(
        Tail(reading, plan), printer_for(output, options, settings, utc, reading, None if source else window), options
    )
    if options.timeout_ms is not None and not (options.until_match and following):
        ENDING.end_after(options.timeout_ms / 1000)
    paged("", ends=not following)
    try:
        shows_progress = not (following or source or sys.stdout.isatty())
        with progress("reading", round(window.length_s)) if shows_progress else nullcontext() as bar:
            run.on_page = None if bar is None else _advance(bar, window.start_ms)
            run.go()
    except KeyboardInterrupt:
        if not following:
            raise
        run.interrupted()
        return
    if not run.count:
        nothing = reading.nothing()
        remark(nothing.message, nothing.hint)
    elif source is None and len(targets) == 1 and not following:
        suggest(["monitor", "errors", *targets], "its failures by cause", same_window=True)


def _poll_settings(options: TailOptions) -> PollSettings:
    lateness_ms, reorder_ms = round(options.lateness_ms), round(options.reorder_ms)
    sweep_ms = max(PollSettings().sweep_ms, 2 * lateness_ms)
    slowest_ms = 1_000 if options.until_match else PollSettings().slowest_ms
    return PollSettings(lateness_ms, reorder_ms, sweep_ms, slowest_ms=slowest_ms)


def _advance(bar: Any, start_ms: int) -> Any:
    done_s = 0

    def step(event: LogEvent) -> None:
        nonlocal done_s
        at_s = max(done_s, (event.timestamp_ms - start_ms) // 1000)
        bar.advance(at_s - done_s)
        done_s = at_s

    return step


class _Run:
    """Prints batches, saves them, and moves the checkpoint after them."""

    def __init__(self, tail: "Tail", printer: "LinePrinter | RawPrinter", options: TailOptions) -> None:
        self._tail, self._printer = tail, printer
        self._save = _open_for_append(options.save) if options.save else None
        self._until = options.until_match
        self._timeout_s = (_TIMEOUT_MS if options.timeout_ms is None else options.timeout_ms) / 1000
        # The checkpoint must not pass lines that the grouping still holds back.
        self._prompt = options.checkpoint is not None
        self._began_s = time.monotonic()
        self.count = 0
        self.on_page: Any = None
        # With --lines: the last lines of the past, until all of the past has been read.
        self._last = None if options.lines is None else Shown([], [])
        self._lines = options.lines or 0

    def go(self) -> None:
        """Print everything, or stop at a match.

        Raises:
            CheckFailedError: --until-match did not match in time.
        """
        for item in self._tail:
            if isinstance(item, Notice):
                note(f"monitor: {item.text}")
            elif isinstance(item, Pulse):
                if self._prompt:
                    shown = self._printer.finish()
                else:
                    shown = Shown([], []) if item.past else self._printer.pulse(item.now_ms)
                if self._show(shown) or (not item.past and self._show_last()):
                    return
                self._tail.saved()
                if self._until and time.monotonic() - self._began_s > self._timeout_s:
                    raise CheckFailedError(f"nothing matched {self._until!r} in {self._timeout_s:g} s")
            elif self._take(item):
                return
        met = self._show(self._printer.finish())
        met = self._show_last() or met
        self._say_unsupported()
        self._tail.saved(finally_=True)
        if self._until and not met:
            raise CheckFailedError(f"nothing matched {self._until!r}")

    def interrupted(self) -> None:
        """After Ctrl-C: print the events that were held back, and how many events there were."""
        self._take(self._tail.held())
        self._show(self._printer.finish())
        self._show_last()
        self._say_unsupported()
        note(f"Stopped after {self.count:,} events in {_format_s(time.monotonic() - self._began_s)}")

    def _take(self, events: Iterable[LogEvent]) -> bool:
        events = events if isinstance(events, list) else list(events)
        self.count += len(events)
        if events and self.on_page is not None:
            self.on_page(events[-1])
        return self._show(self._printer.batch(events))

    def _say_unsupported(self) -> None:
        if self._printer.unsupported:
            note(f"{self._printer.unsupported:,} events are from a web function; its invocations are not supported")

    def _show_last(self) -> bool:
        """Print the last lines of the past, if that has not been done."""
        shown, self._last = self._last, None
        return shown is not None and self._show(shown)

    def _show(self, shown: Shown) -> bool:
        if self._last is not None:
            text, events = [*self._last.text, *shown.text], [*self._last.events, *shown.events]
            keep = slice(-self._lines, None) if self._lines else slice(0, 0)
            self._last = Shown(text[keep], events[keep], self._last.met or shown.met)
            return False
        if shown.text or shown.events:
            write(shown.text)
            if self._save is not None:
                from monitor.logs.tail.printers import document, parsed

                lines = [document(event, parsed(event.message)) + "\n" for event in shown.events]
                self._save.write("".join(lines).encode())
                self._save.flush()
        return shown.met


def _format_s(seconds: float) -> str:
    from monitor.console.text import format_ms

    return format_ms(seconds * 1000)


def _open_for_append(path: Path) -> BinaryIO:
    """The file, open for appending from a new line on. What it contains is never removed."""
    try:
        # A new file is for its owner only: logs are evidence. The mode of one that exists is its owner's choice.
        file = open(path, "a+b", opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115
        size = file.seek(0, 2)
        if size:
            file.seek(size - 1)
            if file.read(1) != b"\n":
                file.write(b"\n")
    except OSError as error:
        raise UsageError(f"--save {path}: {error.strerror}", "give a file that can be written") from error
    return file
