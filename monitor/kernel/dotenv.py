"""Files of environment variables, as `docker run --env-file` and python-dotenv read them: NAME=VALUE on each line."""

import re
import shlex

from monitor.errors import UsageError

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(?P<value>.*)$")


def parse_dotenv(text: str, name: str) -> dict[str, str]:
    """The variables of a file; a value in quotes may contain `#` and spaces. Variables in values are not replaced.

    Raises:
        UsageError: a line is not NAME=VALUE. The message does not contain the line, which may be a secret.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        plain = line.strip()
        if not plain or plain.startswith("#"):
            continue
        match = _LINE.match(plain)
        if match is None:
            raise UsageError(f"{name}:{number} is not NAME=VALUE", "for example TABLE=images")
        found[match["name"]] = _value(match["value"])
    return found


def _value(text: str) -> str:
    if text[:1] in ("'", '"'):
        try:
            return next(iter(shlex.split(text, comments=True)), "")
        except ValueError:
            return text
    # A comment begins after a space: `#` may be part of a password.
    return re.split(r"\s+#", text, maxsplit=1)[0].rstrip()
