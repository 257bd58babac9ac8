"""Which process is at the other end of a loopback connection. Read from /proc, so on Linux only.

Source: kernel documentation, "proc_net_tcp": the local address of the client's socket, the remote one, its inode.
"""

import os
import sys
from pathlib import Path

_TABLE = Path("/proc/net/tcp")
_LOOPBACK = "0100007F"


def can_identify() -> bool:
    """Whether this system tells which process has a connection."""
    return sys.platform == "linux" and _TABLE.exists()


def is_connected(pid: int, client_port: int, server_port: int) -> bool:
    """Whether the process `pid` has the client's end of the connection from `client_port` to `server_port`."""
    inode = _inode(f"{_LOOPBACK}:{client_port:04X}", f"{_LOOPBACK}:{server_port:04X}")
    return inode != "" and _has_open(pid, f"socket:[{inode}]")


def _inode(local: str, remote: str) -> str:
    # Thousands of sockets may be open: only the matching line is split.
    for line in _TABLE.read_text(encoding="ascii").splitlines():
        if local in line:
            fields = line.split()
            if fields[1:3] == [local, remote]:
                return fields[9]
    return ""


def _has_open(pid: int, target: str) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)  # noqa: PTH208 - Path is slower, and this is part of an init
    except OSError:
        return False
    for name in names:
        try:
            if os.readlink(f"{folder}/{name}") == target:  # noqa: PTH115
                return True
        except OSError:
            continue
    return False
