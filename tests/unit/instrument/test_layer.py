"""The layer that `monitor layer publish` builds, and what it does in each region."""

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from monitor.aws.connection import Connection
from monitor.errors import NotFoundError, RefusedError
from monitor.instrument.model_layer import BuiltLayer
from monitor.instrument.workflow_layer import build_layer, plan_layer, publish_layer

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltLayer:
    return build_layer(tmp_path_factory.mktemp("layer") / "layer.zip")


def test_the_runtime_runs_from_the_layer_alone(built: BuiltLayer, tmp_path: Path) -> None:
    with zipfile.ZipFile(built.path) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "app.py").write_text("def handler(event, context): return 'from the layer'")
    code = (
        "from monitor.runtime.entry import lambda_handler; import monitor\n"
        "print(lambda_handler({}, None), monitor.__file__)"
    )
    env = {"PYTHONPATH": f"{tmp_path}:{tmp_path / 'python'}", "MONITOR_HANDLER": "app.handler"}
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], env=env, cwd="/", capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == f"from the layer {tmp_path}/python/monitor/__init__.py"


def test_the_layer_has_the_runtime_and_its_bytecode_and_nothing_else(built: BuiltLayer) -> None:
    with zipfile.ZipFile(built.path) as archive:
        names = set(archive.namelist())
    assert HERE in built.compiled
    assert {name for name in names if not name.startswith(("python/monitor/runtime/", "python/monitor/__"))} == set()
    tag = sys.implementation.cache_tag
    sources = {name for name in names if name.endswith(".py")}
    assert "python/monitor/runtime/otel/provider.py" in sources
    for name in sources:
        folder, _, file = name.rpartition("/")
        assert f"{folder}/__pycache__/{file.removesuffix('.py')}.{tag}.pyc" in names


def test_the_same_runtime_makes_the_same_layer(built: BuiltLayer, tmp_path: Path) -> None:
    assert build_layer(tmp_path / "again.zip").code_sha256 == built.code_sha256


class FakeLambda:
    """A region's layers: the newest version's hash, or None for no layer."""

    region = "eu-west-1"

    def __init__(self, sha256: str | None = None, refuse: bool = False) -> None:
        self.sha256 = sha256
        self.refuse = refuse
        self.published: dict[str, Any] = {}

    def call(self, _service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        if operation == "ListLayerVersions":
            if self.sha256 is None:
                raise NotFoundError("no layer")
            return {"LayerVersions": [{"Version": 3, "LayerVersionArn": "arn:3"}]}
        if operation == "GetLayerVersion":
            return {"Content": {"CodeSha256": self.sha256}}
        if self.refuse:
            raise RefusedError("not allowed")
        self.published = parameters
        return {"LayerVersionArn": "arn:4"}


def _connection(fake: FakeLambda) -> Connection:
    return fake  # type: ignore[return-value]


@pytest.mark.parametrize(("there", "current"), [(None, False), ("other", False), ("same", True)])
def test_a_region_gets_a_version_unless_its_newest_is_this_one(
    built: BuiltLayer, there: str | None, current: bool
) -> None:
    fake = FakeLambda(built.code_sha256 if there == "same" else there)
    assert plan_layer(_connection(fake), "lambda-monitor", built).is_current is current


def test_a_published_version_is_for_all_architectures_and_pythons(built: BuiltLayer) -> None:
    fake = FakeLambda()
    outcome = publish_layer(_connection(fake), plan_layer(_connection(fake), "lambda-monitor", built), built)
    assert outcome.arn == "arn:4"
    assert fake.published["CompatibleArchitectures"] == ["x86_64", "arm64"]
    assert fake.published["CompatibleRuntimes"] == ["python3.11", "python3.12", "python3.13", "python3.14"]
    assert fake.published["Content"]["ZipFile"] == built.path.read_bytes()


def test_a_refusal_is_an_outcome_of_its_region(built: BuiltLayer) -> None:
    fake = FakeLambda(refuse=True)
    outcome = publish_layer(_connection(fake), plan_layer(_connection(fake), "lambda-monitor", built), built)
    assert (outcome.arn, outcome.error, outcome.exit_code != 0) == (None, "not allowed", True)
