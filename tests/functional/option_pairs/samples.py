"""For each option of each command a value with which it is seen to act, alone and beside the others."""

import shlex
from dataclasses import dataclass, field

from tests.functional.option_pairs.account import ALPHA, TRACE, invoked

CONNECTION_OPTIONS = {
    "--profile": "--profile other",
    "--region": "--region eu-west-1",
    "--stage": "--stage test",
    "--local": "--local",
    "--endpoint-url": "--endpoint-url http://127.0.0.1:1",
}


@dataclass(frozen=True)
class Sample:
    """`text` is typed for an option; `beside` are the options that it needs, but where they are paired with it."""

    text: str
    beside: tuple[str, ...] = ()
    argument: str | None = None
    """In the place of the command's own."""

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(shlex.split(self.text))


@dataclass(frozen=True)
class CommandSamples:
    """`argument` is what the command is pointed at; `implied` are pairs of which one states what the other does."""

    argument: str
    options: dict[str, str | Sample]
    implied: dict[tuple[str, str], str] = field(default_factory=dict)
    together: dict[tuple[str, str], dict[str, str | Sample]] = field(default_factory=dict)
    """For a pair the values with which both are seen, where those of every pair do not show it."""
    stated: dict[str, str] = field(default_factory=dict)
    """Options that say what the command does in any case, and why they are there."""

    def sample(self, option: str, pair: tuple[str, ...] = ()) -> Sample:
        """What is typed for an option, alone or in a pair."""
        known = _ZONED | self.together
        special = known.get(pair, known.get(pair[::-1], {})) if len(pair) == 2 else {}
        found = special.get(option, self.options.get(option, CONNECTION_OPTIONS.get(option)))
        assert found is not None, f"give {option} a sample in tests/functional/option_pairs/samples.py"
        return Sample(found) if isinstance(found, str) else found


# Without --since, an end that is read in another zone lies before the start.
_ZONED = {("--until", "--utc"): {"--until": Sample("--until UNTIL", ("--since SINCE",))}}
_NUMBERS = [one.request_id for one in invoked(0) if one.chosen]
WINDOW = {"--since": "--since SINCE", "--until": "--until UNTIL", "--utc": "--utc"}
_UNTIL = "--until-match"
JSON_IN_UTC = {("--utc", "--output"): "JSON has all times in UTC"}

FORM = Sample("--form aws-tail-short", ("--from",), argument="")

TAIL = CommandSamples(
    ALPHA,
    {
        "--follow": "--no-follow",
        "--lines": "--lines 5",
        "--filter": "--filter '?berry ?first'",
        "--from": Sample("--from saved.log", argument=""),
        "--form": FORM,
        "--grep": "--grep 'apple|START|REPORT'",
        "--exclude": "--exclude 'pear|END'",
        "--level": "--level warning",
        "--request-id": " ".join(f"--request-id {one}" for one in _NUMBERS),
        "--trace-id": f"--trace-id {TRACE}",
        "--cold": "--cold",
        "--errors": "--errors",
        "--slow": "--slow 500ms",
        "--fields": "--fields tenant",
        "--query": "--query tenant",
        "--context": Sample("--context 2", ("--grep",)),
        "--invocations": "--invocations",
        "--no-fold": "--no-fold",
        "--until-match": "--until-match needle",
        "--timeout": "--timeout 8s",
        "--checkpoint": "--checkpoint state.json",
        "--save": "--save saved.jsonl",
        "--live": "--live",
        "--lateness": "--lateness 30s",
        "--reorder": "--reorder 0s",
        "--tag": "--tag stage=two",
        **WINDOW,
        "--output": "-o json",
    },
    JSON_IN_UTC
    | {("--follow", option): "it ends by itself" for option in ("--from", "--form", "--until")}
    | {("--form", "--fields"): "read in a form that is not its own, the file has no JSON lines"},
    {(_UNTIL, option): {_UNTIL: "--until-match nowhere"} for option in ("--timeout", "--lateness", "--reorder")},
)

_SELECTION = {"--all": "--all", "--tag": "--tag stage=two"}

ERRORS = CommandSamples(
    ALPHA,
    {
        "--follow": "--follow",
        "--limit": "--limit 1",
        "--from": Sample("--from saved.log", argument=""),
        "--form": FORM,
        **WINDOW,
        "--output": "-o json",
    },
    JSON_IN_UTC | {("--limit", "--form"): "read in a form that is not its own, the file has one group"},
)
SHOW = CommandSamples(
    f"slowest-cold {ALPHA}",
    {
        "--from": Sample("--from saved.log", argument="slowest-cold"),
        "--form": Sample("--form aws-tail-short", ("--from",), argument="slowest-cold"),
        **WINDOW,
        "--since": "--since LATE",
        "--output": "-o json",
    },
    JSON_IN_UTC,
    {("--since", "--until"): {"--since": "--since SINCE"}},
)
_IMPORTS = (
    "--tree",
    "--packages",
    "--speedscope",
    "--save",
    "--diff",
    "--profile-package",
    "--top",
    "--profile-env",
    "--env-file",
)
COLDSTARTS = CommandSamples(
    ALPHA,
    {
        **_SELECTION,
        "--yes": Sample("--yes", ("--engine insights",)),
        "--from": Sample("--from saved.log", argument=""),
        "--form": FORM,
        "--by": "--by hour",
        "--compare": "--compare 1d",
        "--list": "--list",
        "--slowest": Sample("--slowest 2", ("--list",)),
        "--engine": "--engine scan",
        "--architecture": Sample("--architecture arm64", ("--from", "--region"), argument=""),
        "--imports": "--imports",
        "--tree": "--tree",
        "--top": Sample("--top 2", ("--imports",)),
        "--packages": "--packages packages",
        "--speedscope": "--speedscope graph.json",
        "--save": "--save profile.json",
        "--diff": "--diff before.json",
        "--profile-package": "--profile-package",
        "--profile-env": Sample("--profile-env STAGE=dev", ("--profile-package",)),
        "--env-file": Sample("--env-file variables.env", ("--profile-package",)),
        "--fail-over": "--fail-over 'cold_starts > 1'",
        **WINDOW,
        "--output": "-o json",
    },
    JSON_IN_UTC
    | {("--imports", option): "each shows imports" for option in _IMPORTS}
    | {("--form", "--top"): "read in a form that is not its own, the file has no import profile"},
    {
        ("--yes", "--engine"): {"--engine": "--engine insights"},
        ("--from", "--compare"): {"--compare": "--compare earlier.log"},
        ("--form", "--compare"): {
            "--compare": "--compare earlier.log",
            "--form": Sample("--form timed-lines", ("--from",), argument=""),
        },
        ("--from", "--region"): {"--from": Sample("--from saved.log", ("--architecture",), argument="")},
    },
)
_MANY = " ".join(f"--region xx-{at}" for at in range(12))
METRICS = CommandSamples(
    ALPHA,
    {
        **_SELECTION,
        "--yes": Sample("--yes", (_MANY,)),
        "--period": "--period 5m",
        "--plot": "--plot",
        "--custom": "--custom",
        "--namespace": "--namespace Shop",
        "--service": "--service orders",
        "--memory": "--memory",
        "--sort": Sample("--sort errors", ("--tag",)),
        "--watch": "--watch",
        "--fail-over": "--fail-over 'invocations > 1'",
        **WINDOW,
        "--utc": Sample("--utc", ("--since",)),
        "--output": "-o json",
    },
    {("--custom", "--namespace"): "a namespace is one of custom metrics", ("--custom", "--service"): "a service too"},
    {("--yes", "--region"): {"--region": _MANY}},
)

_FILTERS = {
    "--cold": "--cold",
    "--slower-than": "--slower-than 2s",
    "--faulty": "--faulty",
    "--annotation": "--annotation tenant=acme",
}
TRACES_LIST = CommandSamples(
    ALPHA,
    {
        **_FILTERS,
        "--filter": "--filter 'annotation[stage] = \"gold\"'",
        "--limit": "--limit 1",
        "--examine": Sample("--examine 3", ("--cold", "--limit")),
        "--from": Sample("--from traces.json", argument=""),
        **WINDOW,
        "--output": "-o json",
    },
    JSON_IN_UTC,
)
TRACES_FOLLOW = CommandSamples(
    f"{ALPHA} --since 15m",
    {**_FILTERS, "--since": "--since SINCE", "--utc": "--utc", "--output": "-o json"},
    JSON_IN_UTC,
)
TRACES_SHOW = CommandSamples(
    f"slowest-cold {ALPHA}",
    {
        "--logs": "--logs",
        "--max-rows": "--max-rows 5",
        "--all": "--all",
        "--examine": "--examine 3",
        "--from": Sample("--from traces.json", argument="slowest-cold"),
        **WINDOW,
        "--since": "--since LATER",
        "--output": "-o json",
    },
    JSON_IN_UTC,
    {(other, "--since"): {"--since": "--since SINCE"} for other in ("--until", "--examine")},
)
TRACES_COMPARE = CommandSamples(
    ALPHA,
    {
        "--most": "--most 2",
        "--examine": "--examine 5",
        **WINDOW,
        "--utc": Sample("--utc", ("--since",)),
        "--output": "-o json",
    },
    stated={"--cold": "cold traces beside warm ones are the only comparison so far"},
)

COMMANDS: dict[str, CommandSamples] = {
    "tail": TAIL,
    "errors": ERRORS,
    "show": SHOW,
    "coldstarts": COLDSTARTS,
    "metrics": METRICS,
    "traces list": TRACES_LIST,
    "traces follow": TRACES_FOLLOW,
    "traces show": TRACES_SHOW,
    "traces compare": TRACES_COMPARE,
}
