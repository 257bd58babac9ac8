"""The configuration of a function as text."""

from collections.abc import Iterator

from monitor.console.links import link
from monitor.console.text import Style, clean, format_bytes
from monitor.kernel.console_pages import function_page, log_group_page
from monitor.kernel.function import FunctionInfo


def render_function(info: FunctionInfo, style: Style) -> str:
    """Names and values; settings that affect cold starts come first."""
    rows = list(_rows(info))
    width = max(len(name) for name, _ in rows)
    pages = _pages(info)
    return "\n".join(
        f"{_dim(name.ljust(width), style)}  {link(clean(value), pages.get(name, ''), style)}" for name, value in rows
    )


def _pages(info: FunctionInfo) -> dict[str, str]:
    """Pages of the AWS console, by the name of the row."""
    region = info.arn.split(":")[3] if info.arn.count(":") > 3 else ""
    return {"Function": function_page(region, info.name), "Logs": log_group_page(region, info.log_group)}


def _dim(text: str, style: Style) -> str:
    return f"\x1b[2m{text}\x1b[0m" if style.color else text


def _rows(info: FunctionInfo) -> Iterator[tuple[str, str]]:
    yield "Function", f"{info.name}  version {info.version}"
    yield "ARN", info.arn
    yield "Runtime", f"{info.runtime or info.package_type} on {info.architecture}"
    yield "Handler", info.handler or "-"
    yield "Memory", f"{info.memory_mb} MB, /tmp {info.ephemeral_mb} MB"
    yield "Timeout", f"{info.timeout_s} s"
    yield "Package", f"{format_bytes(info.code_size_bytes)}, {info.package_type}, modified {info.last_modified}"
    for position, layer in enumerate(info.layers):
        yield ("Layers" if position == 0 else "", f"{layer.arn}  {format_bytes(layer.code_size_bytes)}")
    yield "Tracing", info.tracing
    yield "SnapStart", info.snap_start or "None"
    yield "VPC", "yes" if info.in_vpc else "no"
    yield "Logs", f"{info.log_group}  {info.log_format}"
    yield "Role", info.role or "-"
    yield "State", info.state or "-"
    if info.environment_names:
        yield "Environment", f"{', '.join(info.environment_names)}  (values are never read)"
