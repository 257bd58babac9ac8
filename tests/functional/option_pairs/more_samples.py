"""Samples for the options of the commands about dashboards, packages, permissions and the embedded stack."""

from tests.functional.option_pairs.account import ALPHA, BETA
from tests.functional.option_pairs.samples import CONNECTION_OPTIONS, JSON_IN_UTC, CommandSamples, Sample

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
_NEW_NAME = {("--name", "--force"): "under a new name there is nothing to overwrite"}
_BOARDS = f"boards --project pairs --function {BETA}"
DASHBOARD_DEPLOY = CommandSamples(
    _BOARDS,
    {**_PLAN, "--yes": "--yes", "--dry-run": "--dry-run", "--output": Sample("-o json", ("--yes",))},
    {("--dry-run", "--check"): "a check changes nothing", **_NEW_NAME}
    | {("--project", option): "who owns a dashboard is no difference" for option in ("--dry-run", "--check")},
    {(option, "--output"): {"--output": "-o json"} for option in ("--dry-run", "--check")},
)
DASHBOARD_DIFF = CommandSamples(
    _BOARDS,
    _PLAN,
    _NEW_NAME,
    stated={"--project": "diff takes the options of deploy; without --prune only deploy needs it"},
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
    {("--set", "--strict"): "the value is an error, which fails with and without --strict"},
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
DASHBOARD_EXPORT = CommandSamples(
    "boards/one.json --as sam",
    {
        "--as": "--as terraform",
        "--function": f"--function {ALPHA}",
        "--reference": "--reference ApiFunction",
        "--set": "--set period=60",
        "--no-alarms": "--no-alarms",
        "--to": "--to exported.json",
        "--force": Sample("--force", ("--to boards/one.json",)),
    },
    together={("--to", "--force"): {"--to": "--to boards/one.json"}},
)
PACKAGE_DIFF = CommandSamples(
    "one.zip two.zip", {"--python": "--python 3.9", "--own": "--own yaml", "--output": "-o json"}
)  # fmt: skip
PACKAGE_INSPECT = CommandSamples(
    "one.zip",
    {
        "--tree": "--tree",
        "--depth": Sample("--depth 1", ("--tree",)),
        "--files": "--files",
        "--top": "--top 1",
        "--python": "--python 3.9",
        "--architecture": "--architecture arm64",
        "--pythonpath": "--pythonpath /var/task:/var/task/lib",
        "--own": "--own yaml",
        "--output": "-o json",
    },
)
PACKAGE_DOCKERFILE = CommandSamples(
    "project",
    {
        "--handler": "--handler helper.handler",
        "--python": "--python 3.9",
        "--architecture": "--architecture arm64",
        "--requirements": "--requirements project/other.txt",
        "--extra": "--extra fast",
        "--group": "--group extra",
        "--zip": "--zip one.zip",
        "--dockerignore": "--dockerignore",
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
    "dashboard export": DASHBOARD_EXPORT,
    "package diff": PACKAGE_DIFF,
    "package inspect": PACKAGE_INSPECT,
    "package dockerfile": PACKAGE_DOCKERFILE,
    "instrument": INSTRUMENT,
    "function show": FUNCTION_SHOW,
    "iam-policy": IAM_POLICY,
}

# Options of observed commands that have no sample yet.
NO_SAMPLE = {
    ("errors", "--durable"): "the log has no durable execution",
    ("tail", "--durable"): "the log has no durable execution",
    ("traces show", "--out"): "for -o html alone",
    ("traces show", "--open"): "opens a browser",
    ("package inspect", "--download"): "downloads a deployed package: tests/functional/test_package_commands.py",
    **dict.fromkeys(
        (
            *(("package inspect", option) for option in ("--imports", "--handler", "--env", "--env-file")),
            *(("package diff", option) for option in ("--measure", "--handler", "--env", "--env-file")),
        ),
        "starts a package for seconds",
    ),
    **dict.fromkeys(
        (
            *(("instrument", option) for option in ("--template", "--parameter", "--write", "--yes")),
            *(
                (name, option)
                for name in ("function show", "package inspect")
                for option in ("--template", "--parameter")
            ),
        ),
        "reads a template, not the account: tests/functional/test_templates.py",
    ),
    **dict.fromkeys(
        (
            (name, option)
            for name in ("dashboard export", "package inspect", "package diff")
            for option in CONNECTION_OPTIONS
        ),
        "refused for a file",
    ),
}
# Rules are declared for most of these; what each of their options does beside the others is not observed yet.
NOT_OBSERVED = {
    "open": "the embedded stack has no pages in the console: tests/unit/account/test_command_open.py",
    "doctor": "measures the clock: two runs can differ",
    "dashboard render": "needs a browser for a PNG, and images that CloudWatch draws",
    "diagnose": "reads for seconds, and its trials for minutes",
    "budget": "starts packages for seconds",
    "package build": "installs distributions",
    "optimize": "starts a package for minutes",
    "package layers": "installs distributions",
    "package split": "imports the project",
    "serve": "serves until it is interrupted",
    "mcp": "answers until its client ends",
    "config show": "it has one option of its own",
    "self": "it has one option of its own",
    "measure": "the times of two runs differ",
    "layer publish": "builds and publishes a layer",
    "local up": "starts a stack",
    "local down": "stops a stack",
    "local run": "invokes for seconds",
    "local invoke": "has one option",
    "local status": "has one option",
}
