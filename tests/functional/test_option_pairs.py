"""Every pair of options of every command: both act, or the command refuses them with exit code 2."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import pytest

from monitor.aws.connection import Connection
from monitor.console.ending import ENDING
from monitor.main import cli
from monitor.packages.building.installed import runtime_entries
from tests.clean_environment import clean_environment
from tests.examples import one_in
from tests.fakes.observed import Observer, Seen
from tests.functional.conftest import REGION
from tests.functional.option_pairs.account import ALPHA, BETA, fill
from tests.functional.option_pairs.files import files
from tests.functional.option_pairs.more_samples import MORE_COMMANDS, NO_SAMPLE, NOT_OBSERVED
from tests.functional.option_pairs.samples import COMMANDS as FIRST_COMMANDS
from tests.functional.option_pairs.samples import CommandSamples, Sample
from tests.unit.test_docs import leaves

ZONE = "America/Bogota"
USAGE = 2
NEVER = "has no effect on `monitor "
COMMANDS = FIRST_COMMANDS | MORE_COMMANDS
# What they are about any command can have, and none has to: an error, color, a long time.
PROCESS_OPTIONS = ("--debug", "--color", "--timeout")
# The embedded stack creates no stacks of CloudFormation: tests/functional/test_stacks.py selects functions of moto's.
OF_STACKS = ("--stack",)
LEAVES = leaves(cli, click.Context(cli, info_name="monitor"))
COMMANDS_OF = {path.partition(" ")[2]: command for path, command in LEAVES}


@pytest.fixture(scope="module")
def now_s() -> int:
    return int(time.time())


@pytest.fixture(scope="module")
def observer(connection: Connection, now_s: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observer]:
    fill(connection, now_s)
    folder = tmp_path_factory.mktemp("pairs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("monitor.aws.connection.pace", lambda *_: None)
        observer = Observer(Connection(region=REGION, endpoint_url=connection.endpoint_url, local=True), folder, now_s)
        observer.account.client("logs")
        put_in_place(observer, patch, tmp_path_factory.mktemp("home"), str(connection.endpoint_url))
        observer.files = files(now_s)
        observer.files = {**observer.files, **made(observer)}
        put_dashboards(observer)
        arn = observer.really("lambda", "PublishLayerVersion", LayerName="pairs", Content={"ZipFile": runtime()})
        observer.words["LAYER"] = arn["LayerVersionArn"]
        yield observer


def made(observer: Observer) -> dict[str, bytes]:
    """Files that commands themselves have written."""
    profile = observer.run(("coldstarts", ALPHA, "--since", "5m", "--save", "before.json"))
    return {**dict(profile.files), "variables.env": b"REGION_OF_TABLES=eu-west-1\n"}


def put_dashboards(observer: Observer) -> None:
    """Deploy what a project had before, and change one dashboard outside monitor."""
    observer.makes_changes = True
    done = observer.run(("dashboard", "deploy", "before", "--project", "pairs", "--function", BETA, "--yes"))
    assert done.code == 0, done.err
    name = f"{BETA}-pairs"
    body = observer.really("cloudwatch", "GetDashboard", DashboardName=name)["DashboardBody"]
    changed = body.replace('"before"', '"by hand"')
    assert changed != body
    observer.really("cloudwatch", "PutDashboard", DashboardName=name, DashboardBody=changed)
    both = {**_WIDGET, "properties": {**_WIDGET["properties"], "metrics": [_errors(ALPHA), _errors(BETA)]}}
    observer.really(
        "cloudwatch", "PutDashboard", DashboardName="pairs-both", DashboardBody=json.dumps({"widgets": [both]})
    )
    observer.makes_changes = False
    observer.forget()


_WIDGET: dict[str, Any] = {
    "type": "metric",
    "width": 12,
    "height": 6,
    "properties": {"region": REGION, "period": 60, "stat": "Sum"},
}


def _errors(function: str) -> list[str]:
    return ["AWS/Lambda", "Errors", "FunctionName", function]


def runtime() -> bytes:
    """The zip of a layer with monitor's runtime."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for entry in runtime_entries():
            archive.writestr(f"python/{entry.name}", entry.path.read_text("utf-8"))
    return out.getvalue()


def put_in_place(observer: Observer, patch: pytest.MonkeyPatch, home: Path, endpoint: str) -> None:
    import os

    for name in os.environ:
        if name.startswith(("AWS_", "MONITOR_")):
            patch.delenv(name)
    (home / "config").write_text("[profile other]\nregion = ap-southeast-1\n[profile staged]\n")
    settings = home / ".config" / "monitor" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('[stage.test]\nprofile = "staged"\nregions = ["eu-west-2"]\n')
    environment = clean_environment(
        HOME=str(home), TZ=ZONE, AWS_CONFIG_FILE=str(home / "config"), AWS_ENDPOINT_URL=endpoint,
        AWS_REGION="ap-southeast-1", AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local",
        MONITOR_LOCAL_ENDPOINT=endpoint, MONITOR_LOCAL_ACCESS_KEY="local",
    )  # fmt: skip
    for name, value in environment.items():
        patch.setenv(name, value)
    time.tzset()
    patch.setattr(Connection, "call", lambda *args, **kwargs: observer.call(*args, **kwargs))
    patch.setattr(Connection, "limiter", Connection(region="x", endpoint_url=endpoint, local=True).limiter)
    patch.setattr("monitor.aws.livetail.LiveTail", lambda *_: Live(observer))
    patch.setattr(click, "confirm", lambda question, **_: observer.record(f"asked: {question}") or True)
    patch.setattr(ENDING, "end_after", lambda timeout_s: observer.record(f"end after {timeout_s} s"))
    patch.setattr("monitor.metrics.command._DEAR_USD", 0.001)
    patch.setattr("monitor.coldstarts.workflow_profile.profile_deployed", profiled_by(observer))
    patch.setattr(time, "time_ns", observer.now_ns)
    patch.setattr(time, "time", observer.now)
    patch.setattr(time, "monotonic", observer.monotonic)
    patch.setattr(time, "sleep", observer.sleep)


def profiled_by(observer: Observer) -> Any:
    """A start of a package here takes seconds: what it is asked for is noted, and the profile is that of the log."""

    def profile(connection: Connection, target: Any, _stack: Any, **asked: Any) -> Any:
        from monitor.coldstarts.workflow_imports import read_imports
        from monitor.logs.workflow_reading import open_located

        observer.record(f"profile {target.name} {connection.region} {asked['environment']} {asked['names']}")
        return read_imports(open_located([(connection, target)]), None, lambda _: None, asked["names"])

    return profile


class Live:
    """A live tail that brings nothing."""

    def __init__(self, observer: Observer) -> None:
        observer.record("live tail")

    def take(self, seconds: float, clock: Any) -> list[Any]:
        clock.sleep(seconds)
        return []

    def join(self, sources: Any) -> None:
        pass


def options_of(name: str) -> list[str]:
    """The options of a command, but for those of the process itself."""
    found = [max(one.opts, key=len) for one in COMMANDS_OF[name].params if isinstance(one, click.Option)]
    found = [one for one in found if (name, one) not in NO_SAMPLE]
    found = [one for one in found if one not in OF_STACKS]
    return [one for one in found if one not in PROCESS_OPTIONS or (name, one) == ("tail", "--timeout")]


def line_of(name: str, samples: CommandSamples, options: tuple[str, ...], without: str = "") -> tuple[str, ...]:
    """The line that has these options and what they need, or one of them left out."""
    samples_of = {option: samples.sample(option, options) for option in options}
    argument = next((one.argument for one in samples_of.values() if one.argument is not None), samples.argument)
    words = [*name.split(), *argument.split()]
    for companion in dict.fromkeys(text for one in samples_of.values() for text in one.beside):
        option = companion.split()[0]
        if option not in options:
            words += (samples.sample(option) if companion == option else Sample(companion)).words
    for option, sample in samples_of.items():
        if option != without:
            words += sample.words
    return tuple(words)


def typed(line: tuple[str, ...], now_s: int) -> tuple[str, ...]:
    moments = {"SINCE": now_s - 570, "UNTIL": now_s - 400, "LATE": now_s - 300, "LATER": now_s - 200}
    zone = ZoneInfo(ZONE)
    written = {key: f"{datetime.fromtimestamp(at, zone):%Y-%m-%dT%H:%M:%S}" for key, at in moments.items()}
    return tuple(written.get(word, word) for word in line)


def is_refusal(seen: Seen, samples: CommandSamples, options: tuple[str, ...]) -> bool:
    """Whether the command refuses the line, and names one of the options or of what they need."""
    said = seen.err.partition("hint:")[0]
    needed = [text.split()[0] for option in options for text in samples.sample(option, options).beside]
    spelled = [spelling for option in (*options, *needed) for spelling in (option, *SHORT.get(option, ()))]
    return seen.code == USAGE and any(one in said for one in spelled)


SHORT = {"--output": ("-o ",), "--follow": ("--no-follow",)}


def test_every_command_with_options_has_samples_or_a_reason() -> None:
    assert set(COMMANDS) | set(NOT_OBSERVED) == {name for name in COMMANDS_OF if options_of(name)}
    assert not set(COMMANDS) & set(NOT_OBSERVED)


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_alone_acts(name: str, observer: Observer, now_s: int) -> None:
    samples, idle = COMMANDS[name], []
    for option in set(options_of(name)) - set(samples.stated):
        line = typed(line_of(name, samples, (option,)), now_s)
        without = typed(line_of(name, samples, (option,), without=option), now_s)
        seen = observer.see(line)
        if NEVER in seen.err:
            continue
        again = observer.run(line)
        assert again == seen, f"{line} is not repeatable: {again.differences(seen)}\n{again.err}\n{seen.err}"
        if seen.code == USAGE or not seen.differences(observer.see(without)):
            idle.append((" ".join(line), seen.code, seen.err[-200:]))
    assert idle == [], "\n" + "\n".join(map(str, idle))


@pytest.mark.parametrize("third", one_in(3, range(3)))
@pytest.mark.parametrize("name", COMMANDS)
def test_both_options_of_a_pair_act_or_are_refused(name: str, third: int, observer: Observer, now_s: int) -> None:
    samples, ignored = COMMANDS[name], []
    for (first, one), (second, other) in combinations(enumerate(options_of(name)), 2):
        pair = (one, other)
        if (first + second) % 3 != third:
            continue
        if pair in samples.implied or pair[::-1] in samples.implied or set(pair) & set(samples.stated):
            continue
        together = observer.see(typed(line_of(name, samples, pair), now_s))
        if is_refusal(together, samples, pair):
            continue
        idle = [
            option
            for option in pair
            if not together.differences(observer.see(typed(line_of(name, samples, pair, without=option), now_s)))
        ]
        if together.code == USAGE or idle:
            ignored.append((*pair, idle, together.code, together.err[-160:]))
    assert ignored == [], "\n" + "\n".join(map(str, ignored))
