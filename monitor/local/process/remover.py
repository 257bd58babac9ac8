"""Deletes the folders of a stack after its end. Runs as a script (`python -I -S remover.py FOLDER…`), stdlib only.

The script returns immediately: a child in a separate session deletes the files, so that the caller neither waits for
tens of thousands of files nor has to reap a process. The next stack deletes the folders that the child did not finish.
"""

import os
import shutil
import signal
import sys

_LIMIT_S = 600


def remove_tree(root: str) -> None:
    """Remove a folder that may contain read-only folders. Missing files are ignored, links are not followed."""
    for folder, _, _ in os.walk(root):
        try:
            os.chmod(folder, 0o700)  # noqa: PTH101 - no pathlib: it starts quicker
        except FileNotFoundError:
            continue
    shutil.rmtree(root, ignore_errors=True)


def main() -> None:
    """Remove the folders given as arguments, in the background, for at most ten minutes."""
    if os.fork():
        return
    os.setsid()
    signal.alarm(_LIMIT_S)
    for root in sys.argv[1:]:
        remove_tree(root)


if __name__ == "__main__":
    main()
