"""Every command against a server whose answers are damaged: it ends, says what is wrong, and shows no raw escape."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from monitor.local.server.launch import PrivateStack
from tests.clean_environment import clean_environment
from tests.fakes.mutating_proxy import MutatingProxy
from tests.functional.conftest import REGION, Driven, driven

__all__ = ["driven"]

SINCE = ("--since", "1h")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("tail", "FUNCTION", *SINCE, "--no-follow"),
    ("tail", "FUNCTION", *SINCE, "--no-follow", "-o", "json"),
    ("tail", "ai-*", *SINCE, "--no-follow", "--invocations"),
    ("metrics", "FUNCTION", *SINCE),
    ("metrics", "FUNCTION", *SINCE, "--custom"),
    ("metrics", "FUNCTION", *SINCE, "--plot", "--memory"),
    ("coldstarts", "FUNCTION", *SINCE),
    ("coldstarts", "FUNCTION", *SINCE, "--imports"),
    ("coldstarts", "FUNCTION", *SINCE, "-o", "json"),
    ("errors", "FUNCTION", *SINCE),
    ("show", "slowest-cold", "FUNCTION", *SINCE),
    ("traces", "list", "FUNCTION", *SINCE),
    ("traces", "show", "slowest-cold", "FUNCTION", *SINCE, "--logs"),
    ("traces", "compare", "FUNCTION", "--cold", *SINCE),
    ("function", "show", "FUNCTION"),
    ("dashboard", "list"),
    ("dashboard", "show", "mutated"),
    ("dashboard", "pull", "mutated"),
    ("dashboard", "diff", "lambda-cold-starts", "--function", "FUNCTION", "--name", "mutated"),
    ("dashboard", "deploy", "lambda-cold-starts", "--function", "FUNCTION", "--name", "mutated", "--yes"),
    ("dashboard", "render", "mutated", "-o", "text", *SINCE),
    ("diagnose", "FUNCTION", *SINCE),
    ("diagnose", "FUNCTION", *SINCE, "-o", "json"),
    ("package", "inspect", "FUNCTION"),
    ("instrument", "FUNCTION", "--undo"),
    ("doctor",),
    ("dashboard", "delete", "mutated", "--yes"),
    ("instrument", "FUNCTION"),
    ("layer", "publish", "--apply", "--name", "mutated"),
    ("local", "invoke", "FUNCTION"),
    ("package", "diff", "FUNCTION", "FUNCTION"),
    ("tail", "FUNCTION", *SINCE, "--timeout", "3s"),
    ("traces", "follow", "FUNCTION", *SINCE, "--timeout", "3s"),
)
# All but line ends and tabs of what a terminal would obey; JSON may have C1 and bidi signs in a pipe.
_RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_RAW_IN_JSON = re.compile("[\x00-\x08\x0b-\x1f]")


@pytest.fixture(scope="session")
def connection(stack: PrivateStack) -> Connection:
    """To the stack of the attacks, in a process of its own: the functional tests may run theirs in this one."""
    return Connection(region=REGION, endpoint_url=stack.endpoint, local=True, access_key=stack.access_key)


class Commands:
    """Runs commands against a proxy, and says what is wrong with how each ended."""

    def __init__(self, proxy: MutatingProxy, access_key: str, function: str, folder: Path) -> None:
        self._proxy, self._access_key, self._function, self._folder = proxy, access_key, function, folder
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.command_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
        )
        self.codes: Counter[int | None] = Counter()

    def run(self, seed: int) -> str | None:
        """Run a command with damage by `seed`; the answer says what is wrong, None: nothing is."""
        words = [word.replace("FUNCTION", self._function) for word in COMMANDS[seed % len(COMMANDS)]]
        self._proxy.begin(seed)
        out, err = self._folder / "out", self._folder / "err"
        wanted = {
            "arguments": ["--local", *words],
            "environment": clean_environment(
                MONITOR_LOCAL_ENDPOINT=self._proxy.endpoint,
                MONITOR_LOCAL_ACCESS_KEY=self._access_key,
                COLUMNS="100",
            ),
            "out": str(out),
            "err": str(err),
            "folder": str(self._folder),
            "timeout_s": 60,
        }
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps(wanted) + "\n")
        self._server.stdin.flush()
        code = json.loads(self._server.stdout.readline())["code"]
        self.codes[code] += 1
        printed, told = out.read_text("utf-8", "replace"), err.read_text("utf-8", "replace")
        problem = _problem(code, printed, told, is_json="json" in words or "pull" in words)
        if problem is None:
            return None
        return f"seed {seed}: {' '.join(words)}: {problem}\n  {self._proxy.told}\n  {told[-600:]}"

    def close(self) -> None:
        assert self._server.stdin
        self._server.stdin.close()
        self._server.wait(30)


def _problem(code: int | None, printed: str, told: str, *, is_json: bool) -> str | None:
    if code is None:
        return "it did not end within a minute"
    if "defect of monitor" in told or "Traceback" in told:
        return "it ended as a defect"
    if code not in (0, 1, 2, 3, 4):
        return f"exit code {code}"
    # What doctor finds is its output.
    if code in (2, 3, 4) and not (re.search(r"^monitor: .", told, re.MULTILINE) or "✗" in printed):
        return "it says nothing of why it ended"
    raw = (_RAW_IN_JSON if is_json else _RAW).search(printed) or _RAW.search(told)
    return f"a raw {raw[0]!r} was printed" if raw else None


@pytest.fixture(scope="module")
def commands(stack: PrivateStack, driven: Driven, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    with MutatingProxy(stack.endpoint) as proxy:
        made = Commands(proxy, stack.access_key, driven.function, tmp_path_factory.mktemp("commands"))
        yield made
        made.close()


def attack(commands: Commands, seeds: range, say: Callable[[str], None] = print) -> None:
    problems = [problem for seed in seeds if (problem := commands.run(seed))]
    say(f"{len(seeds)} runs, exit codes {dict(commands.codes)}, {len(problems)} problems")
    assert not problems, "\n".join(problems[:20])


def test_a_damaged_answer_ends_no_command_as_a_defect(commands: Commands) -> None:
    attack(commands, range(len(COMMANDS)))


@pytest.mark.slow
def test_two_thousand_runs_with_damaged_answers_end_as_documented(commands: Commands) -> None:
    attack(commands, range(100, 2100))
