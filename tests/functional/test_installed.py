"""`pip install .` without extras: the wheel, and nothing but its own requirements, in a fresh environment."""

import re
import subprocess
import sys
import venv
import zipfile
from email import message_from_bytes
from email.message import Message
from importlib.metadata import requires
from pathlib import Path

import pytest

from monitor.packages.building.installed import closure
from tests.clean_environment import clean_environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment's `monitor`: the wheel by pip, its requirements linked from here, so without the network."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    install = ["install", "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), *install], check=True, timeout=120)
    (packages,) = folder.glob("lib/python*/site-packages")
    base = [line for line in requires("lambda-monitor") or () if "extra ==" not in line]
    for found in closure(base):
        for top in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}:
            link = packages / top
            if not link.exists():
                link.symlink_to(Path(str(found.locate_file(top))))
    return folder / "bin" / "monitor"


def run(command: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(command), *arguments],
        env=clean_environment(),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_wheel_carries_templates_example_and_no_bytecode(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert "monitor/_data/dashboards/lambda-cold-starts.json" in names
    assert "monitor/_data/examples/ai-image-analyzer-fastapi/app/main.py" in names
    assert "monitor/_data/examples/ai-image-analyzer-fastapi/.lambdaignore" in names
    assert "monitor/dashboards/checks/dashboard.schema.json" in names
    assert not any(name.endswith(".pyc") or name.startswith("tests/") for name in names)
    assert "lambda_function.py" not in names
    assert "monitor/py.typed" in names


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


def test_every_link_of_the_page_on_pypi_leads_to_a_file_of_the_release(metadata: Message) -> None:
    tag = f"v{metadata['Version']}"
    links = re.findall(r"\]\(([^)\s]+)\)", metadata.get_payload())
    links += re.findall(r"""(?:src|srcset|href)=["']([^"'\s]+)""", metadata.get_payload())
    ours = [link for link in links if "lambda-monitor/lambda-monitor" in link]
    assert ours
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    for link in ours:
        _, found, path = link.partition(f"/{tag}/")
        assert found, f"{link} does not name {tag}"
        assert (ROOT / path.partition("#")[0]).exists(), link


def test_the_wheel_carries_the_license_of_everything_in_it(wheel: Path, metadata: Message) -> None:
    assert metadata["License-Expression"] == "Apache-2.0 AND BSD-3-Clause AND 0BSD"
    files = metadata.get_all("License-File")
    vendor = "monitor/dashboards/board/vendor"
    assert {"LICENSE", f"{vendor}/LICENSE", f"{vendor}/NOTICE", f"{vendor}/licenses/LICENSE-d3"} <= set(files)
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert all(any(name.endswith(f".dist-info/licenses/{file}") for name in names) for file in files)


def test_help_works_without_any_extra(installed: Path) -> None:
    done = run(installed, "--help")
    assert done.returncode == 0, done.stderr
    assert "coldstarts" in done.stdout


@pytest.mark.parametrize("name", ["tail", "metrics", "coldstarts", "show", "traces", "dashboard", "local", "demo"])
def test_each_command_s_help_works_without_any_extra(installed: Path, name: str) -> None:
    done = run(installed, name, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Usage: monitor {name}")


def test_a_command_that_reads_a_file_works_without_any_extra(installed: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_text("REPORT RequestId: 1\tDuration: 2 ms\tInit Duration: 80 ms\n", encoding="utf-8")
    done = run(installed, "coldstarts", "--from", str(log))
    assert done.returncode == 0, done.stderr
    assert "1 cold start in 1 invocation" in done.stdout


@pytest.mark.parametrize("arguments", [("local", "up"), ("demo",)])
def test_the_stack_says_which_extra_it_needs(installed: Path, arguments: tuple[str, ...]) -> None:
    done = run(installed, *arguments)
    assert done.returncode == 2
    assert "pip install 'lambda-monitor[local]'" in done.stderr
