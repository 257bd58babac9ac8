"""The commands that are run against damaged answers and damaged files, and why each other command is not.

FUNCTION is a function that only reads use, OWN one that a command may change, STACK a stack of CloudFormation.
A word BAD/name is a file that is damaged for each run, BAD/folder!name a folder in which one is, and GOOD/name what
either was before.
"""

from dataclasses import dataclass

SINCE = ("--since", "1h")


@dataclass(frozen=True)
class Entry:
    """A command line. `client` talks to it while it runs; `environment` is more than the runner's own."""

    words: tuple[str, ...]
    client: str = ""
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def is_slow(self) -> bool:
        """Whether it starts or installs packages, or talks to a client, for seconds: it runs in every fifth round."""
        started = ("optimize", "--try", "split", "layers", "--profile-package", "budget")
        return bool(self.client or set(started) & {*self.words})

    @property
    def is_json(self) -> bool:
        return bool({"json", "pull", "mcp", "sarif"} & {*self.words})


def _lines(text: str) -> tuple[Entry, ...]:
    return tuple(
        Entry(tuple(line.replace("SINCE", "--since 1h").split())) for line in text.splitlines() if line.strip()
    )


def _typed(line: str) -> Entry:
    """TAB after a line."""
    words = (("_MONITOR_COMPLETE", "bash_complete"), ("COMP_WORDS", line), ("COMP_CWORD", str(len(line.split()) - 1)))
    return Entry((), environment=words)


_READS = """
tail FUNCTION SINCE --no-follow
tail FUNCTION SINCE --no-follow -o json
tail pairs-* SINCE --no-follow --invocations
tail FUNCTION SINCE --timeout 3s
tail FUNCTION --live --timeout 3s
tail --tag team SINCE --no-follow
tail Api --stack STACK SINCE --no-follow
metrics FUNCTION SINCE
metrics FUNCTION SINCE --custom
metrics FUNCTION SINCE --plot
metrics FUNCTION SINCE --memory
metrics --all SINCE --yes
metrics --tag team SINCE --yes
metrics --stack STACK SINCE
metrics FUNCTION SINCE --watch --timeout 3s
coldstarts FUNCTION SINCE
coldstarts FUNCTION SINCE --imports
coldstarts FUNCTION SINCE -o json
coldstarts FUNCTION SINCE --engine insights --yes
coldstarts FUNCTION SINCE --compare deploy
coldstarts FUNCTION --profile-package
coldstarts --all SINCE --yes
coldstarts --tag team SINCE --yes
coldstarts --stack STACK SINCE
errors FUNCTION SINCE
errors --stack STACK SINCE
errors FUNCTION SINCE -f --timeout 3s
show slowest-cold FUNCTION SINCE
show latest Api --stack STACK SINCE
traces list FUNCTION SINCE
traces list Api --stack STACK SINCE
traces show slowest-cold FUNCTION SINCE --logs
traces show latest Api --stack STACK SINCE -o html --out page.html
traces compare FUNCTION --cold SINCE
traces compare Api --stack STACK --cold SINCE
traces follow FUNCTION SINCE --timeout 3s
traces follow Api --stack STACK SINCE --timeout 3s
diagnose FUNCTION SINCE
diagnose FUNCTION SINCE -o json
diagnose FUNCTION SINCE -o html --out page.html
diagnose --all SINCE --yes
diagnose --tag team SINCE --yes
diagnose --stack STACK SINCE
function show FUNCTION
function show Api --stack STACK
open FUNCTION --print
open Api --stack STACK --print
dashboard list
dashboard show mutated
dashboard pull mutated
dashboard diff lambda-cold-starts --function FUNCTION --name mutated
dashboard deploy lambda-cold-starts --function FUNCTION --name mutated --force --yes
dashboard render mutated -o html --out page.html SINCE
dashboard export mutated --as terraform
dashboard export mutated --as cloudformation
dashboard delete mutated --yes --force --alarms
package inspect FUNCTION
package inspect FUNCTION --download got
package inspect Api --stack STACK
package diff FUNCTION FUNCTION
instrument FUNCTION --layer LAYER
instrument OWN --undo
instrument --stack STACK --layer LAYER
instrument --all --layer LAYER
instrument OWN --layer LAYER --apply --yes
instrument OWN --undo --apply --yes
layer publish --apply --name mutated
measure OWN --memory 128,256 --starts 1 --dry-run
measure OWN --memory 128 --starts 1 --yes
measure OWN --alias mutated --starts 1 --yes
measure Api --stack STACK --memory 128 --starts 1 --dry-run
measure OWN --restore
measure --restore
local invoke FUNCTION
local run OWN --package GOOD/one.zip --bare
doctor
doctor --function FUNCTION
iam-policy tail --function FUNCTION
"""
# What somebody else wrote: a saved log, a template, a project, a package, a result of a colleague.
_FILES = """
tail --from BAD/saved.log
tail FUNCTION SINCE --no-follow --checkpoint BAD/checkpoint.json
coldstarts --from BAD/saved.log
coldstarts --from GOOD/saved.log --imports --diff BAD/profile.json
coldstarts --from GOOD/saved.log --compare BAD/earlier.log
errors --from BAD/saved.log
show latest --from BAD/saved.log
traces list --from BAD/traces.json
traces show latest --from BAD/traces.json
diagnose --from BAD/saved.log
diagnose --from GOOD/saved.log --compare BAD/evidence.json
diagnose --template BAD/cloudformation/stack.yaml Report SINCE
dashboard validate BAD/boards/one.json
dashboard validate --in BAD/stack.json
dashboard show --in BAD/stack.json
dashboard render --in BAD/stack.json -o html --out page.html SINCE
dashboard deploy BAD/boards/one.json --function FUNCTION --check
dashboard diff BAD/boards/one.json --function FUNCTION
dashboard export BAD/boards/one.json --as cdk
dashboard render BAD/boards/one.json --function FUNCTION -o html --out page.html SINCE
optimize BAD/one.zip --event GOOD/event.json --turns 5
optimize Api --stack STACK --event GOOD/event.json --turns 5
optimize GOOD/one.zip --event BAD/event.json --turns 5
package inspect BAD/one.zip
package inspect BAD/one.zip --imports
package inspect --template BAD/cloudformation/stack.json
package diff BAD/one.zip GOOD/two.zip
package build BAD/project!requirements.txt --installer here --out built.zip
package build BAD/project!pyproject.toml --installer here --out built.zip
package build ApiFunction --template BAD/sam/template.yaml --installer here --out built.zip
package layers BAD/project!requirements.txt --installer here --out layers
package dockerfile BAD/project!pyproject.toml
package split BAD/project!lambda_function.py --installer here
budget BAD/budget/budget.toml --starts 2
budget --from BAD/result.json -o sarif
function show --template BAD/terraform/plan.json
function show --template BAD/serverless-v3/serverless.yml
function show --template BAD/terraform/terraform.tfstate
function show --template BAD/terraform/main.tf
function show --template BAD/cdk/cdk.out!manifest.json
function show --template BAD/cdk/cdk.out!ImagesStack.template.json
instrument Report --template BAD/cloudformation/stack.yaml --layer LAYER
instrument --write BAD/cloudformation/stack.yaml --layer LAYER --yes
instrument --write BAD/sam/template.yaml --layer LAYER --yes
instrument --write BAD/serverless-v3/serverless.yml --layer LAYER --yes
instrument --write BAD/terraform/main.tf --layer LAYER --yes
measure OWN --event BAD/event.json --starts 1 --dry-run
local invoke FUNCTION --event BAD/event.json
local run OWN --package BAD/one.zip --bare
local run OWN --package GOOD/one.zip --bare --event BAD/event.json
diagnose FUNCTION SINCE --try --package GOOD/one.zip --event BAD/event.json --turns 3
local run --template BAD/cloudformation/stack.json --bare
"""
CONFIGURATION = (("XDG_CONFIG_HOME", "BAD/home!monitor/config.toml"),)
REGISTRY = (("MONITOR_STATE_HOME", "BAD/registry!stack-4566.json"), ("MONITOR_LOCAL_ENDPOINT", ""))
ENTRIES: tuple[Entry, ...] = (
    *_lines(_READS),
    *_lines(_FILES),
    Entry(("serve", "FUNCTION", "--port", "0", "--no-open"), client="page"),
    Entry(("serve", "--stack", "STACK", "--port", "0", "--no-open"), client="page"),
    Entry(("serve", "--tag", "team", "--port", "0", "--no-open"), client="page"),
    Entry(("mcp",), client="assistant"),
    Entry(("mcp", "--allow-plan"), client="assistant"),
    Entry(("config", "show"), environment=CONFIGURATION),
    Entry(("config", "set", "utc", "true"), environment=CONFIGURATION),
    Entry(("self",), environment=CONFIGURATION),
    Entry(("local", "status"), environment=REGISTRY),
    Entry(("local", "env"), environment=REGISTRY),
    Entry(("local", "down"), environment=REGISTRY),
    _typed("monitor tail a"),
    _typed("monitor dashboard show m"),
    _typed("monitor tail --stack "),
)
QUICK = tuple(entry for entry in ENTRIES if not entry.is_slow)
_ROUND = (*QUICK * 5, *(entry for entry in ENTRIES if entry.is_slow))


def entry_of(seed: int) -> Entry:
    """The command that a seed runs."""
    return _ROUND[seed % len(_ROUND)]


# These read nothing that somebody else wrote.
NOTHING_FROM_OUTSIDE = {
    "completion": "prints a script of its own",
    "config path": "prints a path",
    "help": "prints its own texts",
    "demo": "runs its own example on a stack that it starts",
    "local up": "starts a stack; what the stack reads is in test_stack_answers.py",
}
# An option that makes a command read something more. Each needs a line of its own.
OUTSIDE_OPTIONS = frozenset(
    {
        *("--stack", "--template", "--from", "--diff", "--compare", "--checkpoint", "--live", "--tag", "--in"),
        *("--write", "--restore", "--profile-package", "--download", "--event", "--all", "--engine"),
    }
)
# Options of the same name that read nothing.
ALIKE = {
    ("optimize", "--diff"): "prints a diff",
    ("dashboard render", "--engine"): "chooses what draws",
    ("traces show", "--all"): "prints all rows",
}
