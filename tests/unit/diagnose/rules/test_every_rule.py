"""What holds for every rule: it is asked, documented and tested, and silent where there is nothing to go by."""

from importlib import import_module
from pathlib import Path

import pytest

from monitor.diagnose.analyze import RULES, is_worth
from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.model_rule import Rule
from monitor.kernel.missing import Missing
from tests.fakes.code_evidence import healthy

ROOT = Path(__file__).resolve().parents[4]
MODULES = [
    module
    for path in sorted((ROOT / "monitor/diagnose/rules").glob("*.py"))
    if hasattr(module := import_module(f"monitor.diagnose.rules.{path.stem}"), "find")
]
NOTHING = FunctionEvidence("f", "eu-west-1", None, 0, (), Missing("refused"), Missing("refused"), Missing("refused"))


def id_of(rule: Rule) -> str:
    return rule.id


def test_every_file_of_a_rule_is_in_the_list_once_and_in_order() -> None:
    assert [rule.id for rule in RULES] == sorted(one.__name__.rpartition(".")[2].replace("_", "-") for one in MODULES)
    assert all(module.RULE in RULES for module in MODULES)


@pytest.mark.parametrize("rule", RULES, ids=id_of)
def test_every_rule_has_its_page_and_its_test(rule: Rule) -> None:
    assert (ROOT / rule.page).read_text(encoding="utf-8").startswith(f"# {rule.id}\n")
    assert (Path(__file__).parent / f"test_{rule.id.replace('-', '_')}.py").is_file()


@pytest.mark.parametrize("rule", RULES, ids=id_of)
def test_every_rule_is_silent_without_any_evidence(rule: Rule) -> None:
    assert list(rule.find(NOTHING)) == []


def test_nothing_is_worth_changing_on_a_healthy_function() -> None:
    found = [finding for rule in RULES for finding in rule.find(healthy())]
    assert [finding for finding in found if is_worth(finding, 350.0)] == []
