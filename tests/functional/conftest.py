"""One embedded stack for all functional tests of a worker, with the example deployed and driven on it."""

import fcntl
import io
import json
import os
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import drive, invoke
from monitor.local.server.stack import Stack, StackOptions
from monitor.records.invoke_result import InvocationResult
from monitor.run import workflow
from monitor.run.workflow import EXAMPLE, example_folder, put_up
from tests.clean_environment import clean_environment
from tests.forks import FORKS

REGION = "ap-southeast-1"
COLD, WARM = 2, 3


def zip_of(files: Mapping[str, str]) -> bytes:
    """A zip of files, each with its text."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target.getvalue()


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with Stack(StackOptions(access_key="local")) as running:
        running.start()
        yield running


@pytest.fixture(scope="session")
def connection(stack: Stack) -> Connection:
    return Connection(region=REGION, endpoint_url=stack.endpoint, local=True)


@dataclass(frozen=True)
class Driven:
    """The example, and every invocation that was made of it."""

    function: str
    results: tuple[InvocationResult, ...]

    @property
    def cold(self) -> list[InvocationResult]:
        return [result for result in self.results if result.is_cold]


PutUpExample = Callable[..., None]


@pytest.fixture(scope="session")
def put_up_example(connection: Connection, tmp_path_factory: pytest.TempPathFactory) -> PutUpExample:
    """`put_up_example(name, …)` deploys the example as `put_up` does; its package is built once for all workers."""
    base = tmp_path_factory.getbasetemp()
    kept = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "example.zip"

    def packaged(folder: Path, out: Path, handler: str, **options: Any) -> list[str]:
        with kept.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                workflow_packaged(folder, out, handler, **options)
                shutil.copyfile(out, kept)
        shutil.copyfile(kept, out)
        return []

    workflow_packaged = workflow._packaged

    def deploy(name: str, **options: Any) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(workflow, "_packaged", packaged)
            put_up(connection, name, example_folder(), **options)

    return deploy


@pytest.fixture(scope="session")
def driven(connection: Connection, put_up_example: PutUpExample) -> Driven:
    """The example as every test may read it. A test that invokes it too drives one of its own (`drive_example`)."""
    return drive_example(connection, EXAMPLE, put_up_example)


def drive_example(connection: Connection, name: str, put_up_example: PutUpExample) -> Driven:
    """Two cold starts, three warm ones, an unhandled exception: six invocations of the example, deployed as `name`."""
    put_up_example(name)
    events = example_folder() / "events"
    analyze = (events / "analyze.json").read_bytes()
    results: list[InvocationResult] = []
    for _ in range(COLD):
        time.sleep(1.05)  # the first request of each second is sampled, and either cold start can be the slowest
        results += drive(connection, name, analyze, cold=1, warm=0, concurrency=1)
    time.sleep(1.05)  # and one warm request is sampled too
    results += drive(connection, name, analyze, cold=0, warm=WARM, concurrency=1)
    results.append(invoke(connection, name, (events / "not-http.json").read_bytes()))
    return Driven(name, tuple(results))


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Done]


@pytest.fixture(scope="session")
def monitor(stack: Stack) -> Run:
    """Runs the real command as a process of its own, against the stack."""

    def run(*arguments: str, stdin: str = "", **environment: str) -> Done:
        environment = clean_environment(**{"MONITOR_LOCAL_ENDPOINT": stack.endpoint, **environment})
        ended = FORKS.run(arguments, environment, stdin)
        return Done(ended.returncode, ended.stdout, ended.stderr)

    return run


CHROMIUM = os.environ.get("MONITOR_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
# Root's containers have no user namespaces; nothing here may talk to anybody but the page.
CHROMIUM_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium, for the tests that open a page as a person would."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (the extra `dev` holds it)")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: `apt-get install chromium`, or set MONITOR_CHROMIUM")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS, env=clean_environment())
        yield browser
        browser.close()
