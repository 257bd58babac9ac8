"""Regular expressions that users and dashboards write."""

import re


def regular_expression(text: str, flags: int = 0) -> re.Pattern[str]:
    """The compiled pattern.

    Raises:
        re.error: it is not valid, too deeply nested, or repeats more often than Python can count.
    """
    try:
        return re.compile(text, flags)
    except (OverflowError, RecursionError) as error:
        raise re.error(str(error)) from error
