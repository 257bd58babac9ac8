"""Samples for the options of the commands about dashboards, packages, permissions and the embedded stack."""

from tests.functional.option_pairs.account import ALPHA, BETA
from tests.functional.option_pairs.samples import CONNECTION_OPTIONS, FORM, JSON_IN_UTC, WINDOW, CommandSamples, Sample

_PLAN = {
    "--function": f"--function {ALPHA}",
    "--name": Sample("--name other-name", argument=f"boards/one.json --project pairs --function {BETA}"),
    "--set": "--set period=60",
    "--project": "--project other",
    "--force": "--force",
    "--prune": "--prune",
    "--no-alarms": "--no-alarms",
    "--check": "--check",
    "--output": "-o json",
}
_BOARDS = f"boards --project pairs --function {BETA}"
DASHBOARD_DEPLOY = CommandSamples(
    _BOARDS,
    {**_PLAN, "--yes": "--yes", "--dry-run": "--dry-run", "--output": Sample("-o json", ("--yes",))},
    {("--dry-run", "--check"): "a check changes nothing"},
    {(option, "--output"): {"--output": "-o json"} for option in ("--dry-run", "--check")},
)
DASHBOARD_DIFF = CommandSamples(
    _BOARDS, _PLAN, stated={"--project": "diff takes the options of deploy; without --prune only deploy needs it"}
)
DASHBOARD_DELETE = CommandSamples(
    f"{BETA}-pairs pairs-gone",
    {
        "--alarms": Sample("--alarms", ("--force",)),
        "--force": "--force",
        "--yes": "--yes",
        "--dry-run": "--dry-run",
        "--output": Sample("-o json", ("--yes",)),
    },
    together={("--dry-run", "--output"): {"--output": "-o json"}},
)
DASHBOARD_LIST = CommandSamples(
    "", {"--templates": "--templates", "--prefix": "--prefix pairs-b", "--utc": "--utc", "--output": "-o json"},
    JSON_IN_UTC,
)  # fmt: skip
DASHBOARD_PULL = CommandSamples(
    f"{BETA}-pairs",
    {
        "--function": Sample(f"--function {BETA}", argument="pairs-both"),
        "--to": "--to pulled.json",
        "--force": Sample("--force", ("--to boards/one.json",)),
    },
    together={("--to", "--force"): {"--to": "--to boards/one.json"}},
)
DASHBOARD_SHOW = CommandSamples(
    f"{BETA}-pairs", {"--in": Sample("--in", argument="stack.json"), "--output": "-o json"}
)  # fmt: skip
DASHBOARD_VALIDATE = CommandSamples(
    "boards/one.json doubtful.json",
    {
        "--in": Sample("--in", argument="stack.json"),
        "--set": "--set period=7",
        "--strict": "--strict",
        "--output": "-o json",
    },
)
DIAGNOSE = CommandSamples(
    ALPHA,
    {
        "--from": Sample("--from saved.log", argument=""),
        "--form": FORM,
        "--save": "--save evidence.json",
        "--compare": "--compare before.evidence",
        "--details": "--details",
        "--check": "--check",
        "--fail-over": "--fail-over 1ms",
        **WINDOW,
        "--try": "--try",
        "--package": Sample("--package one.zip", ("--try",)),
        "--env": Sample("--env STAGE=dev", ("--try",)),
        "--event": Sample("--event event.json", ("--try",)),
        "--turns": Sample("--turns 3", ("--try",)),
        "--output": "-o json",
    },
    JSON_IN_UTC,
)
INSTRUMENT = CommandSamples(
    ALPHA,
    {
        "--all": Sample("--all", argument=""),
        "--apply": Sample("--apply", ("--layer",)),
        "--undo": "--undo",
        "--layer": "--layer LAYER",
        "--no-tracing": Sample("--no-tracing", ("--layer",)),
        "--output": "-o json",
    },
)
FUNCTION_SHOW = CommandSamples(ALPHA, {"--output": "-o json"})
DOCTOR = CommandSamples("", {"--function": f"--function {ALPHA}", "--output": "-o json"})
IAM_POLICY = CommandSamples(
    "instrument",
    {
        "--function": f"--function {ALPHA}",
        "--log-group": Sample("--log-group /shared/log", argument="tail"),
        "--account": "--account 123456789012",
        "--plain": "--plain",
        "--with": "--with apply",
        "--output": "-o text",
    },
    {("--plain", "--with"): "--with leaves out what --plain does"},
)  # fmt: skip
_OF_FUNCTION = {option: Sample(text, argument=ALPHA) for option, text in CONNECTION_OPTIONS.items()}
_OF_FUNCTIONS = {option: Sample(text, argument=f"{ALPHA} {BETA}") for option, text in CONNECTION_OPTIONS.items()}
PACKAGE_INSPECT = CommandSamples(
    "one.zip",
    {
        "--tree": "--tree",
        "--depth": Sample("--depth 1", ("--tree",)),
        "--files": "--files",
        "--top": "--top 1",
        "--download": Sample("--download code", argument=ALPHA),
        "--python": "--python 3.12",
        "--architecture": "--architecture arm64",
        "--pythonpath": "--pythonpath /var/task/lib",
        "--own": "--own thing",
        **_OF_FUNCTION,
        "--imports": "--imports",
        "--handler": Sample("--handler helper.handler", ("--imports",)),
        "--env": Sample("--env STAGE=dev", ("--imports",)),
        "--env-file": Sample("--env-file vars.env", ("--imports",)),
        "--output": "-o json",
    },
)
PACKAGE_DIFF = CommandSamples(
    "one.zip two.zip",
    {
        "--measure": "--measure 2",
        "--handler": Sample("--handler helper.handler", ("--measure",)),
        "--python": "--python 3.12",
        "--own": "--own thing",
        **_OF_FUNCTIONS,
        "--env": Sample("--env STAGE=dev", ("--measure",)),
        "--env-file": Sample("--env-file vars.env", ("--measure",)),
        "--output": "-o json",
    },
)

MORE_COMMANDS: dict[str, CommandSamples] = {
    "dashboard deploy": DASHBOARD_DEPLOY,
    "dashboard diff": DASHBOARD_DIFF,
    "dashboard delete": DASHBOARD_DELETE,
    "dashboard list": DASHBOARD_LIST,
    "dashboard pull": DASHBOARD_PULL,
    "dashboard show": DASHBOARD_SHOW,
    "dashboard validate": DASHBOARD_VALIDATE,
    "diagnose": DIAGNOSE,
    "instrument": INSTRUMENT,
    "function show": FUNCTION_SHOW,
    "doctor": DOCTOR,
    "iam-policy": IAM_POLICY,
    "package inspect": PACKAGE_INSPECT,
    "package diff": PACKAGE_DIFF,
}
