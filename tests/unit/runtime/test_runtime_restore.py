"""SnapStart: hooks of the application run as without the runtime, and the record has their times."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.records.init_record import InitRecord, read_init_record
from tests.differential.compare import differences
from tests.differential.modes import Case, run_bare, run_wrapped

SNAP_START = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
HOOKS = """
import time
import snapshot_restore_py as hooks
SAID = []
@hooks.register_before_snapshot
def first(): SAID.append("before, registered first")
hooks.register_before_snapshot(SAID.append, "before, registered second")
@hooks.register_after_restore
def restore(): time.sleep(0.03); SAID.append("after, registered first")
hooks.register_after_restore(lambda text: SAID.append(text), text="after, registered second")
def handler(event, context): return [SAID, len(hooks.get_before_snapshot()), len(hooks.get_after_restore())]
"""
FAILS = """
import snapshot_restore_py as hooks
@hooks.{when}
def fail(): raise ConnectionError("no database")
def handler(event, context): return 1
"""


def case(folder: Path) -> Case:
    return Case(folder, "app.handler", [{}, {}], SNAP_START)


def test_hooks_run_in_their_order_and_the_record_has_their_times(package: Callable[..., Path]) -> None:
    folder = package(app=HOOKS)
    bare, wrapped = run_bare(case(folder)), run_wrapped(case(folder))
    assert differences(bare, wrapped) == []
    assert bare.run.results[0][0] == [
        "before, registered second",
        "before, registered first",
        "after, registered first",
        "after, registered second",
    ]
    (line,) = wrapped.run.messages("monitor.init")
    assert line["monitor_init"]["snap_start"] | {"before_snapshot_ms": 0, "after_restore_ms": 0} == {
        "before_snapshot_hooks": 2,
        "after_restore_hooks": 2,
        "before_snapshot_ms": 0,
        "after_restore_ms": 0,
    }
    record = read_init_record(line)
    assert isinstance(record, InitRecord)
    assert record.before_snapshot_ms is not None
    assert record.after_restore_ms is not None
    assert 0 <= record.before_snapshot_ms < 30 <= record.after_restore_ms
    assert record.imports is not None
    assert record.start == "snap-start"


@pytest.mark.parametrize("when", ["register_before_snapshot", "register_after_restore"])
def test_a_hook_that_raises_ends_the_start_as_without_the_runtime(package: Callable[..., Path], when: str) -> None:
    folder = package(app=FAILS.format(when=when))
    bare, wrapped = run_bare(case(folder)), run_wrapped(case(folder))
    assert (bare.run.init_error, bare.run.errors, bare.run.returncode) == (
        wrapped.run.init_error,
        wrapped.run.errors,
        wrapped.run.returncode,
    )
    assert bare.run.returncode in (64, 65)
    assert [line for line in bare.run.stdout.splitlines() if "no database" in line]
    assert wrapped.run.stdout == bare.run.stdout


def test_an_application_without_hooks_has_none_afterwards(package: Callable[..., Path]) -> None:
    code = (
        "import snapshot_restore_py as h\n"
        "def handler(event, context): return [h.get_before_snapshot(), h.get_after_restore()]"
    )
    wrapped = run_wrapped(case(package(app=code)))
    assert wrapped.run.results == [[[], []], [[], []]]
