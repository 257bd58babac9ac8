"""The memory of a sandbox: resident sizes of its process and its descendants, in kB.

Read from /proc on Linux. On other systems this returns 0, and the peak is known when the process has ended.
"""

import os
from pathlib import Path

_PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024
_MAX_PROCESSES = 1024


def tree_rss_kb(pid: int) -> int:
    """The current resident memory of the process and its descendants."""
    total = 0
    queue = [pid]
    for _ in range(_MAX_PROCESSES):
        if not queue:
            break
        current = queue.pop()
        total += _rss_kb(current)
        queue += _children(current)
    return total


def peak_kb(pid: int) -> int:
    """The peak resident memory of the process itself."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1])


def _rss_kb(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_KB
    except (OSError, IndexError, ValueError):
        return 0


def _children(pid: int) -> list[int]:
    try:
        tasks = [task.name for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []
    found: list[int] = []
    for task in tasks:
        try:
            found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="ascii").split())
        except OSError:
            continue
    return found
