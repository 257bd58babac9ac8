"""DEBUG lines during a start: each is formatted and passed to Lambda before the caller gets a response.

Evidence: the log level in the function's settings and files, and the lines that starts logged up to the end of their
first invocation. The saving is a time for each DEBUG line. If imports were recorded, the self time of the application's
modules narrows the estimate. Limit: other work of those modules cannot be told apart.
"""

from collections.abc import Iterator

from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.facts.common import affected_starts, own_tops, top_of, tree_of, walk
from monitor.diagnose.facts.import_cost import MANY_DEBUG_LINES
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule, Trial

# ms a line. Measured: 0.010 ms of CPU with the standard library's logger, 0.030 ms with Powertools' Logger, without
# output. The high end is a JSON logger on a small function, with the runtime passing on each line.
_LOW, _LIKELY, _HIGH = 0.01, 0.04, 0.2
# The assumed share of logging in the self time of the application's modules.
_OWN_SHARE = 0.7
_LEVELS = ("DEBUG", "TRACE", "NOTSET")


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding where starts write many DEBUG lines; without a saving where the level alone is known."""
    places = list(_places(evidence))
    logging = evidence.logging
    if logging is None:
        if places:
            yield _finding(evidence, places, [], None)
        return
    if logging.starts == 0 or logging.debug_lines < MANY_DEBUG_LINES:
        return
    fact = Evidence(
        f"a start logs {logging.debug_lines:,.0f} DEBUG lines of {logging.lines:,.0f} "
        f"({logging.bytes / 1024:,.0f} KB) up to the end of its first invocation (mean of {logging.starts} starts)",
        f"monitor tail {evidence.name}",
    )
    yield _finding(evidence, places, [fact], _saving(evidence, logging.debug_lines))


def _saving(evidence: FunctionEvidence, lines: float) -> Saving:
    low_ms, high_ms = _LOW * lines, _HIGH * lines
    if not is_missing(evidence.starts) and evidence.starts.first_total.p50 is not None:
        # The lines are part of a start, and save no more than all of it.
        high_ms = min(high_ms, evidence.starts.first_total.p50)
        low_ms = min(low_ms, high_ms)
    measured = f"a line takes {_LOW} to {_HIGH} ms (loggers were measured at 0.01 to 0.03 ms)"
    ours = own_tops(evidence)
    own_ms = sum(node.self_ms for node, _ in walk(tree_of(evidence)) if top_of(node.module) in ours)
    if own_ms <= 0:
        likely_ms = min(_LIKELY * lines, high_ms)
        return Saving(low_ms, likely_ms, high_ms, f"{measured}, likely {_LIKELY} ms")
    likely_ms = min(max(_OWN_SHARE * own_ms, low_ms), high_ms)
    basis = (
        f"{measured}; likely {_OWN_SHARE:.0%} of the {format_ms(own_ms)} that the application's own modules "
        f"take at init"
    )
    return Saving(low_ms, likely_ms, high_ms, basis)


def _places(evidence: FunctionEvidence) -> Iterator[tuple[str, str]]:
    """Where DEBUG is set, and the change for it."""
    if not is_missing(evidence.settings):
        for name, level in (
            ("the environment's log level", evidence.settings.log_level),
            ("ApplicationLogLevel", evidence.settings.application_log_level),
        ):
            if level and level.upper() in _LEVELS:
                yield f"{name} is {level.upper()}", ""
    if not is_missing(evidence.code):
        yield from ((f"{where} sets the level to DEBUG", where) for where in evidence.code.debug_at)


def _finding(
    evidence: FunctionEvidence, places: list[tuple[str, str]], facts: list[Evidence], saving: Saving | None
) -> Finding:
    files = ", ".join(where for _, where in places if where)
    return Finding(
        rule="debug-logging",
        subject="DEBUG",
        title="Every start logs DEBUG lines" if facts else "The log level is DEBUG",
        evidence=(*facts, *(Evidence(text, where) for text, where in places)),
        changes=tuple(_changes(evidence, files)),
        saving=saving,
        affected=affected_starts(evidence),
        risk=Grade.LOW,
        confidence=Grade.MEDIUM if facts and places else Grade.LOW,
        risk_text="Warm invocations log no DEBUG lines either. Set DEBUG again while you debug.",
    )


def _changes(evidence: FunctionEvidence, files: str) -> Iterator[Change]:
    by_lambda = not is_missing(evidence.settings) and evidence.settings.application_log_level is not None
    if by_lambda and not files:
        yield Change(
            ChangeKind.COMMAND,
            "Set the application's log level to INFO",
            f"aws lambda update-function-configuration --function-name {evidence.name} "
            "--logging-config LogFormat=JSON,ApplicationLogLevel=INFO",
        )
        return
    where = f"in {files}" if files else "LOG_LEVEL or POWERTOOLS_LOG_LEVEL in the function's environment"
    yield Change(ChangeKind.SETTING, "Log at INFO", f"{where}: INFO instead of DEBUG")


RULE = Rule("debug-logging", find, trial=Trial.RAISE_LOG_LEVEL)
