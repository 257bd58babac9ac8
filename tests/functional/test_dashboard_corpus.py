"""Dashboards of other people on the embedded stack: what `pull` writes, `deploy --check` calls unchanged."""

import json
import re
import shlex
from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from tests.functional.conftest import Run
from tests.unit.dashboards.test_corpus import PLAIN, text_of


def cases(corpus: Path) -> list[tuple[str, str]]:
    """The bodies of the corpus, and of the cases beside it that are dashboards and not wrappers of some."""
    found = [(Path(name).stem, text_of(corpus, name)) for name in PLAIN]
    for path in sorted(corpus.parent.glob("cases/dashboards/*/*.json")):
        text = path.read_text(encoding="utf-8")
        if isinstance(body := json.loads(text), dict) and "widgets" in body:
            found.append((path.stem, text))
    return found


@pytest.mark.slow
def test_what_is_pulled_from_the_stack_is_unchanged_when_it_is_deployed(
    monitor: Run, connection: Connection, corpus: Path, tmp_path: Path
) -> None:
    changed: dict[str, str] = {}
    wanted = cases(corpus)
    for name, text in wanted:
        connection.call("cloudwatch", "PutDashboard", DashboardName=name, DashboardBody=text)
        path = tmp_path / f"{name}.json"
        pulled = monitor("--local", "dashboard", "pull", name, "--to", str(path))
        promised = re.search(r"`monitor (.*? --check)` shows it unchanged", pulled.err.replace("\n", " "))
        if promised is None:
            changed[name] = pulled.err
            continue
        checked = monitor(*shlex.split(promised[1]))
        if checked.code != 0 or "unchanged" not in checked.out + checked.err:
            changed[name] = checked.out + checked.err
    assert changed == {}
    assert len(wanted) >= 25
