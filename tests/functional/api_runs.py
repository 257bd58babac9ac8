"""Runs of each command that between them make every call it can make: with its options, and with kinds of TARGET.

The word FUNCTION stands for a function's name, FOLDER for a folder with one dashboard, EVENT for a file with an event,
LAYER and PLAIN for a layer's ARN and a function that can be instrumented.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ApiRun:
    """`command` is the table's name of it, `line` what is typed; `before` runs first, and is not looked at.

    `searched`: with Transaction Search on. `unfinished`: a query of Logs Insights never ends. `denied`: without this
    permission, which leads to other calls. `seconds`: after that long it is interrupted. `fails`: its exit code may be
    another than 0. `visits`: the requests of the page that the command serves. `asks`: the
    tools that an assistant calls.
    """

    command: str
    line: str
    before: tuple[str, ...] = ()
    searched: bool = False
    unfinished: bool = False
    denied: str = ""
    seconds: float = 0.0
    fails: bool = False
    asks: tuple[tuple[str, dict[str, str]], ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    visits: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        marks = [
            " (Transaction Search)" * self.searched,
            f" (without {self.denied})" if self.denied else "",
            " (a query that never ends)" * self.unfinished,
        ]
        return self.line + "".join(marks)


def runs(command: str, *lines: str, **more: object) -> list[ApiRun]:
    return [ApiRun(command, line, **more) for line in lines]  # type: ignore[arg-type]


PAST = "--since 30m --no-follow"
DEPLOY = "dashboard deploy lambda-function --function FUNCTION --project iam --yes"
UNDEPLOY = "dashboard delete FUNCTION --alarms --force --yes"
PRUNE = "dashboard deploy FOLDER --project iam --prune --yes"
# Where ids of traces come from a query of Logs Insights, which is stopped when it takes too long.
STOPPED = [
    ApiRun(command, line, searched=True, unfinished=True, denied="logs:FilterLogEvents", seconds=4.0, fails=True)
    for command, line in (
        ("traces list", "traces list FUNCTION --since 30m"),
        ("traces show", "traces show latest FUNCTION --since 30m"),
        ("traces follow", "traces follow FUNCTION --since 30m"),
        ("traces compare", "traces compare FUNCTION --cold --since 30m"),
        ("diagnose", "diagnose FUNCTION --since 30m"),
    )
]
DIAGNOSED = [
    *runs(
        "diagnose",
        "diagnose FUNCTION --since 30m",
        "diagnose FUNCTION:live --since 30m",
        "diagnose LAYERED --since 30m",
    ),
    ApiRun("diagnose", "diagnose FUNCTION --since 30m", denied="logs:FilterLogEvents"),
    ApiRun("diagnose", "diagnose FUNCTION --since 30m", searched=True),
    ApiRun("diagnose", "diagnose FUNCTION --since 30m", searched=True, denied="logs:FilterLogEvents"),
]

# Every view of `monitor serve`.
VISITS = (
    "state",
    "functions?since=30m",
    "cold?fn=FUNCTION&since=30m",
    "traces?fn=FUNCTION&since=30m",
    "invocation?fn=FUNCTION&id=latest&since=30m",
    "page/diagnosis?fn=FUNCTION&since=30m",
    "dashboards",
    "page/dashboard?name=FUNCTION&since=30m",
    "page/dashboard?name=lambda-cold-starts&fn=FUNCTION&since=30m",
    "events",
)

ASKED = {"function": "FUNCTION", "since": "30m"}
# Every tool of `monitor mcp`.
ASKS = (
    ("find_functions", {"pattern": "FUNCTION"}),
    ("find_functions", {"pattern": "iam-ex*"}),
    *((name, ASKED) for name in ("tail", "errors", "cold_starts", "show_invocation", "metrics", "diagnose")),
    ("tail", {"function": "FUNCTION:live", "since": "30m"}),
    ("tail", {"function": "/aws/lambda/iam-ex*", "since": "30m"}),
    ("list_traces", ASKED),
    ("show_trace", {**ASKED, "which": "latest"}),
    ("inspect_package", {"function": "LAYERED"}),
    ("list_dashboards", {}),
    ("dashboard_data", {"name": "FUNCTION", "since": "30m"}),
)

RUNS: list[ApiRun] = [
    *runs(
        "tail",
        f"tail FUNCTION {PAST}",
        f"tail /aws/lambda/FUNCTION {PAST}",
        f"tail iam-ex* {PAST}",
        f"tail FUNCTION:live {PAST}",
        f"tail --tag stage=iam {PAST}",
        "tail FUNCTION --since 30m --live on --until-match REPORT --timeout 10s",
    ),
    *runs(
        "metrics",
        "metrics FUNCTION --since 30m --memory",
        "metrics iam-ex* --since 30m",
        "metrics FUNCTION:live --since 30m",
        "metrics --tag stage=iam --since 30m",
    ),
    *runs(
        "coldstarts",
        "coldstarts FUNCTION --since 30m --by alias",
        "coldstarts iam-ex* --since 30m",
        "coldstarts FUNCTION:live --since 30m",
        "coldstarts --tag stage=iam --since 30m",
        "coldstarts FUNCTION --since 30m --engine insights",
    ),
    # The process that tests run in has a stack already, and holds no second one: it ends after the downloads.
    ApiRun("coldstarts", "coldstarts LAYERED --profile-package", fails=True),
    ApiRun(
        "coldstarts", "coldstarts FUNCTION --since 30m --engine insights", denied="logs:GetQueryResults", fails=True
    ),
    *runs(
        "show",
        "show latest FUNCTION --since 30m",
        "show latest /aws/lambda/FUNCTION --since 30m",
        "show latest iam-ex* --since 30m",
    ),
    ApiRun("show", "show latest FUNCTION:live --since 30m", fails=True),
    ApiRun("show", "show latest /aws/lambda/never-made --since 30m", fails=True),
    ApiRun("show", "show slowest-cold FUNCTION --since 30m", searched=True),
    *runs(
        "errors",
        "errors FUNCTION --since 30m",
        "errors /aws/lambda/FUNCTION --since 30m",
        "errors iam-ex* --since 30m",
        "errors FUNCTION:live --since 30m",
    ),
    *runs("traces list", "traces list FUNCTION --since 30m", "traces list FUNCTION:live --since 30m"),
    ApiRun("traces list", "traces list FUNCTION --since 30m", searched=True),
    ApiRun("traces list", "traces list FUNCTION --since 30m", searched=True, denied="logs:FilterLogEvents"),
    *runs("traces show", "traces show latest FUNCTION --since 30m --logs"),
    ApiRun("traces show", "traces show latest FUNCTION:live --since 30m", fails=True),
    ApiRun("traces show", "traces show latest FUNCTION --since 30m", searched=True),
    ApiRun("traces show", "traces show latest FUNCTION --since 30m", searched=True, denied="logs:FilterLogEvents"),
    *runs(
        "traces follow", "traces follow FUNCTION --since 30m", "traces follow FUNCTION:live --since 30m", seconds=2.5
    ),
    ApiRun("traces follow", "traces follow FUNCTION --since 30m", searched=True, seconds=2.5),
    ApiRun(
        "traces follow", "traces follow FUNCTION --since 30m", searched=True, denied="logs:FilterLogEvents", seconds=2.5
    ),
    *runs("traces compare", "traces compare FUNCTION --cold --since 30m"),
    ApiRun("traces compare", "traces compare FUNCTION:live --cold --since 30m", fails=True),
    ApiRun("traces compare", "traces compare FUNCTION --cold --since 30m", searched=True),
    ApiRun(
        "traces compare", "traces compare FUNCTION --cold --since 30m", searched=True, denied="logs:FilterLogEvents"
    ),
    *STOPPED,
    *runs("dashboard list", "dashboard list"),
    *runs("dashboard show", "dashboard show FUNCTION", before=(DEPLOY,)),
    *runs("dashboard pull", "dashboard pull FUNCTION", before=(DEPLOY,)),
    *(
        ApiRun(command, f"{command} FOLDER --name iam-foreign --no-alarms{more}", fails=True)
        for command, more in (("dashboard diff", ""), ("dashboard deploy", " --yes"))
    ),
    *runs("dashboard export", "dashboard export FUNCTION --as terraform", before=(DEPLOY,)),
    *runs("dashboard diff", "dashboard diff lambda-function --function FUNCTION"),
    *runs("dashboard diff", "dashboard diff FOLDER --project iam --prune", before=(DEPLOY,)),
    *runs("dashboard deploy", DEPLOY, before=(DEPLOY, UNDEPLOY)),
    *runs("dashboard deploy", PRUNE, before=("dashboard delete iam-only --force --yes", DEPLOY)),
    *runs("dashboard delete", UNDEPLOY, before=(DEPLOY,)),
    *runs("dashboard render", "dashboard render FUNCTION --since 30m --out -", before=(DEPLOY,), unfinished=True),
    *runs(
        "dashboard render",
        "dashboard render lambda-function --function FUNCTION --since 30m --out -",
        "dashboard render lambda-cold-starts --function FUNCTION --since 30m --engine scan --out -",
        "dashboard render lambda-function --function FUNCTION --since 30m --native --out -",
        unfinished=True,
    ),
    *runs("package inspect", "package inspect LAYERED"),
    *runs("package inspect", "package inspect FUNCTION --imports", fails=True),  # it logs no init record
    *runs("package diff", "package diff LAYERED FUNCTION"),
    # The package is fetched before its Python is looked for.
    *runs("optimize", "optimize LAYERED --event EVENT --python 3.1", fails=True),
    *runs("function show", "function show FUNCTION"),
    *runs("open", "open FUNCTION --print"),
    *runs("instrument", "instrument PLAIN --layer LAYER", "instrument plain-iam* --layer LAYER"),
    *runs(
        "instrument",
        "instrument PLAIN --layer LAYER --apply --no-tracing",
        before=("instrument PLAIN --undo --apply",),
    ),
    # A run that may not delete its versions leaves them.
    *runs(
        "measure",
        "measure PLAIN --starts 2 --yes",
        "measure PLAIN --starts 2 --alias iam-measure --yes",
        before=("measure PLAIN --restore",),
    ),
    # What is published already is not published again: FRESH is another word each time.
    *runs("layer publish", "layer publish --name FRESH --apply"),
    # The embedded stack creates no stacks.
    *(
        ApiRun(command, f"{line} --stack never-made", fails=True)
        for command, line in (
            ("tail", f"tail {PAST}"),
            *((name, name) for name in ("metrics", "coldstarts", "errors", "diagnose", "function show", "instrument")),
            ("show", "show latest"),
            ("open", "open --print"),
            ("traces list", "traces list"),
            ("traces show", "traces show latest"),
            ("traces follow", "traces follow"),
            ("traces compare", "traces compare --cold"),
            ("package inspect", "package inspect"),
            ("measure", "measure --dry-run"),
            ("optimize", "optimize --event EVENT"),
        )
    ),
    *runs("layer publish", "layer publish --name published", before=("layer publish --name published --apply",)),
    *runs("doctor", "doctor --function FUNCTION"),
    *runs(
        "completion",
        "",
        environment={"_MONITOR_COMPLETE": "bash_complete", "COMP_WORDS": "monitor tail i", "COMP_CWORD": "2"},
    ),
    *runs(
        "completion",
        "",
        environment={
            "_MONITOR_COMPLETE": "bash_complete",
            "COMP_WORDS": "monitor dashboard show i",
            "COMP_CWORD": "3",
        },
    ),
    *DIAGNOSED,
    ApiRun("serve", "serve FUNCTION --port 0 --open", before=(DEPLOY,), visits=VISITS),
    ApiRun("serve", "serve FUNCTION --port 0 --open", searched=True, visits=VISITS[2:6]),
    ApiRun("serve", "serve FUNCTION --port 0 --open", searched=True, denied="logs:FilterLogEvents", visits=VISITS[3:4]),
    ApiRun("serve", "serve --port 0 --stack never-made", fails=True),
    ApiRun(
        "serve",
        "serve FUNCTION --port 0 --open",
        searched=True,
        unfinished=True,
        denied="logs:FilterLogEvents",
        visits=VISITS[3:4],
    ),
    ApiRun("serve", "serve LAYERED --port 0 --open", visits=("page/diagnosis?fn=layered-iam&since=30m",)),
    ApiRun("serve", "serve FUNCTION:live --port 0 --open", visits=("functions?since=30m",)),
    *runs("serve", "serve --port 0 --open", "serve --tag stage=iam --port 0 --open", visits=("state",)),
    ApiRun("mcp", "mcp", before=(DEPLOY,), asks=ASKS),
    ApiRun("mcp", "mcp", searched=True, asks=ASKS[10:12]),
    ApiRun("mcp", "mcp", searched=True, denied="logs:FilterLogEvents", asks=ASKS[10:12]),
    ApiRun(
        "mcp",
        "mcp",
        searched=True,
        unfinished=True,
        denied="logs:FilterLogEvents",
        asks=ASKS[10:11],
    ),
    ApiRun("mcp", "mcp --allow-plan", asks=(("plan_instrument", {"function": "PLAIN", "layer": "LAYER"}),)),
]
