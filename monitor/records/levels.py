"""Names and numbers of log levels, on the scale of Python's logging: DEBUG 10, INFO 20, … CRITICAL 50.

Sources:
    Python: https://docs.python.org/3/library/logging.html#logging-levels
    loguru: https://loguru.readthedocs.io/en/stable/api/logger.html (TRACE 5, SUCCESS 25)
    Lambda's JSON format: TRACE, DEBUG, INFO, WARN, ERROR, FATAL
    pino and bunyan: trace 10, debug 20, info 30, warn 40, error 50, fatal 60
    OpenTelemetry: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber (1 to 24)
    syslog: RFC 5424, section 6.2.1 (emerg 0 to debug 7), which GELF, winston's syslog levels and journald use
    Google: https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#logseverity (DEFAULT 0 to EMERGENCY 800)
    logback: level_value of logstash-logback-encoder is a thousand times Python's, but for TRACE 5000
    java.util.logging: SEVERE, WARNING, INFO, CONFIG, FINE, FINER, FINEST
    .NET's console format: trce, dbug, info, warn, fail, crit
    winston's npm levels: error, warn, info, http, verbose, debug, silly
    In one letter: glog (I, W, E, F), Tornado (D, I, W, E, C), Ruby's logger (D, I, W, E, F, A)
"""

from collections.abc import Iterable

TRACE, DEBUG, INFO, NOTICE, WARNING, ERROR, CRITICAL = 5, 10, 20, 25, 30, 40, 50

# The levels that loggers write at the beginning of a text line, in capitals.
TEXT_LEVELS: dict[str, int] = {
    "TRACE": TRACE,
    "DEBUG": DEBUG,
    "INFO": INFO,
    "NOTICE": NOTICE,
    "SUCCESS": NOTICE,
    "WARN": WARNING,
    "WARNING": WARNING,
    "ERROR": ERROR,
    "SEVERE": ERROR,
    "CRITICAL": CRITICAL,
    "FATAL": CRITICAL,
    "ALERT": CRITICAL,
    "EMERGENCY": CRITICAL,
}
LEVELS: dict[str, int] = {
    **TEXT_LEVELS,
    **dict.fromkeys(("TRCE", "SILLY", "FINER", "FINEST", "VERBOSE"), TRACE),
    **dict.fromkeys(("DBUG", "FINE", "HTTP", "CONFIG"), DEBUG),
    **dict.fromkeys(("INFORMATION", "INFORMATIONAL", "DEFAULT"), INFO),
    **dict.fromkeys(("ERR", "FAIL", "ERROR2", "ERROR3", "ERROR4"), ERROR),
    **dict.fromkeys(("CRIT", "EMERG", "PANIC", "DPANIC", "FATAL2", "FATAL3", "FATAL4"), CRITICAL),
    **{f"{name}{number}": level for name, level in (("TRACE", TRACE), ("DEBUG", DEBUG), ("INFO", INFO),
                                                   ("WARN", WARNING)) for number in (2, 3, 4)},
    "NOTSET": 0,
}  # fmt: skip
LETTERS = {"D": "DEBUG", "I": "INFO", "W": "WARNING", "E": "ERROR", "F": "FATAL", "C": "CRITICAL", "A": "UNKNOWN"}
_NAMES = ((CRITICAL, "CRITICAL"), (ERROR, "ERROR"), (WARNING, "WARNING"), (INFO, "INFO"), (DEBUG, "DEBUG"))
_SYSLOG = ("EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG")
_GOOGLE = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")
_OPENTELEMETRY = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_PINO = {10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL"}
_LOGBACK = 1000


# The members of JSON lines in which loggers write the level's name, and its number.
LEVEL_NAME_MEMBERS = (
    *("level", "log_level", "levelname", "level_name", "levelName", "severity", "severity_text", "severityText"),
    *("log.level", "loglevel", "logLevel", "lvl", "severityName", "@l"),
)
LEVEL_MEMBERS = frozenset(LEVEL_NAME_MEMBERS) | {
    *("levelno", "level_number", "level_no", "level_value", "severity_number", "severityNumber", "SeverityNumber"),
}


def other_case(names: Iterable[str]) -> dict[str, str]:
    """How people write the names of members in capitals, each with its usual name: LEVEL, Level, LogLevel."""
    usual = list(names)
    found: dict[str, str] = {}
    for name in usual:
        words = "".join([word[:1].upper() + word[1:] for word in name.split("_")])
        for written in (name.upper(), name[:1].upper() + name[1:], words):
            if written not in usual:
                found.setdefault(written, name)
    return found


# In any case.
LEVEL_MEMBERS_IN_ANY_CASE = LEVEL_MEMBERS | other_case(LEVEL_MEMBERS).keys()


def is_level(value: object) -> bool:
    """Whether the value of such a member is a level, rather than something of the application's own."""
    return level_number(value) is not None if isinstance(value, str) else isinstance(value, int)


def level_number(name: str | None) -> int | None:
    """The number of a level's name on Python's scale, in any case; None for a name that is not a level."""
    return LEVELS.get(name.strip().upper()) if name else None


def python_level(number: float) -> str:
    """The name of a number on Python's scale; a number between two levels belongs to the lower one."""
    return next((name for least, name in _NAMES if number >= least), "TRACE" if number >= TRACE else "NOTSET")


def pino_level(number: float) -> str:
    """The name of a number of pino or bunyan."""
    step = max(10, min(60, int(number) // 10 * 10))
    return _PINO[step]


def otel_level(number: float) -> str | None:
    """The name of OpenTelemetry's SeverityNumber, 1 to 24; None for 0, which means unspecified."""
    return _OPENTELEMETRY[(int(number) - 1) // 4] if 1 <= number <= 24 else None


def syslog_level(number: float) -> str | None:
    """The name of a severity of syslog, 0 (emergency) to 7 (debug)."""
    return _SYSLOG[int(number)] if 0 <= number <= 7 else None


def google_level(number: float) -> str | None:
    """The name of a number of Google's LogSeverity, 0 to 800."""
    return _GOOGLE[int(number) // 100] if 0 <= number < 900 else None


def logback_level(number: float) -> str:
    """The name of logback's `level_value`."""
    return python_level(number / _LOGBACK)
