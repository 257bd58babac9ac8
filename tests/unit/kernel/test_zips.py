"""Every way in which a zip cannot be read is one error of ours."""

import io
import zipfile
from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from monitor.errors import UsageError
from monitor.kernel.zips import UNREADABLE_ZIP
from monitor.run.workflow import put_up

_HEAD = b"PK\x01\x02"  # of the central directory
# The offset of a field in an entry of the central directory, and what it says.
_DAMAGES = {
    "a version that nobody knows": (6, (99).to_bytes(2, "little")),
    "a compression that nobody knows": (10, (77).to_bytes(2, "little")),
    "encrypted": (8, (1).to_bytes(2, "little")),
    "another checksum": (16, b"\0\0\0\0"),
    "a place outside": (42, b"\xff\xff\xff\x7f"),
    "a name that is not UTF-8": (46, b"\xff\xfe"),
}


def damaged(how: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", "def handler(event, context): ...\n" * 9)
    offset, field = _DAMAGES[how]
    data = bytearray(out.getvalue())
    at = data.index(_HEAD) + offset
    data[at : at + len(field)] = field
    if how.startswith("a name"):
        data[data.index(_HEAD) + 9] |= 0x08  # the flag of UTF-8
    return bytes(data)


@pytest.mark.parametrize("how", _DAMAGES)
def test_whatever_is_wrong_with_a_zip_is_one_of_these_errors(how: str) -> None:
    with pytest.raises(UNREADABLE_ZIP), zipfile.ZipFile(io.BytesIO(damaged(how))) as archive:
        archive.read(archive.infolist()[0])


def test_a_zip_of_an_unknown_version_is_refused_before_it_is_deployed(tmp_path: Path) -> None:
    package = tmp_path / "app.zip"
    package.write_bytes(damaged("a version that nobody knows"))
    with pytest.raises(UsageError, match="cannot be read as a zip"):
        put_up(Connection(region="eu-west-1", local=True), "fn", package, handler="app.handler")
