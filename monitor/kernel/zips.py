"""Zips: what `zipfile` raises for those that cannot be read, and the time of an entry."""

import calendar
import zipfile
import zlib

# Of a file that is not a zip, of a damaged one, and of what `zipfile` cannot unpack.
# RuntimeError: a member is encrypted or, as NotImplementedError, of an unknown version or compression.
# UnicodeDecodeError: a name is not UTF-8.
UNREADABLE_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, UnicodeDecodeError)


def zip_time_s(date_time: tuple[int, int, int, int, int, int]) -> int:
    """The time of `ZipInfo.date_time` in epoch seconds, as Lambda unpacks it: zips have no zone, its machines use UTC.

    Zips of Go programs can have the month and the day 0, which are the month and the day before the first.
    """
    year, month, *rest = date_time
    years, month_from_zero = divmod(month - 1, 12)
    return calendar.timegm((year + years, month_from_zero + 1, *rest, 0, 0, 0))
