"""The checks of a budget as SARIF 2.1.0 (OASIS standard), for code scanning."""

import hashlib
import json
from typing import Any
from urllib.parse import quote

from monitor import __version__
from monitor.budget.model import LABELS, BudgetReport, Check, Verdict
from monitor.budget.render import sentence, slow_imports
from monitor.console.text import clean

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_PROJECT = "https://github.com/lambda-monitor/lambda-monitor"


def render_sarif(report: BudgetReport) -> str:
    """One result for each check that is over its limit (error) or undecided (warning), at its line of the file."""
    imports = dict(slow_imports(report))
    rules = [
        {"id": f"budget/{measure.value}", "shortDescription": {"text": f"The budget limits: {label}"}}
        for measure, label in LABELS.items()
    ]
    driver = {"name": "lambda-monitor", "version": __version__, "informationUri": _PROJECT, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "lambda-monitor-budget/"},
        "results": [
            _result(one, report.file, imports.get(one.function, "")) for one in (*report.failed, *report.unclear)
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=True)


def _result(check: Check, file: str, slow: str) -> dict[str, Any]:
    text = sentence(check) + (f". Slowest imports: {slow}" if slow else "")
    place = {
        "artifactLocation": {"uri": quote(file.replace("\\", "/"), errors="replace")},
        "region": {"startLine": check.line},
    }
    same = hashlib.sha256(f"{check.function}\0{check.measure.value}".encode("utf-8", "replace")).hexdigest()
    return {
        "ruleId": f"budget/{check.measure.value}",
        "ruleIndex": list(LABELS).index(check.measure),
        "level": "error" if check.verdict is Verdict.OVER else "warning",
        "message": {"text": _message(text)},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"lambdaMonitorBudget/v1": same},
    }


def _message(text: str) -> str:
    """A plain text message: in SARIF, braces are placeholders and brackets make links (3.11.5, 3.11.6)."""
    text = clean(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return text.replace("{", "{{").replace("}", "}}")
