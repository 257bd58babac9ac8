"""Files that commands write, complete or not at all, and files that they read, within a limit."""

import os
import stat
from pathlib import Path

from monitor.errors import UsageError

_HINT = "give a file in a folder that you can write to"


def check_writable(path: str | Path, *, private: bool = False) -> None:
    """Refuse a file that cannot be written, before any work is done for it.

    Raises:
        UsageError: it is a folder, its folder does not exist or is not writable, or it is `private` and not a file.
    """
    if _is_stream(path, private=private):
        return
    target = _target(path)
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise UsageError(
            f"{str(path)!r} cannot be written: {target.parent} is not a folder that you can write to", _HINT
        )


def write_file(path: str | Path, content: str | bytes, *, private: bool = False) -> None:
    """Write `content` to a temporary file beside `path`, then put that file in its place.

    A command that is interrupted, or a full disk, leaves the earlier file unchanged. A new file has the permissions
    of any new file, an existing one keeps its own; `private` (evidence, checkpoints) means readable by its owner alone.
    A symbolic link stays, and the file that it points to is replaced. A device or a pipe is written to directly.

    Raises:
        UsageError: it cannot be written.
    """
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    try:
        if _is_stream(path, private=private):
            with Path(path).open("wb") as stream:
                stream.write(data)
            return
        target = _target(path)
        _replace(target, data, None if private else _mode(target))
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be written: {error.strerror}", _HINT) from error


def read_file(path: str | Path, most_bytes: int, what: str) -> bytes:
    """The bytes of a regular file of at most `most_bytes`; `what` is its name in a message.

    Raises:
        FileNotFoundError: there is none.
        UsageError: it cannot be read, is larger, or is a device or a pipe, which may never end.
    """
    hint = "give another file"
    try:
        # Not blocking: the opening of a pipe would wait for its writer.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(f"{what} {path} cannot be read: it is not a regular file", hint)
            content = file.read(most_bytes + 1)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{what} {path} cannot be read: {reason}", hint) from error
    if len(content) > most_bytes:
        raise UsageError(f"{what} {path} is larger than {most_bytes // (1 << 20)} MB", hint)
    return content


def _replace(target: Path, data: bytes, mode: int | None) -> None:
    import tempfile

    number, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".partial", dir=target.parent)
    partial = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            if mode is not None:
                os.fchmod(number, mode)
            file.write(data)
            file.flush()
            # On the disk before it has its name: a power failure would otherwise leave an empty file there.
            os.fsync(number)
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _is_stream(path: str | Path, *, private: bool) -> bool:
    """Whether a device or a pipe is there: as root, a file in the place of /dev/null would end it for everybody.

    Raises:
        UsageError: it is, and the content is `private`.
    """
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return False
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return False
    if private:
        raise UsageError(f"{str(path)!r} cannot be written: it is a device or a pipe", _HINT)
    return True


def _target(path: str | Path) -> Path:
    """Where the file is, symbolic links followed.

    Raises:
        UsageError: a folder is there, or it cannot be a path.
    """
    try:
        target = Path(path).resolve()
        is_folder = target.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a path"
        raise UsageError(f"{str(path)!r} cannot be written: {reason}", _HINT) from None
    if is_folder:
        raise UsageError(f"{str(path)!r} cannot be written: it is a folder", _HINT)
    return target


def _mode(target: Path) -> int:
    """The permissions of the file that is replaced, or those of a new file."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask
