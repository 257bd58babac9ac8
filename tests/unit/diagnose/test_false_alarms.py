"""Clean functions get no advice that is both sure and large: twenty of a generator, with real libraries.

Each function is written to a folder, imported in a process of its own under `-X importtime`, and diagnosed from that
profile, its package and its source.
"""

import random
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from monitor.diagnose.analyze import diagnose
from monitor.diagnose.evidence.analyze_source import parse_source
from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.model_finding import Finding, Grade
from monitor.packages.workflow import ReadOptions, read_package
from monitor.records.application import parse_import_time
from monitor.records.imports import ImportNode, ImportProfile, import_table, tree_of_profile
from tests.fakes.code_evidence import healthy

# A library of this environment, what the handler uses of it, and a statement that does.
LIBRARIES = {
    "json": ("import json", "json.dumps(event)"),
    "jinja2": ("from jinja2 import Template", "Template('{{ x }}').render(x=1)"),
    "click": ("import click", "click.style('x')"),
    "decimal": ("from decimal import Decimal", "str(Decimal('1.1'))"),
    "csv": ("import csv", "list(csv.reader(['a,b']))"),
    "yaml": ("import yaml", "yaml.safe_load('a: 1')"),
    "orjson": ("import orjson", "orjson.dumps({'a': 1}).decode()"),
    "xml": ("import xml.etree.ElementTree as ET", "ET.fromstring('<a/>').tag"),
    "hashlib": ("import hashlib", "hashlib.sha256(b'x').hexdigest()"),
    "zoneinfo": ("from zoneinfo import ZoneInfo", "str(ZoneInfo('UTC'))"),
    "sqlite3": ("import sqlite3", "sqlite3.connect(':memory:').total_changes"),
    "h11": ("import h11", "str(h11.Connection(h11.CLIENT).our_state)"),
    "jmespath": ("import jmespath", "jmespath.search('a', {'a': 1})"),
    "msgspec": ("import msgspec", "msgspec.json.encode([1]).decode()"),
}
COUNT = 20


def written(folder: Path, seed: int) -> tuple[Path, dict[str, bytes]]:
    """A function of one to three files that uses all that it imports, in every call."""
    chance = random.Random(seed)
    chosen = chance.sample(sorted(LIBRARIES), chance.randint(1, 4))
    parts = [chosen[at::3] for at in range(min(3, len(chosen)))]
    files = {}
    calls = []
    for at, names in enumerate(parts):
        lines = [LIBRARIES[name][0] for name in names]
        uses = ", ".join(LIBRARIES[name][1] for name in names)
        if at and chance.random() < 0.5:
            body = f"class Step:\n    def run(self, event):\n        return [{uses}]\n"
            calls.append(f"step{at}.Step().run(event)")
        else:
            body = f"def run(event):\n    return [{uses}]\n"
            calls.append(f"step{at}.run(event)")
        files[f"step{at}.py"] = ("\n".join([*lines, "", "", body])).encode()
    imports = "\n".join(f"import step{at}" for at in range(len(parts)))
    files["handler.py"] = f"{imports}\n\n\ndef handler(event, context):\n    return [{', '.join(calls)}]\n".encode()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder, files


def imported(folder: Path) -> tuple[ImportNode, ...]:
    """The import tree of the handler, after the call has been seen to work."""
    code = "import handler; print(handler.handler({}, None))"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return tree_of_profile(filter(None, map(parse_import_time, done.stderr.splitlines())))


def diagnosed(folder: Path, seed: int) -> tuple[Finding, ...]:
    folder, files = written(folder, seed)
    tree = tuple(node for node in imported(folder) if node.module in ("handler", "site") or node.children)
    total_ms = sum(node.cumulative_ms for node in tree)
    zipped = folder.parent / "function.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        for name in files:
            archive.write(folder / name, name)
    evidence: FunctionEvidence = healthy(
        imports=ImportProfile("f", "import profiles", 1, total_ms, tree, import_table([tree])),
        code=parse_source(files, handler="handler.handler"),
        package=read_package(str(zipped), ReadOptions(lambda: pytest.fail("it is a zip"))),
    )
    found = diagnose(evidence)
    return (*found.findings, *found.minor)


def alarms(found: Sequence[Finding]) -> list[Finding]:
    """What is more than low confidence and 5% of a start; missing bytecode is true of a zip without it."""
    return [
        one
        for one in found
        if one.confidence is not Grade.LOW and one.mean_ms > 0.05 * 350.0 and one.rule != "missing-bytecode"
    ]


@pytest.mark.slow
def test_twenty_clean_functions_get_no_sure_and_large_advice(tmp_path: Path) -> None:
    wrong = {}
    for seed in range(COUNT):
        folder = tmp_path / str(seed) / "code"
        folder.mkdir(parents=True)
        if found := alarms(diagnosed(folder, seed)):
            wrong[seed] = [(one.rule, one.subject, one.confidence.value, one.mean_ms) for one in found]
    assert wrong == {}


@pytest.mark.slow
def test_the_same_functions_with_a_cause_are_found_out(tmp_path: Path) -> None:
    """The rate would be worth nothing if the rules were silent: an unused import in each is named."""
    named = 0
    for seed in range(COUNT):
        folder = tmp_path / str(seed) / "code"
        folder.mkdir(parents=True)
        _, files = written(folder, seed)
        files["handler.py"] = b"import hypothesis\n" + files["handler.py"]
        found = parse_source(files, handler="handler.handler").unused
        named += [one.module for one in found] == ["hypothesis"]
    assert named == COUNT
