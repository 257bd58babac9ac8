"""`monitor local run` and `invoke`: what they change on the stack, and what they say."""

import io
import os
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import DIRECT_UPLOAD_BYTES
from monitor.errors import MonitorError
from tests.fakes.wheels import wheel
from tests.functional.conftest import Run

HANDLER = "def handler(event, context):\n    return event\n"


def test_a_cold_start_changes_nothing_of_the_function(monitor: Run, connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(HANDLER)
    arguments = ("--package", str(tmp_path), "--handler", "app.handler", "--bare")
    assert monitor("local", "run", "unchanged", *arguments).code == 0
    before = connection.call("lambda", "GetFunctionConfiguration", FunctionName="unchanged")

    done = monitor("local", "run", "unchanged", "--cold", "3", "--warm", "2", "-o", "json")

    after = connection.call("lambda", "GetFunctionConfiguration", FunctionName="unchanged")
    assert (done.json["invocations"], done.json["cold_starts"]) == (5, 3)
    for one in (before, after):
        del one["ResponseMetadata"]
    assert after == before


@pytest.mark.parametrize("output", ["text", "json"])
def test_without_an_invocation_a_function_is_only_deployed(
    monitor: Run, connection: Connection, tmp_path: Path, output: str
) -> None:
    (tmp_path / "app.py").write_text(HANDLER)
    arguments = ("--package", str(tmp_path), "--handler", "app.handler", "--bare")
    name = f"deployed-only-{output}"
    done = monitor("local", "run", name, *arguments, "--cold", "0", "--warm", "0", "-o", output)
    assert done.code == 0, done.err
    assert "0 invocations" in done.out if output == "text" else done.json["invocations"] == 0
    assert connection.call("lambda", "GetFunctionConfiguration", FunctionName=name)["Handler"] == "app.handler"


def test_a_handler_that_fails_is_not_a_failed_init(monitor: Run, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(event, context):\n    raise ValueError('no')\n")
    arguments = ("--package", str(tmp_path), "--handler", "app.handler", "--bare", "--cold", "2")
    done = monitor("local", "run", "raises", *arguments, "-o", "json")
    assert (done.code, done.json["invocations"]) == (1, 2)
    assert "2 of 2 failed: ValueError: no" in done.err


def zipped(archive: Path, **files: str) -> Path:
    with zipfile.ZipFile(archive, "w") as opened:
        for name, text in files.items():
            opened.writestr(f"{name.replace('__', '/')}.py", text)
    return archive


def test_a_zip_is_instrumented_by_a_layer_and_deployed_unchanged(
    monitor: Run, connection: Connection, tmp_path: Path
) -> None:
    archive = zipped(tmp_path / "app.zip", app="import wave\n" + HANDLER)
    arguments = ("--package", str(archive), "--handler", "app.handler")
    for _ in range(2):  # the second run finds the layer
        done = monitor("local", "run", "zipped", *arguments)
        assert (done.code, done.err.count("not instrumented")) == (0, 0), done.err
    found = connection.call("lambda", "GetFunctionConfiguration", FunctionName="zipped")
    assert found["CodeSize"] == archive.stat().st_size
    assert [one["Arn"].rpartition(":")[0].rpartition(":")[2] for one in found["Layers"]] == ["monitor-runtime"]
    assert len(connection.call("lambda", "ListLayerVersions", LayerName="monitor-runtime")["LayerVersions"]) == 1
    imports = monitor("--local", "coldstarts", "zipped", "--since", "5m", "--imports")
    assert "wave" in imports.out, imports.err

    assert monitor("local", "run", "zipped", *arguments, "--bare").code == 0
    bare = connection.call("lambda", "GetFunctionConfiguration", FunctionName="zipped")
    assert (bare["Handler"], bare.get("Layers", [])) == ("app.handler", [])


@pytest.mark.parametrize(
    ("files", "options", "reason"),
    [
        ({"app": HANDLER, "monitor": ""}, ("--handler", "app.handler"), "it has its own top-level `monitor`"),
        (
            {"lambda_function": HANDLER.replace("handler", "lambda_handler"), "monitor__runtime__entry": ""},
            (),
            "give --handler",
        ),
    ],
)
def test_a_zip_that_cannot_be_instrumented_is_said_to_be_run_without(
    monitor: Run, tmp_path: Path, files: dict[str, str], options: tuple[str, ...], reason: str
) -> None:
    archive = zipped(tmp_path / "app.zip", **files)
    done = monitor("local", "run", "as-it-is", "--package", str(archive), *options)
    assert done.code == 0, done.err
    assert f"{archive} is not instrumented: " in done.err
    assert reason in done.err


def test_an_event_above_six_megabytes_is_named_as_that(monitor: Run, tmp_path: Path) -> None:
    event = '"' + "x" * (6 * 1024 * 1024) + '"'
    (tmp_path / "large.json").write_text(event)
    for done in (
        monitor("local", "invoke", "any", "--event", "-", stdin=event),
        monitor("local", "invoke", "any", "--event", str(tmp_path / "large.json")),
    ):
        assert done.code == 2
        assert "is larger than 6 MB" in done.err


def test_other_clients_use_the_stack_with_the_variables_of_local_env(home: Path, monitor: Run) -> None:
    """The key reaches a shell only through this command: `status` and `up` do not print it."""
    from monitor.local.server import registry

    info = registry.detach(0)
    try:
        own = {"MONITOR_LOCAL_ENDPOINT": "", "MONITOR_STATE_HOME": str(home / "home")}
        printed = monitor("local", "env", **own)
        assert printed.code == 0, printed.err
        script = f"{printed.out}\nexec {sys.executable} -c '{_CLIENT}'"
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)
        assert (done.stdout, done.stderr) == ("[]\n", "")
        status = monitor("local", "status", **own)
        assert info.endpoint in status.out
        assert info.access_key not in status.out + status.err
    finally:
        registry.down(info.port)


_CLIENT = 'import boto3; print(boto3.client("lambda").list_functions()["Functions"])'


def test_a_package_above_the_direct_upload_limit_is_deployed_through_s3(
    monitor: Run, connection: Connection, tmp_path: Path
) -> None:
    archive = tmp_path / "large.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as opened:
        opened.writestr("app.py", "import os\nSIZE = os.path.getsize('/proc/self/exe')\n" + HANDLER)
        opened.writestr("data.bin", os.urandom(1024 * 1024) * 55)
    assert archive.stat().st_size > DIRECT_UPLOAD_BYTES
    arguments = ("--package", str(archive), "--handler", "app.handler", "--bare", "--memory", "1024")
    for _ in range(2):  # created, then updated
        done = monitor("local", "run", "large", *arguments)
        assert done.code == 0, done.err
    found = connection.call("lambda", "GetFunction", FunctionName="large")
    assert found["Configuration"]["CodeSize"] == archive.stat().st_size
    with urllib.request.urlopen(found["Code"]["Location"], timeout=30) as response:
        assert response.read() == archive.read_bytes()
    assert connection.call("s3", "ListBuckets")["Buckets"] == []


def test_a_direct_upload_above_the_limit_is_refused_as_lambda_refuses_it(connection: Connection) -> None:
    """`run` would not send it; another client may."""
    with pytest.raises(MonitorError, match="smaller than 70167211 bytes"):
        connection.call(
            "lambda",
            "CreateFunction",
            FunctionName="too-large",
            Runtime="python3.12",
            Role="arn:aws:iam::000000000000:role/r",
            Handler="app.handler",
            Code={"ZipFile": b"x" * 53_000_000},
        )


def test_a_package_in_s3_is_checked_when_the_function_is_created(connection: Connection) -> None:
    connection.call(
        "s3",
        "CreateBucket",
        Bucket="hostile-packages",
        CreateBucketConfiguration={"LocationConstraint": connection.region},
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr("../evil.py", "")
    connection.call("s3", "PutObject", Bucket="hostile-packages", Key="evil.zip", Body=buffer.getvalue())
    for key, why in (("evil.zip", "is outside the package"), ("absent.zip", "does not exist")):
        with pytest.raises(MonitorError, match=why):
            connection.call(
                "lambda",
                "CreateFunction",
                FunctionName="from-s3",
                Runtime="python3.12",
                Role="arn:aws:iam::000000000000:role/r",
                Handler="app.handler",
                Code={"S3Bucket": "hostile-packages", "S3Key": key},
            )
    for call, more in (("DeleteObject", {"Key": "evil.zip"}), ("DeleteBucket", {})):
        connection.call("s3", call, Bucket="hostile-packages", **more)


def test_a_folder_gets_what_it_requires_and_not_what_monitor_has(monitor: Run, tmp_path: Path) -> None:
    index, project = tmp_path / "index", tmp_path / "project"
    index.mkdir()
    project.mkdir()
    # monitor has another click.
    wheel(index, "click", "0.1", {"click.py": "VERSION = 'mine'\n"})
    (project / "requirements.txt").write_text("click==0.1\n", encoding="utf-8")
    source = "import os, click\ndef handler(event, context):\n    return [click.VERSION, os.environ['TABLE']]\n"
    (project / "app.py").write_text(source, encoding="utf-8")
    (tmp_path / "variables").write_text("TABLE=images\n", encoding="utf-8")
    arguments = (
        "--package",
        str(project),
        "--handler",
        "app.handler",
        "--bare",
        "--env-file",
        str(tmp_path / "variables"),
    )
    variables = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(index),
        "PIP_CONFIG_FILE": os.devnull,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    done = monitor("local", "run", "requires", *arguments, **variables)
    assert done.code == 0, done.err
    answer = monitor("local", "invoke", "requires")
    assert answer.out.strip() == '["mine", "images"]'
    (index / "click-0.1-py3-none-any.whl").unlink()
    assert monitor("local", "run", "requires", *arguments, **variables).code == 0


def test_a_zip_for_another_python_is_named_before_it_fails(monitor: Run, tmp_path: Path) -> None:
    archive = tmp_path / "app.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("app.py", "import fast.fast\n" + HANDLER)
        opened.writestr("fast/__init__.py", "")
        opened.writestr("fast/fast.cpython-399-aarch64-linux-gnu.so", "")
    done = monitor("local", "run", "foreign", "--package", str(archive), "--handler", "app.handler")
    assert done.code == 1
    assert "is for another Python or processor than this machine" in done.err
    assert done.err.index("is for another Python") < done.err.index("No module named")
