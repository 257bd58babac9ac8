"""CPython's import profile, as written to stderr by PYTHONPROFILEIMPORTTIME=1 or `-X importtime`.

`import time:      self [us] | cumulative | module`: two spaces per level, each parent after its children.
"""

import re

from monitor.records.record import ImportTime

_LINE = re.compile(r"import time:\s{1,20}(\d{1,15}) \|\s{1,20}(\d{1,15}) \| ((?:  ){0,500})(\S{1,1000})")


def parse_import_time(line: str) -> ImportTime | None:
    """One line of the profile; None for the header and for any other line."""
    match = _LINE.match(line)
    if match is None:
        return None
    return ImportTime(int(match[1]), int(match[2]), len(match[3]) // 2, match[4])
