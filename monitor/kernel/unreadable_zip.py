"""What `zipfile` raises for a file that is not a zip, for a damaged one, and for what it cannot unpack."""

import zipfile
import zlib

# RuntimeError: a member is encrypted or, as NotImplementedError, of an unknown version or compression.
# UnicodeDecodeError: a name is not UTF-8.
UNREADABLE_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, UnicodeDecodeError)
