"""Garbage collection during init: it costs less, keeps no garbage, and the application's own settings hold."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.runtime_api import run_handler

ENTRY = "monitor.runtime.entry.lambda_handler"
Package = Callable[..., Path]
STATE = "[gc.isenabled(), gc.get_threshold(), gc.get_freeze_count() > 0, len(gc.callbacks)]"
AFTER = f"\ndef handler(event, context): return {STATE}"

AT_IMPORT = {
    "nothing": "import gc",
    "disables it": "import gc\ngc.disable()",
    "disables and enables it": "import gc\ngc.disable()\ngc.enable()",
    "restores what it found": "import gc\nwas = gc.isenabled()\ngc.disable()\nif was: gc.enable()",
    "freezes": "import gc\ngc.freeze()",
    "collects and freezes": "import gc\ngc.collect()\ngc.freeze()",
    "sets its own thresholds": "import gc\ngc.set_threshold(5000, 20, 30)",
    "turns thresholds off": "import gc\ngc.set_threshold(0)",
    "adds a callback": "import gc\ngc.callbacks.append(lambda phase, info: None)",
    "clears the callbacks": "import gc\ngc.callbacks.clear()",
    "allocates a lot": "import gc\nKEPT = [[number] for number in range(300_000)]",
}


@pytest.mark.parametrize("code", AT_IMPORT.values(), ids=AT_IMPORT.keys())
def test_after_init_the_collector_is_as_the_application_left_it(package: Package, code: str) -> None:
    folder = package(app=code + AFTER)
    bare = run_handler("app.handler", folder, [{}, {}])
    ours = run_handler(ENTRY, folder, [{}, {}], env={"MONITOR_HANDLER": "app.handler"})
    assert bare.results == ours.results


def test_during_init_the_collector_is_on_and_an_explicit_collection_collects(package: Package) -> None:
    code = (
        "import gc, weakref\nENABLED = gc.isenabled()\n"
        "class Node: pass\n"
        "node = Node(); node.itself = node; gone = weakref.ref(node)\n"
        "KEPT = [[number] for number in range(50_000)]\n"
        "del node\ngc.collect()\nGONE = gone() is None\n"
        "def handler(event, context): return [ENABLED, GONE]"
    )
    run = run_handler(ENTRY, package(app=code), [{}], env={"MONITOR_HANDLER": "app.handler"})
    assert run.results == [[True, True]]


def test_monitor_gc_leaves_it_alone(package: Package) -> None:
    code = (
        "import gc\nAT_IMPORT = gc.get_threshold()\ndef handler(event, context): return [AT_IMPORT, gc.get_threshold()]"
    )
    env = {"MONITOR_HANDLER": "app.handler", "MONITOR_GC": "0"}
    (result,) = run_handler(ENTRY, package(app=code), [{}], env=env).results
    assert result[0] == result[1]


# What makes garbage in cycles during init, by its shape: many small objects, few large ones, documents, exceptions.
GARBAGE = {
    "documents": (
        "from xml.dom import minidom\n"
        "ROWS = ''.join(f'<row><name>n{n}</name></row>' for n in range(1200))\n"
        "for _ in range(40): minidom.parseString(f'<rows>{ROWS}</rows>')"
    ),
    "small cycles": "for _ in range(400_000):\n    cycle = []\n    cycle.append(cycle)",
    "large values in cycles": "for _ in range(2000):\n    cycle = {'value': bytes(50_000)}\n    cycle['self'] = cycle",
    "graphs": (
        "class Node:\n    def __init__(self, parent): self.parent, self.children = parent, []\n"
        "for _ in range(150):\n    root = Node(None)\n"
        "    for _ in range(800):\n        child = Node(root); root.children.append(child)"
    ),
    "tables that stay": "KEPT = [{'number': number, 'name': str(number)} for number in range(150_000)]",
}


@pytest.mark.parametrize("code", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_of_the_init_takes_no_more_memory_than_without_the_runtime(package: Package, code: str) -> None:
    folder = package(app=code + "\ndef handler(event, context): return 1")
    bare = run_handler("app.handler", folder, [{}])
    ours = run_handler(ENTRY, folder, [{}], env={"MONITOR_HANDLER": "app.handler"})
    assert bare.results == ours.results == [1]
    assert ours.peak_kb <= bare.peak_kb + 8 * 1024
