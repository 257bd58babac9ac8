"""What a template says about its functions."""

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.console.text import Style, clean
from monitor.kernel.missing import Missing
from monitor.templates.model import TemplateFunction


def render_functions(functions: Sequence[TemplateFunction], style: Style) -> str:
    """Names and values of each function. The values of environment variables are left out."""
    return "\n\n".join(_function(one, style) for one in functions)


def as_json(function: TemplateFunction) -> dict[str, Any]:
    """The same for a program: a value that is not known is {"missing": reason}."""
    values = {
        "id": function.id,
        "name": function.name,
        "code": function.code if isinstance(function.code, Missing) else str(function.code),
        "handler": function.handler,
        "runtime": function.runtime,
        "architecture": function.architecture,
        "memory_mb": function.memory_mb,
        "timeout_s": function.timeout_s,
        "layers": [_json(one) for one in function.layers],
        "environment_names": _names(function),
        "tracing": function.tracing,
        "is_image": function.is_image,
        "file": str(function.file),
        "line": function.line,
    }
    return {name: _json(value) for name, value in values.items()}


def _json(value: Any) -> Any:
    return {"missing": value.reason} if isinstance(value, Missing) else value


def _names(function: TemplateFunction) -> list[str] | Missing:
    return function.variables if isinstance(function.variables, Missing) else sorted(function.variables)


def _function(function: TemplateFunction, style: Style) -> str:
    rows = list(_rows(function))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{_dim(name.ljust(width), style)}  {clean(value)}" for name, value in rows)


def _rows(function: TemplateFunction) -> Iterator[tuple[str, str]]:
    yield "Function", f"{function.id}  {function.file}:{function.line}"
    yield "Name", _text(function.name)
    yield "Code", _text(function.code)
    yield "Handler", _text(function.handler)
    yield "Runtime", f"{_text(function.runtime)} on {_text(function.architecture)}"
    yield "Memory", _text(function.memory_mb, " MB")
    yield "Timeout", _text(function.timeout_s, " s")
    for position, layer in enumerate(function.layers):
        yield "Layers" if position == 0 else "", _text(layer)
    yield "Tracing", _text(function.tracing)
    names = _names(function)
    if isinstance(names, Missing):
        yield "Environment", _text(names)
    elif names:
        yield "Environment", f"{', '.join(names)}  (values are not shown)"


def _text(value: object, unit: str = "") -> str:
    return f"not known: {value.reason}" if isinstance(value, Missing) else f"{value}{unit}"


def _dim(text: str, style: Style) -> str:
    return f"\x1b[2m{text}\x1b[0m" if style.color else text
