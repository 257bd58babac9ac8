"""Starts the process that removes folders, and goes on when the one that started it has ended."""

import subprocess
import sys

from monitor.local.process import remover
from monitor.local.process.clean_env import clean_environment


def start_removal(*folders: str, wait_s: float) -> "subprocess.Popen[bytes]":
    """Start to remove the folders. The process ends with 0 when they are gone, after about `wait_s` at the latest.

    Raises:
        OSError: it cannot be started.
    """
    return subprocess.Popen(
        [sys.executable, "-I", "-S", remover.__file__, str(wait_s), *folders],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        env=clean_environment(),
    )
