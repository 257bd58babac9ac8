"""How many examples a test generates: a fifth in `make test`, others each time; all of them in `make check-slow`."""

import os

_ALL = bool(os.environ.get("MONITOR_ALL_EXAMPLES"))
_LEAST, _ONE_IN = 20, 5


def examples(most: int) -> int:
    """The number of examples, of at most `most`."""
    return most if _ALL else min(most, max(_LEAST, most // _ONE_IN))
