"""One line of a log, with where and when CloudWatch Logs holds it."""

from monitor.kernel.values import dataclass


# Not frozen, though nobody may change one: a hundred thousand are made while somebody waits, and freezing makes each
# cost five times as much (0.98 against 0.18 us).
@dataclass(slots=True, unsafe_hash=True)
class LogEvent:
    """An event of CloudWatch Logs, or a line of a file in its place.

    `timestamp_ms` and `ingestion_ms` are epoch milliseconds; `group` is a log group's name (not its ARN);
    `event_id` is empty where the source has none (live tail, files). `message` is as stored: it may hold
    newlines, carriage returns and control characters. `late` says that a follow found it after its lateness
    was over. `origin` names the profile and region it came from where several are read, else it is empty.
    """

    timestamp_ms: int
    message: str
    stream: str = ""
    group: str = ""
    event_id: str = ""
    ingestion_ms: int | None = None
    late: bool = False
    origin: str = ""
