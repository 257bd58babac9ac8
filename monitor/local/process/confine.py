"""Confines a sandbox's process on Linux: no capabilities, few writable folders, no access to other processes.

The folders and processes are confined by Landlock (kernel 5.13 or newer, which needs no privileges): the process may
write only below the given folders, and may not read the memory, the environment or the descriptors of processes outside
its own sandbox. From Landlock's version 6 on it may not send them signals either. Without Landlock only the modes of
files protect the shared folders.

Source: kernel documentation, "Landlock: unprivileged access control"; include/uapi/linux/landlock.h.
"""

import contextlib
import ctypes
import os
import sys

_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_LAST_CAPABILITY = 63
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_VERSION_FLAG = 1
# Writing, removing and creating; from version 2 on moving between folders, from version 3 on truncating.
_WRITE_ACCESS = sum(1 << bit for bit in (1, 4, 5, 6, 7, 8, 9, 10, 11, 12))
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_SCOPES = 0b11  # abstract Unix sockets, signals

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def prctl(option: int, value: int) -> None:
    """Call prctl(2); does nothing on other systems than Linux."""
    if _libc is not None:
        _libc.prctl(option, value, 0, 0, 0)


def hide_memory() -> None:
    """Forbid other processes of this user to read the memory and the environment of this process."""
    prctl(_PR_SET_DUMPABLE, 0)


def landlock_version() -> int:
    """The kernel's version of Landlock; 0 where it is not available."""
    if _libc is None:
        return 0
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG))))


def confine(writable: list[str], version: int) -> None:
    """Confine the calling process to `writable` folders; `version` is Landlock's. Raises OSError.

    Everything that the process executes is confined too. Folders that do not exist are ignored.
    """
    if os.geteuid() == 0:
        for capability in range(_LAST_CAPABILITY + 1):
            prctl(_PR_CAPBSET_DROP, capability)
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if version < 1:
        return
    access = _WRITE_ACCESS | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    words = (ctypes.c_uint64 * 3)(access, 0, _SCOPES if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _checked(_CREATE_RULESET, ctypes.byref(words), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for folder in writable:
            with contextlib.suppress(FileNotFoundError):
                _allow(ruleset, folder, access)
        _checked(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, folder: str, access: int) -> None:
    descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _PathBeneath(access, descriptor)
        _checked(
            _ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_RULE_PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0)
        )
    finally:
        os.close(descriptor)


def _checked(number: int, *arguments: object) -> int:
    assert _libc is not None
    answer = int(_libc.syscall(number, *arguments))
    if answer < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"system call {number}: {os.strerror(error)}")
    return answer
