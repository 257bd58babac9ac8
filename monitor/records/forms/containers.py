"""What containers' tools print: `docker logs`, `docker compose logs`, `kubectl logs`, the system's journal."""

from monitor.records.forms.prefixes import prefix_form

COMPOSE = prefix_form(
    "docker-compose",
    "the output of `docker compose logs`",
    r"{service} *\| {time} ",
    r"{service} *\| ",
    example="docker compose logs",
)
COMPOSE_BARE = prefix_form(
    "timed-lines",
    "lines with a time each",
    r"{time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{4,9}(?:Z|[+-]\d\d:\d\d)} ",
    example="docker logs -t, kubectl logs --timestamps",
)
KUBECTL = prefix_form(
    "kubectl",
    "the output of `kubectl logs --prefix`",
    r"\[{service}\] {time} ",
    r"\[{service}\] ",
    example="kubectl logs --prefix",
)
SYSLOG = prefix_form(
    "syslog",
    "lines of the system's journal",
    r"(?:<\d{1,3}>1? ?)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|{time}) [\w.-]{1,255} "
    r"{service=[\w./-]{1,100}}(?:\[\d{1,10}\])?: ",
    example="journalctl -u docker",
)
