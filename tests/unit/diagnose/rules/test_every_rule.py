"""What holds for every rule: it is asked, documented and tested, and silent where there is nothing to go by."""

from importlib import import_module
from pathlib import Path

import pytest

from monitor.diagnose.analyze import RULES, Rule, is_worth
from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.kernel.missing import Missing
from tests.fakes.code_evidence import healthy

ROOT = Path(__file__).resolve().parents[4]
MODULES = [
    module
    for path in sorted((ROOT / "monitor/diagnose/rules").glob("*.py"))
    if hasattr(module := import_module(f"monitor.diagnose.rules.{path.stem}"), "find")
]
NOTHING = FunctionEvidence("f", "eu-west-1", None, 0, (), Missing("refused"), Missing("refused"), Missing("refused"))


def name_of(rule: Rule) -> str:
    return rule.__module__.rpartition(".")[2]


def test_every_rule_is_asked_once_in_order() -> None:
    assert [name_of(rule) for rule in RULES] == sorted(module.__name__.rpartition(".")[2] for module in MODULES)


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_every_rule_has_its_page_and_its_test(rule: Rule) -> None:
    name = name_of(rule)
    page = (ROOT / f"docs/rules/{name.replace('_', '-')}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {name.replace('_', '-')}\n")
    assert (Path(__file__).parent / f"test_{name}.py").is_file()


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_every_rule_is_silent_without_any_evidence(rule: Rule) -> None:
    assert list(rule(NOTHING)) == []


def test_nothing_is_worth_changing_on_a_healthy_function() -> None:
    found = [finding for rule in RULES for finding in rule(healthy())]
    assert [finding for finding in found if is_worth(finding, 350.0)] == []
