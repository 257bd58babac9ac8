"""What is refused by what a package contains."""

from typing import Any

import pytest

from monitor.errors import RefusedError
from monitor.instrument.analyze_settings import read_wrapping
from monitor.instrument.workflow_checks import check_contents, check_handler, check_kind
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
    with pytest.raises(RefusedError, match=f"aws-lambda-powertools {version}, and the runtime works with 2.43"):
        check_contents(NOW, contents(dist_info(version)), None)
    with pytest.raises(RefusedError, match=version):
        check_contents(NOW, contents(layers=(dist_info(version),)), None)


def test_the_package_s_powertools_counts_and_not_a_layer_s() -> None:
    check_contents(NOW, contents(dist_info("3.1.0"), layers=(dist_info("2.0.0"),)), None)


def test_a_function_without_the_runtime_is_told_how_to_get_its_layer() -> None:
    with pytest.raises(RefusedError) as refused:
        check_contents(NOW, Contents(frozenset({"app.py"}), frozenset(), None), None)
    assert "monitor layer publish --apply" in str(refused.value.hint)


ADAPTER_LAYER = "arn:aws:lambda:eu-west-1:753240598075:layer:LambdaAdapterLayerX86:25"


@pytest.mark.parametrize(
    "settings",
    [
        {"Handler": "run.sh"},
        {"Handler": "app.main", "Layers": [{"Arn": ADAPTER_LAYER}]},
        {"Handler": "app.main", "variables": {"AWS_LWA_INVOKE_MODE": "response_stream"}},
    ],
)
def test_a_function_that_lambda_web_adapter_starts_is_refused(settings: dict[str, Any]) -> None:
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap", **settings.pop("variables", {})}
    now = read_wrapping({**settings, "Environment": {"Variables": variables}})
    with pytest.raises(RefusedError, match="Lambda Web Adapter starts it as a web server"):
        check_handler(now)


@pytest.mark.parametrize("wrapper", ["/opt/otel-instrument", "/opt/bootstrap"])
def test_another_wrapper_stays_beside_the_entry_point(wrapper: str) -> None:
    check_handler(
        read_wrapping({"Handler": "app.main", "Environment": {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": wrapper}}})
    )


def test_a_custom_runtime_is_refused_with_what_it_is_for() -> None:
    with pytest.raises(RefusedError, match=r"provided\.al2023, a custom runtime, as functions have that stream"):
        check_kind({"Runtime": "provided.al2023"})
