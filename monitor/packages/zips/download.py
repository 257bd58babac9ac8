"""Download a zip to a file, atomically, and check it."""

import base64
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

from monitor.aws.code_locations import CodeLocation
from monitor.errors import UnreachableError, UsageError
from monitor.packages.zips.source import stream

# Larger than any zip that Lambda accepts from S3.
_MOST_BYTES = 1 << 30


def download(location: CodeLocation, folder: Path, name: str, advance: Callable[[int, int | None], None]) -> Path:
    """Write the zip to `folder` as NAME.zip; `advance` gets the size of each chunk and the total size.

    Raises:
        UsageError: the file cannot be written.
        UnreachableError: the download is incomplete, or does not match CodeSha256.
    """
    safe = re.sub(r"[^\w.-]+", "-", name).strip(".-") or "code"
    out = folder / f"{safe}.zip"
    partial = folder / f".{safe}.{os.getpid()}.partial"
    digest, done = hashlib.sha256(), 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            for chunk, size in stream(location.url):
                done += len(chunk)
                if done > _MOST_BYTES:
                    raise UnreachableError("the download is larger than any deployment package", "check the URL")
                digest.update(chunk)
                file.write(chunk)
                advance(len(chunk), size)
        told = base64.b64encode(digest.digest()).decode()
        if location.code_sha256 and told != location.code_sha256:
            raise UnreachableError(f"the download of {name} does not match its CodeSha256", "try again")
        partial.replace(out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}", "give --download a writable folder") from None
    finally:
        partial.unlink(missing_ok=True)
    return out
