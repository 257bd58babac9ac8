"""docs/schemas: a JSON Schema of each `-o json` document of the answers, kept current, and true of real output.

`MONITOR_UPDATE_DOCS=1` writes them. A change that renames or removes a field raises the document's version.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from monitor.budget.model import BudgetReport
from monitor.coldstarts.analyze_figures import COLD_START_FIGURES, METRIC_FIGURES
from monitor.coldstarts.model import ColdStartReport
from monitor.coldstarts.workflow_compare import ComparedColdStarts
from monitor.diagnose.evidence.workflow_file import save
from monitor.diagnose.model import Diagnosis
from monitor.diagnose.model_change import DiagnosisChange
from monitor.main import cli
from monitor.metrics.render import metrics_document
from monitor.records.imports import ImportProfile
from monitor.records.metric import FunctionMetrics
from monitor.traces.model import Comparison, ListedTrace, ShownInvocation, ShownTrace
from tests.json_schema import json_schema
from tests.unit.diagnose.report import diagnosis_factory as factory

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
SAMPLES = Path(__file__).parents[1] / "samples"
# By document: its version, and the model that it is made from.
DOCUMENTS: dict[str, tuple[int, Any]] = {
    "budget": (1, BudgetReport),
    "coldstarts": (2, ColdStartReport),
    "coldstarts-compare": (2, ComparedColdStarts),
    "coldstarts-imports": (2, ImportProfile),
    "diagnose": (2, Diagnosis),
    "diagnose-compare": (1, DiagnosisChange),
    "show": (1, ShownInvocation),
    "traces-list": (1, ListedTrace),
    "traces-show": (1, ShownTrace),
    "traces-compare": (1, Comparison),
}
METRICS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["function", "region", "profile", "window", "approximate", *METRIC_FIGURES],
        "additionalProperties": False,
        "properties": {
            "function": {"type": "string"},
            "region": {"type": "string"},
            "profile": {"type": "string"},
            "window": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
            "approximate": {"type": "boolean"},
            **{name: {"type": ["number", "null"]} for name in METRIC_FIGURES},
        },
    },
}


def schema_of(name: str) -> dict[str, Any]:
    """The schema of a document."""
    if name == "metrics":
        return {"$id": "monitor:metrics:2", "title": "monitor metrics -o json", **METRICS}
    version, model = DOCUMENTS[name]
    return {
        "$id": f"monitor:{name}:{version}",
        "title": f"monitor {name.replace('-', ' ')} -o json",
        **json_schema(model),
    }


def names() -> list[str]:
    return [*DOCUMENTS, "metrics"]


@pytest.mark.parametrize("name", names())
def test_the_schema_in_the_documentation_is_current(name: str) -> None:
    path = SCHEMAS / f"{name}.json"
    text = json.dumps(schema_of(name), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("MONITOR_UPDATE_DOCS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, "MONITOR_UPDATE_DOCS=1 writes it; does its version change?"


def test_there_is_no_schema_of_a_document_that_is_gone() -> None:
    assert sorted(path.stem for path in SCHEMAS.glob("*.json")) == sorted(names())


def checked(name: str, text: str) -> Any:
    document = json.loads(text)
    jsonschema.Draft202012Validator(schema_of(name)).validate(document)
    return document


def run(*arguments: str) -> str:
    done = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert done.exception is None, done.exception
    return done.stdout


@pytest.fixture
def log(tmp_path: Path) -> str:
    path, head = tmp_path / "log", "2026-11-23T09:00:0{0}.000000+00:00 2026/11/23/[$LATEST]0{0} "
    lines = []
    for number in range(4):
        at = head.format(number)
        lines += [
            f"{at}START RequestId: 1111111{number} Version: $LATEST\n",
            f"{at}REPORT RequestId: 1111111{number}\tDuration: 10 ms\tBilled Duration: 10 ms\tMemory Size: 512 MB\t"
            f"Max Memory Used: 90 MB\tInit Duration: {300 + number} ms\t\n",
        ]
    path.write_text("".join(lines), encoding="utf-8")
    return str(path)


def test_real_answers_about_cold_starts_fit_their_schemas(log: str, tmp_path: Path) -> None:
    report = checked("coldstarts", run("coldstarts", "--from", log, "--by", "version", "-o", "json"))
    assert report["summaries"][0]["cold_starts"] == 4
    # CSV, --fail-over and the document name a figure the same way.
    heading = run("coldstarts", "--from", log, "-o", "csv").splitlines()[0].split(",")
    assert set(COLD_START_FIGURES) <= set(heading)
    (figures,) = report["figures"]
    assert list(figures) == list(COLD_START_FIGURES)
    assert figures["p99_init_ms"] == pytest.approx(302.97)
    checked("coldstarts-compare", run("coldstarts", "--from", log, "--compare", log, "-o", "json"))
    imports = tmp_path / "imports"
    imports.write_text("import time:  5000 |  5000 | json\nimport time: 2000 | 7000 | app\n", encoding="utf-8")
    checked("coldstarts-imports", run("coldstarts", "--from", str(imports), "--imports", "-o", "json"))


def test_a_real_budget_fits_its_schema(log: str, tmp_path: Path) -> None:
    path = tmp_path / "budget.toml"
    path.write_text(f"[api]\nlog = '{log}'\ninit_ms = 400\n", encoding="utf-8")
    assert checked("budget", run("budget", str(path), "-o", "json"))["checks"][0]["verdict"] == "unknown"


def test_real_diagnoses_fit_their_schemas(log: str, tmp_path: Path) -> None:
    saved = str(tmp_path / "saved.json")
    save(factory.slow().evidence, saved)
    for source in (log, saved):
        checked("diagnose", run("diagnose", "--from", source, "-o", "json"))
    checked("diagnose-compare", run("diagnose", "--from", saved, "--compare", saved, "-o", "json"))


def test_real_traces_and_invocations_fit_their_schemas(log: str) -> None:
    checked("show", run("show", "latest", "--from", log, "-o", "json"))
    for path in sorted((SAMPLES / "traces").glob("*.json")):
        for line in run("traces", "list", "--from", str(path), "-o", "json").strip("\n").split("\n"):
            checked("traces-list", line)
    sample = str(SAMPLES / "traces" / "fault.json")
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "traces", "show", "latest", "--from", sample, "-o", "json"],
        capture_output=True,
        text=True,
        check=True,
    )
    checked("traces-show", done.stdout)


def test_metrics_fit_their_schema() -> None:
    row = FunctionMetrics("shop", "us-east-1", (0, 60_000), 10.0, *([None] * 10))
    checked("metrics", json.dumps([metrics_document(row)]))
    assert jsonschema.Draft202012Validator(METRICS).is_valid([])
