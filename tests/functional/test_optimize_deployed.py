"""`monitor optimize TARGET`: the package of a deployed function and its layers."""

import json
import zipfile
from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import wait_until_active
from monitor.packages.building.recipe import HERE, architecture_here
from tests.functional.conftest import Run, zip_of

APP = (
    "import os\nimport heavy\nfrom of_layer import NAME\n\n\ndef handler(event, context):\n"
    "    return {'name': NAME, 'table': os.environ.get('TABLE'), 'sum': heavy.TOTAL if event.get('ask') else 0}\n"
)
HEAVY = "TOTAL = sum(number * number for number in range(4_000_000))\n"
SECRET = "hunter2-hunter2"


@pytest.fixture(scope="module")
def function(connection: Connection) -> str:
    """A function with a layer, whose second layer replaces a file of the first."""
    layers = [
        connection.call(
            "lambda",
            "PublishLayerVersion",
            LayerName=f"of-optimize-{name}",
            Content={"ZipFile": zip_of({"python/of_layer.py": f"NAME = {name!r}\n"})},
        )["LayerVersionArn"]
        for name in ("first", "second")
    ]
    connection.call(
        "lambda",
        "CreateFunction",
        FunctionName="to-optimize",
        Handler="app.handler",
        Runtime=f"python{HERE}",
        Role="arn:aws:iam::123456789012:role/any",
        Code={"ZipFile": zip_of({"app.py": APP, "heavy.py": HEAVY})},
        Layers=layers,
        Environment={"Variables": {"TABLE": SECRET}},
    )
    wait_until_active(connection, "to-optimize")
    return "to-optimize"


def test_a_deployed_function_starts_here_with_its_handler_and_layers(
    function: str, monitor: Run, tmp_path: Path
) -> None:
    (tmp_path / "event.json").write_text("{}", encoding="utf-8")
    faster = tmp_path / "faster.zip"
    done = monitor(
        *("--local", "optimize", function, "--event", str(tmp_path / "event.json"), "--turns", "5", "-o", "json"),
        *("--step", "application", "--result", str(faster), "--env", "OTHER=1"),
    )
    assert done.code == 0, done.err
    found = json.loads(done.out)
    steps = {step["name"]: step for step in found["steps"]}
    assert "heavy" in steps["application"]["unloaded"], done.out
    # The layers are no part of the result.
    assert {"app.py", "heavy.py"} <= set(zipfile.ZipFile(faster).namelist())
    assert not any("of_layer" in name for name in zipfile.ZipFile(faster).namelist())
    assert "environment variables that are not set here: TABLE" in done.err
    assert SECRET not in done.err + done.out


@pytest.mark.parametrize(("name", "compiled"), [("pure", b"x = 1\n"), ("compiled", b"\x7fELF\x02\x01\x01")])
def test_a_function_of_another_architecture_is_optimized_here_if_nothing_in_it_is_compiled(
    name: str, compiled: bytes, connection: Connection, monitor: Run, tmp_path: Path
) -> None:
    other = next(one for one in ("arm64", "x86_64") if one != architecture_here())
    event = tmp_path / "event.json"
    event.write_text("{}", encoding="utf-8")
    app = "import heavy\n\n\ndef handler(event, context):\n    return 1\n"
    connection.call(
        "lambda",
        "CreateFunction",
        FunctionName=f"elsewhere-{name}",
        Handler="app.handler",
        Runtime=f"python{HERE}",
        Role="arn:aws:iam::123456789012:role/any",
        Architectures=[other],
        Code={"ZipFile": zip_of({"app.py": app, "heavy.py": HEAVY, "tools/run": compiled.decode()})},
    )
    wait_until_active(connection, f"elsewhere-{name}")
    words = ("--local", "optimize", f"elsewhere-{name}", "--event", str(event), "--step", "unused", "-o", "json")
    done = monitor(*words, "--turns", "3")
    if name == "compiled":
        assert done.code == 2
        assert f"runs on {other}, this machine is {architecture_here()}, and tools/run is compiled" in done.err
    else:
        assert done.code == 0, done.err
        assert json.loads(done.out)["notes"] == [
            f"measured on {architecture_here()}; the function runs on {other}, and its package has no compiled file"
        ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--local", "optimize", "nobody-knows"), "there is no function 'nobody-knows'"),
        (("--local", "optimize", "{folder}"), "--local has no effect on"),
        (("--local", "optimize", "gone.zip"), "gone.zip does not exist"),
        (("--local", "optimize", "to-*"), "is not one function"),
    ],
)
def test_what_is_not_one_package_is_refused(
    function: str, monitor: Run, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "event.json").write_text("{}", encoding="utf-8")
    words = tuple(one.format(folder=tmp_path) for one in words)
    done = monitor(*words, "--event", str(tmp_path / "event.json"))
    assert done.code in (2, 3)
    assert said in done.err
    assert "Traceback" not in done.err
