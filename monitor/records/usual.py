"""How the lines that most of a log consists of look: patterns alone, so that whoever needs no more loads no more."""

import re

# The form that nearly all have: read in one match, in their order, and nothing after it.
USUAL_REPORT = re.compile(
    r"REPORT RequestId: ([0-9a-f-]{36})\tDuration: (\d{1,15}(?:\.\d{1,9})?) ms\t"
    r"Billed Duration: (\d{1,15}(?:\.\d{1,9})?) ms\tMemory Size: (\d{1,15}) MB\tMax Memory Used: (\d{1,15}) MB"
    r"(?:\tInit Duration: (\d{1,15}(?:\.\d{1,9})?) ms)?\s*\Z",
    re.ASCII,
)
USUAL_START = re.compile(r"START RequestId: ([0-9a-f-]{36}) Version: [^\s\\]{1,200}\s*\Z", re.ASCII)
# `[INFO]<tab>time<tab>request id<tab>message`, also where a terminal turned its tabs into spaces.
RUNTIME_LINE = re.compile(
    r"\[([A-Za-z0-9 ]{1,20})\](?:\t|  +)(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?Z)(?:\t|  +)"
    r"([0-9A-Za-z-]{0,64})(?:\t|  +)"
)
TRACEBACK = "Traceback (most recent call last):"
