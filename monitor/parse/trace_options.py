"""What a person writes to choose traces: a duration, an annotation and its value."""

import re

from monitor.errors import UsageError

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m)?", re.ASCII)
_UNIT_MS = {"ms": 1.0, "s": 1000.0, "m": 60_000.0}
# X-Ray's own rule for annotation keys, and the dots that Lambda's keys have.
_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,500}", re.ASCII)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)


def parse_duration_ms(text: str) -> float:
    """`800ms`, `2s`, `1.5s`, `1m`; a bare number is seconds.

    Raises:
        UsageError: it is none of these.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is not a duration", "write 800ms, 2s, 1.5s or 1m")
    return float(match[1]) * _UNIT_MS[match[2] or "s"]


def parse_annotation(text: str) -> tuple[str, str | float | bool]:
    """`KEY=VALUE`: true and false are booleans, digits a number, all else (and what is in quotes) text.

    Raises:
        UsageError: there is no `=`, or the key is none that X-Ray takes.
    """
    key, sign, value = text.partition("=")
    if not sign or not _KEY.fullmatch(key):
        raise UsageError(f"{text!r} is not an annotation", "write KEY=VALUE, e.g. ColdStart=true or tenant=acme")
    if value in ("true", "false"):
        return key, value == "true"
    if _NUMBER.fullmatch(value):
        return key, float(value)
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'"
    return key, value[1:-1] if quoted else value
