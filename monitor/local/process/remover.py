"""Deletes folders of a stack after its end; run as a script (`python -I -S remover.py FOLDER…`), standard library only.

It returns at once: a child in a session of its own does the work, so that nobody waits for tens of thousands of
files and nobody inherits a process to reap. What it does not get done, the next stack's start finishes.
"""

import os
import shutil
import signal
import sys

_LIMIT_S = 600


def remove_tree(root: str) -> None:
    """Remove a folder whose folders may be read-only; what is gone already is no error, links are not followed."""
    for folder, _, _ in os.walk(root):
        try:
            os.chmod(folder, 0o700)  # noqa: PTH101 - no pathlib: it starts quicker
        except FileNotFoundError:
            continue
    shutil.rmtree(root, ignore_errors=True)


def main() -> None:
    """Remove the folders that the arguments name, in the background, for ten minutes at most."""
    if os.fork():
        return
    os.setsid()
    signal.alarm(_LIMIT_S)
    for root in sys.argv[1:]:
        remove_tree(root)


if __name__ == "__main__":
    main()
