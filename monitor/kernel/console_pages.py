"""Addresses of pages of the AWS console.

The fragment of the CloudWatch console is percent-encoded twice, with `$` in the place of `%`: `/aws/lambda/x` is
`$252Faws$252Flambda$252Fx`. Traces: https://docs.aws.amazon.com/xray/latest/devguide/xray-console-deeplinks.html
"""

import re
from urllib.parse import quote

_TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}", re.ASCII)
# By the start of a region's name. The addresses of the isolated partitions are not public.
_HOSTS = {
    "cn-": "console.amazonaws.cn",
    "us-gov-": "console.amazonaws-us-gov.com",
    "eusc-": "console.amazonaws-eusc.eu",
    "us-iso": "",
    "eu-iso": "",
}
_HOST = "console.aws.amazon.com"


def function_page(region: str, name: str, qualifier: str = "") -> str:
    """The page of a function, or of one of its versions or aliases; "" where the console's address is not known."""
    of = ""
    if qualifier and qualifier != "$LATEST":
        of = f"/{'versions' if qualifier.isdecimal() else 'aliases'}/{_quoted(qualifier)}"
    return _page("lambda", region, f"/functions/{_quoted(name)}{of}")


def log_group_page(region: str, group: str) -> str:
    """The page of a log group; "" where the console's address is not known."""
    return _page("cloudwatch", region, f"logsV2:log-groups/log-group/{_twice(group)}")


def is_trace_id(text: str) -> bool:
    """Whether `text` is the id of a trace."""
    return _TRACE_ID.fullmatch(text) is not None


def trace_page(region: str, trace_id: str) -> str:
    """The timeline of a trace; "" where the console's address is not known."""
    return _page("xray", region, f"/traces/{_quoted(trace_id)}")


def traces_page(region: str, function: str) -> str:
    """The traces of a function; "" where the console's address is not known."""
    expression = f'service("{function}")'
    return _page("xray", region, f"/traces?filter={_quoted(expression)}")


def dashboard_page(region: str, name: str) -> str:
    """The page of a dashboard; "" where the console's address is not known."""
    return _page("cloudwatch", region, f"dashboards/dashboard/{_quoted(name)}")


def _page(service: str, region: str, fragment: str) -> str:
    host = next((host for start, host in _HOSTS.items() if region.startswith(start)), _HOST)
    if not region or not host:
        return ""
    return f"https://{_quoted(region)}.{host}/{service}/home?region={_quoted(region)}#{fragment}"


def _quoted(text: str) -> str:
    """Without any character that could end an address, or the escape sequence of a link."""
    return quote(text, safe="", errors="replace")


def _twice(text: str) -> str:
    return quote(_quoted(text), safe="").replace("%", "$")
