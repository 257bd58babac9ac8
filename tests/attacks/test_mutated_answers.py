"""Every command with damaged answers and files: it ends, says what is wrong, and shows no raw escape."""

from collections.abc import Callable, Iterator

import click
import pytest

from monitor.aws.connection import Connection
from monitor.local.server.launch import PrivateStack
from monitor.main import cli
from tests.attacks.mutated_commands import ALIKE, ENTRIES, NOTHING_FROM_OUTSIDE, OUTSIDE_OPTIONS, QUICK
from tests.attacks.mutated_runs import STACK, Commands
from tests.fakes.mutating_proxy import MutatingProxy
from tests.functional.conftest import REGION
from tests.functional.option_pairs.account import ALPHA, BETA
from tests.unit.test_docs import leaves


@pytest.fixture(scope="module")
def commands(stack: PrivateStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    connection = Connection(region=REGION, endpoint_url=stack.endpoint, local=True, access_key=stack.access_key)
    with MutatingProxy(stack.endpoint, stacks={STACK: {"Api": ALPHA, "Other": BETA}}) as proxy:
        yield Commands(proxy, connection, stack.access_key, tmp_path_factory.mktemp("commands"))


def attack(commands: Commands, seeds: range, say: Callable[[str], None] = print) -> None:
    problems = [problem for seed in seeds if (problem := commands.run(seed))]
    say(f"{len(seeds)} runs, exit codes {dict(commands.codes)}, {len(problems)} problems")
    assert not problems, "\n".join(problems[:20])


# A hundredth of the slow test, over the whole list of those that are quick.
def test_a_damaged_answer_ends_no_command_as_a_defect(commands: Commands) -> None:
    attack(commands, range(2, len(QUICK), len(QUICK) // 20))


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 3000, 250))
def test_two_thousand_runs_with_damaged_answers_end_as_documented(commands: Commands, first: int) -> None:
    attack(commands, range(first, first + 250))


@pytest.mark.slow
def test_undamaged_each_command_of_the_list_does_what_it_is_there_for(commands: Commands) -> None:
    for number, entry in enumerate(ENTRIES):
        assert commands.run(number, entry, damage=False) is None
    # 1: a gate or a failure of the function.
    assert commands.codes.keys() <= {0, 1, 4}


COMMANDS = [(path.removeprefix("monitor "), one) for path, one in leaves(cli, click.Context(cli, info_name="monitor"))]
LINES = [" ".join(entry.words) for entry in ENTRIES]


def test_every_command_is_attacked_or_reads_nothing_from_outside() -> None:
    attacked = {path for path, _ in COMMANDS if any(f"{line} ".startswith(f"{path} ") for line in LINES)}
    assert attacked | NOTHING_FROM_OUTSIDE.keys() == {path for path, _ in COMMANDS}
    assert not attacked & NOTHING_FROM_OUTSIDE.keys()


def test_every_option_that_reads_something_more_is_attacked() -> None:
    for path, command in COMMANDS:
        words = {word for line in LINES if f"{line} ".startswith(f"{path} ") for word in line.split()}
        offered = {name for parameter in command.params for name in parameter.opts if name in OUTSIDE_OPTIONS}
        if path not in NOTHING_FROM_OUTSIDE:
            assert {name for name in offered - words if (path, name) not in ALIKE} == set(), path
