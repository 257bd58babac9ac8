"""Fewer garbage collections while a function's init imports. monitor writes this file into a package as
`_monitor_collect`.

Nearly all that imports create stays alive, so that passes over it find nothing. Garbage is still looked for, each time
so many more objects exist. What the application sets itself, and what is alive, stays as it is.
"""

import gc

# No application sets this number.
_FEWER = 100_003
_before = [0]


def begin() -> None:
    """Collect less often from here on, unless the collector is off, or collects even less often."""
    now = gc.get_threshold()[0]
    if gc.isenabled() and 0 < now < _FEWER:
        _before[0] = now
        gc.set_threshold(_FEWER)


def end() -> None:
    """Collect as before. What is alive becomes old: the first invocation does not pay for a pass over it."""
    if gc.get_threshold()[0] == _FEWER:
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        gc.set_threshold(_before[0])
