"""What is refused by what a package contains."""

import pytest

from monitor.errors import RefusedError
from monitor.instrument.analyze_settings import read_wrapping
from monitor.instrument.workflow_checks import check_contents
from monitor.instrument.workflow_contents import Contents

RUNTIME = "monitor/runtime/entry.py"
NOW = read_wrapping({"Handler": "app.handler"})


def contents(*package: str, layers: tuple[str, ...] = ()) -> Contents:
    return Contents(frozenset({RUNTIME, *package}), frozenset(layers), "def handler(event, context): pass")


def dist_info(version: str) -> str:
    return f"aws_lambda_powertools-{version}.dist-info/METADATA"


@pytest.mark.parametrize("version", ["2.43.0", "2.43.1", "3.0.0", "3.37.0", "10.0", "unknown"])
def test_powertools_from_2_43_on_is_wrapped(version: str) -> None:
    check_contents(NOW, contents(dist_info(version)), None)


@pytest.mark.parametrize("version", ["1.31.1", "2.9.0", "2.42.1"])
def test_an_older_powertools_is_refused_with_the_reason(version: str) -> None:
    with pytest.raises(RefusedError, match=f"aws-lambda-powertools {version}, and the runtime works beside 2.43"):
        check_contents(NOW, contents(dist_info(version)), None)
    with pytest.raises(RefusedError, match=version):
        check_contents(NOW, contents(layers=(dist_info(version),)), None)


def test_the_package_s_powertools_counts_and_not_a_layer_s() -> None:
    check_contents(NOW, contents(dist_info("3.1.0"), layers=(dist_info("2.0.0"),)), None)


def test_a_function_without_the_runtime_is_told_how_to_get_its_layer() -> None:
    with pytest.raises(RefusedError) as refused:
        check_contents(NOW, Contents(frozenset({"app.py"}), frozenset(), None), None)
    assert "monitor layer publish --apply" in str(refused.value.hint)
