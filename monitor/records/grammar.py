"""The format of Lambda's text lines: the names, order and units of the figures in REPORT, and patterns of common lines.

Every reader and writer of these lines uses these definitions, in text and in bytes. This module imports only `re`, so
that `monitor tail` can read most lines without loading anything else.
"""

import re

# The figures of REPORT in the order in which Lambda writes them: the field of `Report`, the name and unit in text, and
# the name in the `metrics` of a platform.report event. Milliseconds can have a fraction, megabytes cannot.
REPORT_FIGURES = (
    ("duration_ms", "Duration", "ms", "durationMs"),
    ("billed_ms", "Billed Duration", "ms", "billedDurationMs"),
    ("memory_mb", "Memory Size", "MB", "memorySizeMB"),
    ("max_memory_mb", "Max Memory Used", "MB", "maxMemoryUsedMB"),
    ("init_ms", "Init Duration", "ms", "initDurationMs"),
    ("restore_ms", "Restore Duration", "ms", "restoreDurationMs"),
    ("billed_restore_ms", "Billed Restore Duration", "ms", "billedRestoreDurationMs"),
)
MILLISECONDS = r"\d{1,15}(?:\.\d{1,9})?"
MEGABYTES = r"\d{1,15}"
_NUMBER = {"ms": MILLISECONDS, "MB": MEGABYTES}
_REQUEST_ID = r"[0-9a-f-]{36}"
_VERSION = r"\$LATEST|\d{1,15}"


def _figure(_field: str, name: str, unit: str, _member: str) -> str:
    return rf"\t{name}: ({_NUMBER[unit]}) {unit}"


_BY_FIELD = {one[0]: _figure(*one) for one in REPORT_FIGURES}
_ALWAYS = "".join(_BY_FIELD[field] for field in ("duration_ms", "billed_ms", "memory_mb", "max_memory_mb"))
_INIT = _BY_FIELD["init_ms"]
# The most common REPORT: the request id, four figures, the init duration of a cold start, and nothing after that.
REPORT_PATTERN = rf"REPORT RequestId: ({_REQUEST_ID}){_ALWAYS}(?:{_INIT})?\s*\Z"
# The request id and the version.
START_PATTERN = rf"START RequestId: ({_REQUEST_ID}) Version: ({_VERSION})\s*\Z"
USUAL_REPORT = re.compile(REPORT_PATTERN, re.ASCII)
USUAL_START = re.compile(START_PATTERN, re.ASCII)
# `[INFO]<tab>time<tab>request id<tab>message`; a terminal may have replaced the tabs with spaces.
RUNTIME_LINE = re.compile(
    r"\[([A-Za-z0-9 ]{1,20})\](?:\t|  +)(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?Z)(?:\t|  +)"
    r"([0-9A-Za-z-]{0,64})(?:\t|  +)"
)
TRACEBACK = "Traceback (most recent call last):"
