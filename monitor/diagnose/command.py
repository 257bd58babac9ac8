"""`monitor diagnose`: from a slow cold start to what to change."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from monitor.console.deployment import since_deploy
from monitor.console.durations import DurationType
from monitor.console.option_rules import CONNECTION, JSON, excludes, needs, refuse_beside
from monitor.console.options import connection_options, output_option, window_options
from monitor.console.output import echo, emit_json, note, style, suggest
from monitor.console.page_output import PageOutput, page_options
from monitor.console.selection import locate, selection_options
from monitor.console.settings import Settings, pass_settings
from monitor.console.stacks.template_options import TemplateChoice, known_variables, template_options
from monitor.diagnose.command_try import TrialOptions, known_rule, try_options
from monitor.errors import CheckFailedError, MonitorError, UsageError
from monitor.kernel.target import TargetSelection
from monitor.logs.command_input import saved_log_options
from monitor.logs.model_saved import SavedFiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.diagnose.evidence.model import FunctionEvidence, SourceState
    from monitor.diagnose.model import Diagnosis
    from monitor.kernel.window import Window

_MARKDOWN, _HTML = "-o markdown", "-o html"


@click.command(name="diagnose")
@excludes("--from", *CONNECTION, "--template")
@excludes((JSON, _MARKDOWN, _HTML, "--compare"), "--details")
@excludes("--compare", _MARKDOWN, _HTML, "--try", "--patch", "--out", "--open")
@excludes("--patch -", "--details", "--out", "--open", JSON, _MARKDOWN, _HTML)
@excludes(_MARKDOWN, "--utc", unless=("--since", "--until"))
@needs(("--package", "--env", "--env-file", "--event", "--turns"), "--try")
@template_options
@selection_options
@saved_log_options("evidence saved by --save, or a saved log")
@click.option("--save", metavar="FILE", help="Save the evidence to FILE, for --from and --compare.")
@click.option(
    "--compare",
    metavar="FILE",
    help="Compare with evidence saved earlier, and test whether the differences are more than noise.",
)
@click.option("--details", is_flag=True, help="Show all evidence, patches, and minor findings in full.")
@click.option(
    "--patch",
    metavar="FILE",
    help="Write the patches of the findings to FILE, for `git apply`. With -, print only the patches.",
)
@click.option("--check", "checks", is_flag=True, help="Exit with code 1 if a finding is worth acting on.")
@click.option(
    "--fail-over",
    "fail_over_ms",
    type=DurationType(bare_unit="ms"),
    metavar="DURATION",
    help="Exit with code 1 if the median first call takes longer: 800ms, 1.2s. A bare number is in milliseconds.",
)
@page_options
@window_options(default="1d")
@try_options
@output_option("text", "json", "markdown", "html")
@connection_options
@pass_settings
def command(
    settings: Settings,
    selection: TargetSelection,
    template: TemplateChoice | None,
    yes: bool,  # noqa: ARG001
    source: SavedFiles | None,
    save: str | None,
    compare: str | None,
    details: bool,
    patch: str | None,
    checks: bool,
    fail_over_ms: float | None,
    trying: TrialOptions | None,
    page: PageOutput,
    since: str | None,
    until: str | None,
    utc: bool,
    output: str,
) -> None:
    """Find out why TARGETs are slow to start and what to change, ranked by expected saving.

    The configuration, log, package, traces, metrics, concurrency, and deployments are read in parallel. If a source
    cannot be read, monitor continues without it and reports what is missing. Functions need no instrumentation. Nothing
    is changed. For several functions, monitor prints a table, worst first.

    \b
    monitor diagnose my-function --since 7d
    monitor diagnose my-function --save before.json      before a change
    monitor diagnose my-function --compare before.json   after it
    monitor diagnose --from before.json -o markdown
    monitor diagnose my-function -o html --open
    monitor diagnose --all                               every function, worst first
    monitor diagnose my-function --check --fail-over 800     for a pipeline
    monitor diagnose my-function --patch fix.patch && git apply fix.patch
    monitor diagnose my-function --event event.json --env TABLE=images --try
    monitor diagnose ApiFunction --stack images --template template.yaml --try
    """
    from monitor.console.files import check_writable
    from monitor.diagnose.analyze import diagnose
    from monitor.diagnose.evidence.workflow_file import read_saved
    from monitor.diagnose.evidence.workflow_file import save as save_evidence

    page.check(output)
    if template is not None:
        selection, trying = _of_template(template, selection, trying)
    if source is None and _are_several(selection):
        _refuse_several(output)
        since = since_deploy(settings, since, selection)
        window = settings.window(since, until, utc=utc, default="1d")
        for one in _fleet(settings, selection, window, output):
            _check(one, checks, fail_over_ms)
        return
    target = next(iter(selection.targets), None)
    if trying is not None:
        known_rule(trying.rule)
    if save is not None:
        check_writable(save, private=True)
    before = read_saved(compare) if compare is not None else None
    evidence = _evidence(settings, target, source, (since, until, utc))
    if save is not None:
        save_evidence(evidence, save)
        note(f"saved the evidence to {save}")
    found = diagnose(evidence)
    failed: MonitorError | None = None
    if trying is not None:
        from monitor.diagnose.command_try import tried

        try:
            found = tried(found, target, None if source else settings.connection(), trying)
        except MonitorError as error:
            # The findings are shown even if the package does not start here.
            failed = error
    if patch is not None:
        _write_patches(found, patch)
    if before is not None:
        _show_changes(before, found, output)
    elif patch != "-":
        _show(found, output, details, settings.zone(utc=utc) is not None, page)
    if source is None and patch is None and before is None:
        _suggest(found, target)
    if failed is not None:
        raise failed
    _check(found, checks, fail_over_ms)


def _of_template(
    template: TemplateChoice, selection: TargetSelection, trying: TrialOptions | None
) -> tuple[TargetSelection, TrialOptions | None]:
    """The functions' names in the account, and the variables of the one that is tried."""
    parameters = click.get_current_context().params
    written: tuple[str, ...] = parameters["targets"]
    if not parameters["stack"]:
        selection = replace(selection, targets=template.names(written))
    if trying is not None:
        trying = replace(trying, environment={**known_variables(template.one(*written[:1])), **trying.environment})
    return selection, trying


def _are_several(selection: TargetSelection) -> bool:
    return len(selection.targets) > 1 or selection.every or bool(selection.tags) or selection.can_grow


def _refuse_several(output: str) -> None:
    """Refuse options that are for one function."""
    names = ("--save", "--compare", "--details", "--patch", "--try", "--out", "--open")
    refuse_beside("several functions", *names, hint="give one TARGET")
    if output not in ("text", "json"):
        raise UsageError(f"several functions have no {output} output", "use -o text or -o json, or give one TARGET")


def _fleet(settings: Settings, selection: TargetSelection, window: "Window", output: str) -> "list[Diagnosis]":
    from monitor.diagnose.command_fleet import show_fleet

    return show_fleet(settings, locate(settings, selection), window, output)


def _suggest(found: "Diagnosis", target: str | None) -> None:
    from monitor.diagnose.model_finding import ChangeKind

    changes = {change.kind for finding in found.findings for change in finding.changes}
    if ChangeKind.PATCH in changes:
        words = ["monitor", "diagnose", str(target), "--patch", "fix.patch"]
        suggest(words, "the changes to your code as a patch", same_window=True)
    elif found.findings:
        suggest(["monitor", "diagnose", str(target), "--details"], "the evidence", same_window=True)


def _write_patches(found: "Diagnosis", path: str) -> None:
    from monitor.console.files import write_file
    from monitor.diagnose.analyze_patches import merge_patches
    from monitor.diagnose.model_finding import ChangeKind

    changes = [
        change
        for finding in (*found.findings, *found.minor)
        for change in finding.changes
        if change.kind is ChangeKind.PATCH and change.text
    ]
    text, left_out = merge_patches([one.text for one in changes])
    count = len(changes) - len(left_out)
    if not changes:
        note("no finding has a patch")
    elif path == "-":
        echo(text.removesuffix("\n"))
    else:
        write_file(path, text.encode())
        note(f"wrote {count} patch{'' if count == 1 else 'es'} to {path}: apply with `git apply {path}`")
    for index in left_out:
        note(f"left out: {changes[index].title} (it changes the same lines; diagnose again after this patch)")


def _evidence(
    settings: Settings, target: str | None, source: SavedFiles | None, when: tuple[str | None, str | None, bool]
) -> "FunctionEvidence":
    since, until, utc = when
    since = since_deploy(settings, since, TargetSelection((target,) if target and not source else ()))
    if source is not None:
        from monitor.diagnose.evidence.workflow_file import read_file

        if target is not None:
            raise UsageError("TARGET and --from cannot be combined", "leave out TARGET")
        return read_file(source, settings.explicit_window(since, until, utc=utc), _tell)
    if target is None:
        raise UsageError("no TARGET was given", "give the name of a function, e.g. `monitor diagnose my-function`")
    from monitor.diagnose.evidence.workflow import gather

    window = settings.window(since, until, utc=utc, default="1d")
    return gather(settings.connection(), target, window, _tell, _still, origin=settings.origin)


def _tell(state: "SourceState") -> None:
    """Report a source on stderr as soon as it is read."""
    took = f"{state.took_ms:,.0f} ms" if state.took_ms else ""
    note(f"{state.name:<13}  {state.state:<7}  {took:>9}  {state.detail}")


def _still(names: "Sequence[str]") -> None:
    note(f"still reading: {', '.join(names)}")


def _gap() -> None:
    """Print a blank line between the progress notes and the page, if both go to a terminal."""
    if sys.stderr.isatty() and sys.stdout.isatty():
        note("")


def _show(found: "Diagnosis", output: str, details: bool, in_utc: bool, page: PageOutput) -> None:
    if output == "json" and page.path is None:
        emit_json(found)
    elif output == "json":
        import json

        from monitor.kernel.jsonable import jsonable

        page.put(json.dumps(jsonable(found), ensure_ascii=False, allow_nan=False), "diagnosis.json")
    elif output == "markdown":
        from monitor.diagnose.report.markdown import render_markdown

        page.put(render_markdown(found), "diagnosis.md")
    elif output == "html":
        from monitor.diagnose.report.html import render_html

        page.put(render_html(found, utc=in_utc), "diagnosis.html")
    else:
        from monitor.diagnose.report.text import render_text

        _gap()
        look = style() if page.path is None else replace(style(), color=False)
        page.put(render_text(found, look, details=details, utc=in_utc), "diagnosis.txt")


def _show_changes(before: "FunctionEvidence", found: "Diagnosis", output: str) -> None:
    from monitor.diagnose.analyze import diagnose
    from monitor.diagnose.analyze_compare import compare
    from monitor.diagnose.report.compare import render_changes

    changed = compare(diagnose(before), found)
    if output == "json":
        emit_json(changed)
    else:
        _gap()
        echo(render_changes(changed, style()))


def _check(found: "Diagnosis", checks: bool, fail_over_ms: float | None) -> None:
    """Apply --check and --fail-over.

    Raises:
        CheckFailedError: a check fails.
    """
    from monitor.console.text import format_ms

    name = found.evidence.name
    if checks and found.findings:
        first = found.findings[0]
        more = f", and {len(found.findings) - 1} more" if len(found.findings) > 1 else ""
        raise CheckFailedError(f"{name}: {first.title}{more}", "--check fails on any finding worth changing")
    if fail_over_ms is None:
        return
    median_ms = found.headline.first_total_p50_ms
    if median_ms is None:
        raise CheckFailedError(
            f"{name}: {found.headline.why or 'the duration of a first call is not known'}",
            "--fail-over fails if there is nothing to check",
        )
    if median_ms > fail_over_ms:
        raise CheckFailedError(
            f"{name}: the median first call takes {format_ms(median_ms)}, more than {format_ms(fail_over_ms)}",
            "--fail-over fails above this limit",
        )
