"""Bytes of a saved log, block by block. A pipe whose writer pauses gives an empty block."""

import os
import queue
import stat
import threading
from collections.abc import Iterator
from typing import BinaryIO

from monitor.logs.saved.containers import CutError

_BLOCK_BYTES = 1 << 18
_PIPE_BYTES = 1 << 16
# After so long without more text, the last event is taken to be complete.
_PAUSE_S = 0.3
_QUEUED_BLOCKS = 16


def blocks_of(file: BinaryIO) -> Iterator[bytes]:
    """The blocks of a file; b"" where a pipe has nothing new for a while.

    Raises:
        CutError: compressed data ends early.
    """
    if _is_pipe(file):
        yield from _from_pipe(file)
        return
    read = getattr(file, "read1", file.read)
    while block := read(_BLOCK_BYTES):
        yield block


def _is_pipe(file: BinaryIO) -> bool:
    try:
        mode = os.fstat(file.fileno()).st_mode
    except (AttributeError, OSError, ValueError):
        # A member of an archive has no descriptor.
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)


def _from_pipe(file: BinaryIO) -> Iterator[bytes]:
    """Blocks that a thread reads, because a pipe cannot be asked on every system whether it has more."""
    blocks: queue.Queue[bytes | BaseException] = queue.Queue(_QUEUED_BLOCKS)

    def read_all() -> None:
        read = getattr(file, "read1", file.read)
        try:
            while block := read(_PIPE_BYTES):
                blocks.put(block)
            blocks.put(b"")
        except BaseException as error:  # noqa: BLE001  # Raised again where the blocks are read.
            blocks.put(error)

    threading.Thread(target=read_all, daemon=True, name="saved-log").start()
    paused = False
    while True:
        try:
            block = blocks.get(timeout=None if paused else _PAUSE_S)
        except queue.Empty:
            paused = True
            yield b""
            continue
        paused = False
        if isinstance(block, BaseException):
            raise block
        if not block:
            return
        yield block


__all__ = ["CutError", "blocks_of"]
