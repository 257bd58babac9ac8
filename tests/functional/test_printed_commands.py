"""Every command that an answer prints works as it is printed, on the stack that the answer came from."""

import re
import shlex
from collections.abc import Iterator

import pytest

from tests.functional.conftest import Driven, Run

_LINE = re.compile(r"^\s*(monitor .+|aws .+|\(eval .+)$")
_QUOTED = re.compile(r"`(monitor [^`]+|aws [^`]+)`")
# These change something, follow without end, or need the project's folder.
_NOT_RUN = re.compile(r" (?:instrument|package build|local|tail|iam-policy)\b|--apply|^\(eval|N\b.*--desired-value")
# These connect to nothing.
_ANYWHERE = re.compile(r" (?:package build|iam-policy|local)\b")
ANSWERS = (
    ("diagnose", "NAME", "--since", "1h", "--details"),
    ("coldstarts", "NAME", "--since", "1h", "--list"),
    ("coldstarts", "NAME", "--since", "2026-01-01", "--until", "2026-01-02"),
    ("metrics", "NAME", "--since", "1h"),
    ("show", "slowest-cold", "NAME"),
    ("show", "NAME"),
    ("traces", "list", "NAME", "--since", "1h"),
    ("traces", "list", "NAME", "--since", "1m", "--until", "now"),
    ("traces", "compare", "NAME", "--since", "1h"),
    ("traces", "show", "slowest-cold", "NAME"),
    ("coldstarts", "NAME", "--since", "1h", "--compare", "deploy"),
    ("errors", "NAME", "--since", "1h"),
    ("function", "show", "NAME"),
    ("instrument", "NAME"),
    ("instrument", "NAME", "--undo"),
    ("layer", "publish", "--name", "printed"),
    ("layer", "publish", "--name", "printed", "--apply"),
    ("doctor",),
    ("dashboard", "list"),
    ("dashboard", "deploy", "lambda-cold-starts", "--function", "NAME", "--dry-run"),
)


def printed(text: str) -> Iterator[str]:
    """Commands on lines of their own, and between backticks."""
    for line in text.splitlines():
        if found := _LINE.match(line):
            yield found[1]
        yield from (found[1] for found in _QUOTED.finditer(line))


@pytest.mark.parametrize("answer", ANSWERS, ids=" ".join)
def test_every_printed_command_runs_as_it_is_printed(answer: tuple[str, ...], driven: Driven, monitor: Run) -> None:
    words = [driven.function if word == "NAME" else word for word in answer]
    done = monitor("--local", *words)
    for command in dict.fromkeys(printed(done.out + "\n" + done.err)):
        assert "--local" in command or "monitor local env" in command or _ANYWHERE.search(command), command
        if not _NOT_RUN.search(command):
            program, *rest = shlex.split(command)
            assert program == "monitor", command
            again = monitor(*rest)
            assert again.code in (0, 1), (command, again.err)


@pytest.mark.parametrize("answer", [("traces", "compare", "NAME"), ("show", "slowest-cold", "NAME")], ids=" ".join)
def test_the_next_step_is_printed(answer: tuple[str, ...], driven: Driven, monitor: Run) -> None:
    done = monitor("--local", *(driven.function if word == "NAME" else word for word in answer))
    assert any(" traces show " in command for command in printed(done.out + "\n" + done.err)), done.err


def test_the_answer_of_diagnose_names_commands(driven: Driven, monitor: Run) -> None:
    done = monitor("--local", "diagnose", driven.function, "--since", "1h", "--details")
    commands = list(printed(done.out))
    assert any(command.startswith("monitor --local ") for command in commands)
