"""The values of a Terraform module, as far as its files decide them: defaults of variables, locals, literals."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from monitor.kernel.missing import Missing
from monitor.templates.hcl import Block, Expression
from monitor.templates.intrinsics import first_missing
from monitor.templates.values import text

_DEEPEST = 40


class Scope:
    """Evaluates the expressions of one module.

    `given` are values of variables; `folder` is what path.module is, and `root` what path.root is.
    """

    def __init__(self, files: Iterable[Block], given: Mapping[str, Any], folder: str, root: str) -> None:
        self._given = given
        self._paths = {
            "path.module": folder,
            "path.root": root,
            "path.cwd": Missing("path.cwd is the folder that Terraform runs in"),
        }
        self._variables: dict[str, Block] = {}
        self._locals: dict[str, Expression] = {}
        self.data: dict[str, Block] = {}
        # By how a resource names them: aws, or aws.ALIAS.
        self.providers: dict[str, Block] = {}
        for block in (one for file in files for one in file.blocks):
            match block.kind, block.labels:
                case "variable", (str() as name,):
                    self._variables[name] = block
                case "locals", ():
                    self._locals |= {one.name: one.value for one in block.attributes}
                case "data", (str() as kind, str() as name):
                    self.data[f"{kind}.{name}"] = block
                case "provider", (str() as name,):
                    alias = self.value(block.get("alias"))
                    self.providers[name if alias is None else f"{name}.{alias}"] = block

    def value(self, expression: Expression | None, depth: int = 0) -> Any:
        """The value; None for no expression, Missing for what only Terraform knows."""
        if expression is None:
            return None
        if depth > _DEEPEST:
            return Missing("its values refer to each other")
        match expression.kind:
            case "literal":
                return expression.value
            case "template":
                return self._template(expression, depth)
            case "tuple":
                return [self.value(item, depth + 1) for item in expression.items]
            case "object":
                return {name: self.value(item, depth + 1) for name, item in expression.members}
            case "reference":
                return self._reference(str(expression.value), depth)
            case "call":
                return self._call(expression, depth)
        return Missing("it is an expression, which only Terraform evaluates")

    def _template(self, expression: Expression, depth: int) -> Any:
        texts: list[str] = []
        for part in expression.parts:
            found = part if isinstance(part, str) else self.value(part, depth + 1)
            if isinstance(found, Missing):
                return found
            if not isinstance(found, str | int | float | bool):
                return Missing("it is an expression, which only Terraform evaluates")
            texts.append(text(found))
        return "".join(texts)

    def _reference(self, name: str, depth: int) -> Any:
        if name in self._paths:
            return self._paths[name]
        kind, _, rest = name.partition(".")
        first, _, path = rest.partition(".")
        if kind == "var":
            found = self._variable(first, depth)
        elif kind == "local" and first in self._locals:
            found = self.value(self._locals[first], depth + 1)
        else:
            return Missing(f"{name} is known only after apply")
        for token in filter(None, path.split(".")):
            if not isinstance(found, Mapping) or token not in found:
                return found if isinstance(found, Missing) else Missing(f"{name} is not in the module")
            found = found[token]
        return found

    def _variable(self, name: str, depth: int) -> Any:
        if name in self._given:
            return self._given[name]
        if name not in self._variables:
            return Missing(f"var.{name} is not in the module")
        default = self._variables[name].get("default")
        if default is None:
            return Missing(f"var.{name} is a variable without a default: give --parameter {name}=VALUE")
        return self.value(default, depth + 1)

    def _call(self, expression: Expression, depth: int) -> Any:
        function = _FUNCTIONS.get(str(expression.value))
        arguments = [self.value(item, depth + 1) for item in expression.items]
        if function is None:
            return Missing(f"{expression.value}() is a function, which only Terraform calls")
        if missing := next((one for one in arguments if isinstance(one, Missing)), None):
            return missing
        try:
            return function(*arguments)
        except (TypeError, ValueError, AttributeError):
            return Missing(f"{expression.value}() is called with values that are not understood")


def _merge(*objects: Any) -> Any:
    return {name: item for one in objects for name, item in dict(one or {}).items()}


def _concat(*lists: Any) -> Any:
    return [item for one in lists for item in list(one)]


def _join(separator: Any, items: Any) -> Any:
    return first_missing(items) or separator.join(map(text, items))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abspath": lambda path: path,
    "concat": _concat,
    "join": _join,
    "lower": lambda one: one.lower(),
    "merge": _merge,
    "tolist": list,
    "tomap": dict,
    "tostring": text,
    "upper": lambda one: one.upper(),
}
