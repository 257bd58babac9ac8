"""Lines of level DEBUG that a start writes: each is formatted, and handed to Lambda, before the caller is answered.

Looks at the level in the function's settings and files, and at the lines that its starts logged up to the end of their
first invocation. The saving is a time for each DEBUG line. Limits: a line's time depends on the logger and on memory;
what computing the logged values takes is not seen.
"""

from collections.abc import Iterator

from monitor.analyze.rules.common import affected_starts
from monitor.model.evidence import FunctionEvidence
from monitor.model.finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.model.invocation import Missing

# Below so many lines a start writes no more than a few ms.
_LEAST_LINES = 50
# ms a line. Measured here: the standard library's logger 0.010 ms of CPU, Powertools' Logger 0.030 ms, written to
# nowhere; the high end is a small function whose logger makes JSON, and the runtime passing each line on.
_LOW, _LIKELY, _HIGH = 0.01, 0.04, 0.2
_LEVELS = ("DEBUG", "TRACE", "NOTSET")


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding where starts write many DEBUG lines; without a saving where the level alone is known."""
    places = list(_places(evidence))
    logging = evidence.logging
    if logging is None:
        if places:
            yield _finding(evidence, places, [], None)
        return
    if logging.starts == 0 or logging.debug_lines < _LEAST_LINES:
        return
    fact = Evidence(
        f"a start writes {logging.debug_lines:,.0f} DEBUG lines of {logging.lines:,.0f}, "
        f"{logging.bytes / 1024:,.0f} KB in all, up to the end of its first invocation (mean of {logging.starts})",
        f"monitor tail {evidence.name}",
    )
    saving = Saving(
        _LOW * logging.debug_lines,
        _LIKELY * logging.debug_lines,
        _HIGH * logging.debug_lines,
        f"{_LIKELY} ms a line ({_LOW}-{_HIGH}): loggers measured here take 0.01 to 0.03 ms of CPU, and the runtime "
        "hands each line on",
    )
    yield _finding(evidence, places, [fact], saving)


def _places(evidence: FunctionEvidence) -> Iterator[tuple[str, str]]:
    """Where DEBUG is set, and the change for it."""
    if not isinstance(evidence.settings, Missing):
        for name, level in (
            ("the environment's log level", evidence.settings.log_level),
            ("ApplicationLogLevel", evidence.settings.application_log_level),
        ):
            if level and level.upper() in _LEVELS:
                yield f"{name} is {level.upper()}", ""
    if not isinstance(evidence.code, Missing):
        yield from ((f"the level is set to DEBUG at {where}", where) for where in evidence.code.debug_at)


def _finding(
    evidence: FunctionEvidence, places: list[tuple[str, str]], facts: list[Evidence], saving: Saving | None
) -> Finding:
    files = ", ".join(where for _, where in places if where)
    return Finding(
        rule="debug-logging",
        subject="DEBUG",
        title="DEBUG lines are logged at every start" if facts else "The log level is DEBUG",
        evidence=(*facts, *(Evidence(text, where) for text, where in places)),
        changes=tuple(_changes(evidence, files)),
        saving=saving,
        affected=affected_starts(evidence),
        risk=Grade.LOW,
        confidence=Grade.MEDIUM if facts and places else Grade.LOW,
        risk_text="The lines are gone, from warm invocations too: set DEBUG again while you look for something.",
    )


def _changes(evidence: FunctionEvidence, files: str) -> Iterator[Change]:
    by_lambda = not isinstance(evidence.settings, Missing) and evidence.settings.application_log_level is not None
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
