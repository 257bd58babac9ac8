"""What Lambda's text lines look like: the names, order and units of REPORT's figures, and the patterns of usual lines.

Every reader and writer of these lines derives from here, in text and in bytes. Nothing but `re` is loaded, so that a
tail can read most lines of a log by these patterns alone.
"""

import re

# REPORT's figures in the order in which Lambda writes them: the field of `Report`, the name and unit in text, and the
# name in the `metrics` of a platform.report event. Milliseconds may have a fraction, megabytes have none.
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


_ALWAYS = "".join(_figure(*one) for one in REPORT_FIGURES[:4])
_INIT = _figure(*REPORT_FIGURES[4])
# The form that nearly all have: the request id, four figures, and for a cold start the init's; nothing after them.
REPORT_PATTERN = rf"REPORT RequestId: ({_REQUEST_ID}){_ALWAYS}(?:{_INIT})?\s*\Z"
# The request id and the version.
START_PATTERN = rf"START RequestId: ({_REQUEST_ID}) Version: ({_VERSION})\s*\Z"
USUAL_REPORT = re.compile(REPORT_PATTERN, re.ASCII)
USUAL_START = re.compile(START_PATTERN, re.ASCII)
# `[INFO]<tab>time<tab>request id<tab>message`, also where a terminal turned its tabs into spaces.
RUNTIME_LINE = re.compile(
    r"\[([A-Za-z0-9 ]{1,20})\](?:\t|  +)(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?Z)(?:\t|  +)"
    r"([0-9A-Za-z-]{0,64})(?:\t|  +)"
)
TRACEBACK = "Traceback (most recent call last):"
