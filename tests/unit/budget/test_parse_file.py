"""Budget files: what is read, what is refused, and the lines that annotations name."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.budget.model import Measure
from monitor.budget.parse_file import parse_budgets
from monitor.errors import UsageError
from tests.examples import examples

TEXT = """# limits
[api]
package = "api.zip"
init_ms = 800

modules = 600  # all of them
["a.b".x]
package = "z.zip"
"""


def test_each_limit_has_its_line() -> None:
    (api,) = parse_budgets(TEXT.partition('["')[0], "budget.toml")
    assert [(one.measure, one.most, one.line) for one in api.limits] == [
        (Measure.INIT, 800.0, 4),
        (Measure.MODULES, 600.0, 6),
    ]
    assert api.line == 2


def test_limits_in_a_pyproject_have_their_lines() -> None:
    text = '[project]\nname = "x"\n\n[tool.monitor.budget.api]\npackage = "a.zip"\nmodules = 3\n'
    (api,) = parse_budgets(text, "services/pyproject.toml")
    assert (api.name, api.line, api.limits[0].line) == ("api", 4, 6)


@given(st.sampled_from(["api", "my-function", '"images:live"', "'a.b'"]), st.integers(0, 5), st.sampled_from(Measure))
@settings(max_examples=examples(60), deadline=None)
def test_a_key_has_the_line_that_it_is_on(name: str, blank: int, measure: Measure) -> None:
    of_log = measure is Measure.COST
    source = 'log = "a.log"\nregion = "eu-west-1"' if of_log else 'package = "a.zip"\nevent = "e.json"'
    text = "\n" * blank + f"[{name}]\n{source}\n" + "\n" * blank + f"{measure.value} = 7\n"
    (found,) = parse_budgets(text, "budget.toml")
    assert text.split("\n")[found.limits[0].line - 1] == f"{measure.value} = 7"
    assert text.split("\n")[found.line - 1] == f"[{name}]"
    assert found.name == next(iter(tomllib.loads(text)))


def test_a_limit_in_an_inline_table_has_the_line_of_the_table() -> None:
    (api,) = parse_budgets('\napi = { package = "a.zip", modules = 3 }\n', "budget.toml")
    assert api.limits[0].line == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no function"),
        ("[api", "cannot be read"),
        ("api = 3", "'api' is not a table"),
        ("[api]\npackage = 'a.zip'", "sets no limit"),
        ("[api]\nmodules = 3", "names no package and no log"),
        ("[api]\npackage = 'a.zip'\nlog = 'a.log'\ninit_ms = 3", "names both"),
        ("[api]\npackage = 'a.zip'\nmodule = 3", "sets 'module', which monitor does not know"),
        ("[api]\npackage = 'a.zip'\nmodules = true", "must be a number"),
        ("[api]\npackage = 'a.zip'\nmodules = nan", "must be a number"),
        ("[api]\npackage = 'a.zip'\nmodules = inf", "must be a number"),
        ("[api]\npackage = 'a.zip'\nmodules = -1", "must be a number"),
        ("[api]\npackage = 'a.zip'\nmodules = '3'", "must be a number"),
        ("reference_ms = 0.1\n[api]\npackage = 'a.zip'\nmodules = 3", "reference_ms must be"),
        ("reference_ms = 3", "has no function"),
        ("[api]\npackage = 3\nmodules = 3", "package must be a text"),
        ("[api]\npackage = 'a.zip'\nfirst_call_ms = 3", "without an event"),
        ("[api]\npackage = 'a.zip'\ncost_per_million_usd = 3", "which a package does not show"),
        ("[api]\nlog = 'a.log'\ncost_per_million_usd = 3", "without a region"),
        ("[api]\nlog = 'a.log'\nmodules = 3", "which a log does not show"),
        ("[api]\nlog = 'a.log'\ninit_ms = 3\narchitecture = 'arm'", "architecture is 'arm'"),
    ],
)
def test_a_file_that_cannot_be_checked_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_budgets(text, "budget.toml")
    assert said in caught.value.message


def test_the_value_of_a_variable_is_never_shown() -> None:
    text = "[api]\npackage = 'a.zip'\nmodules = 3\nenvironment = { KEY = 'secret', OTHER = 3 }"
    with pytest.raises(UsageError) as caught:
        parse_budgets(text, "budget.toml")
    assert "secret" not in caught.value.message + caught.value.hint
