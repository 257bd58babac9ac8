"""Addresses of the AWS console: what AWS's own links look like, in every partition, and nothing that breaks out."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.kernel.console_pages import (
    dashboard_page,
    function_page,
    is_trace_id,
    log_group_page,
    trace_page,
    traces_page,
)

EU = "https://eu-west-1.console.aws.amazon.com"
TEXT = st.text(st.characters(exclude_categories=()), max_size=30)


def test_addresses_are_those_of_the_console() -> None:
    assert function_page("eu-west-1", "api") == f"{EU}/lambda/home?region=eu-west-1#/functions/api"
    assert function_page("eu-west-1", "api", "live").endswith("#/functions/api/aliases/live")
    assert function_page("eu-west-1", "api", "7").endswith("#/functions/api/versions/7")
    assert function_page("eu-west-1", "api", "$LATEST").endswith("#/functions/api")
    assert log_group_page("eu-west-1", "/aws/lambda/x.y") == (
        f"{EU}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Faws$252Flambda$252Fx.y"
    )
    assert log_group_page("eu-west-1", "a#[$LATEST]").endswith("/a$2523$255B$2524LATEST$255D")
    assert dashboard_page("eu-west-1", "a_b-1").endswith("/cloudwatch/home?region=eu-west-1#dashboards/dashboard/a_b-1")
    trace = "1-5759e988-bd862e3fe1be46a994272793"
    assert trace_page("eu-west-1", trace) == f"{EU}/xray/home?region=eu-west-1#/traces/{trace}"
    assert unquote(traces_page("eu-west-1", "api")).endswith('#/traces?filter=service("api")')


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("cn-north-1", "https://cn-north-1.console.amazonaws.cn/"),
        ("us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com/"),
        ("eusc-de-east-1", "https://eusc-de-east-1.console.amazonaws-eusc.eu/"),
        ("us-east-1", "https://us-east-1.console.aws.amazon.com/"),
    ],
)
def test_each_partition_has_its_own_host(region: str, host: str) -> None:
    assert function_page(region, "api").startswith(host)


@pytest.mark.parametrize("region", ["us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1", ""])
def test_no_address_is_guessed(region: str) -> None:
    assert function_page(region, "api") == log_group_page(region, "/aws/lambda/api") == ""


@given(TEXT, TEXT)
def test_no_name_breaks_out_of_an_address(region: str, name: str) -> None:
    for page in (function_page, log_group_page, trace_page, traces_page, dashboard_page):
        address = page(region, name)
        assert address.isascii()
        assert address.isprintable()
        assert not set(address) & set(" \"'<>\\`;")
        assert address.count("#") == (1 if address else 0)


def test_only_ids_of_traces_are() -> None:
    assert is_trace_id("1-5759e988-bd862e3fe1be46a994272793")
    assert not is_trace_id("1-5759e988-bd862e3fe1be46a99427279")
    assert not is_trace_id("1-5759e988-bd862e3fe1be46a994272793\n")
