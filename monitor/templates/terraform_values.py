"""The values of a Terraform module, as far as its files decide them: defaults of variables, locals, expressions."""

import copy
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from monitor.kernel.budgets import TERRAFORM_STEPS, TEXT_CHARACTERS
from monitor.kernel.missing import Missing
from monitor.templates.hcl import Block, Expression
from monitor.templates.terraform_functions import FUNCTIONS, Absent, as_bool, as_key, converted, elements, is_equal
from monitor.templates.values import text

_DEEPEST = 80
_TOO_LONG = Missing("it is longer than any value of a function")


class Scope:
    """Evaluates the expressions of one module.

    `given` are values of variables; `folder` is what path.module is, and `root` what path.root is.
    """

    def __init__(self, files: Iterable[Block], given: Mapping[str, Any], folder: str, root: str) -> None:
        self._given = given
        self._paths = {
            "module": folder,
            "root": root,
            "cwd": Missing("path.cwd is the folder that Terraform runs in"),
        }
        self._variables: dict[str, Block] = {}
        self._locals: dict[str, Expression] = {}
        # Each local and variable is evaluated once: they may name each other many times.
        self._known: dict[str, Any] = {}
        self._left = iter(range(TERRAFORM_STEPS))
        self._bound: Mapping[str, Any] = {}
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

    def bound(self, **names: Any) -> "Scope":
        """The same module, with values for `each`, `count`, or the names of a `for`."""
        found = copy.copy(self)
        found._bound = {**self._bound, **names}
        return found

    def instances(self, block: Block) -> "Iterator[tuple[str, Scope]] | Missing":
        """The keys of a block's for_each or count, as addresses have them (`["a"]`, `[0]`), with their scopes.

        One empty key for a block with neither. Missing where the keys are not known.
        """
        for name in ("for_each", "count"):
            if (expression := block.get(name)) is None:
                continue
            found = self.value(expression)
            if isinstance(found, Missing):
                return Missing(f"there is one function for each element of its {name}: {found.reason}")
            if name == "count":
                if isinstance(found, bool) or not str(found).isdecimal():
                    return Missing("there is one function for each number of its count, which is not understood")
                return ((f"[{at}]", self.bound(count={"index": at})) for at in range(int(found)))
            pairs = elements(found)
            if pairs is None:
                return Missing("there is one function for each element of its for_each, which is not understood")
            return ((f'["{key}"]', self.bound(each={"key": key, "value": value})) for key, value in pairs)
        return iter((("", self),))

    def element(self, block: Block, key: Any) -> "Scope | Missing":
        """The scope of one instance of a block, by its key."""
        expression = block.get("for_each")
        if expression is None:
            return self.bound(count={"index": key})
        pairs = elements(self.value(expression))
        found = dict(pairs or ()).get(as_key(key), Missing(f"{as_key(key)} is not a key of its for_each"))
        return found if isinstance(found, Missing) else self.bound(each={"key": as_key(key), "value": found})

    def child(self, block: Block, kind: str) -> "tuple[Block, Scope] | Missing | None":
        """The first block of a kind in a block; a dynamic one where its for_each has elements."""
        if found := block.child(kind):
            return found, self
        for dynamic in (one for one in block.blocks if (one.kind, one.labels) == ("dynamic", (kind,))):
            values, content = self.value(dynamic.get("for_each")), dynamic.child("content")
            pairs = elements(values)
            if isinstance(values, Missing) or pairs is None or content is None:
                return Missing(values.reason if isinstance(values, Missing) else "its for_each is not understood")
            iterator = dynamic.get("iterator")
            name = kind if iterator is None else str(iterator.value)
            for key, value in pairs:
                return content, self.bound(**{name: {"key": key, "value": value}})
        return None

    def value(self, expression: Expression | None, depth: int = 0) -> Any:
        """The value; None for no expression, Missing for what only Terraform knows."""
        if expression is None:
            return None
        if depth > _DEEPEST:
            return Missing("its values refer to each other")
        if next(self._left, None) is None:
            return Missing("the module has more values than are read")
        match expression.kind:
            case "literal":
                return expression.value
            case "template":
                return self._template(expression, depth)
            case "tuple":
                return [self.value(item, depth + 1) for item in expression.items]
            case "object":
                return self._object(expression, depth)
            case "reference":
                return self._reference(expression, depth)
            case "access":
                return self._followed(self.value(expression.items[0], depth + 1), expression.steps, depth)
            case "call":
                return self._call(expression, depth)
            case "conditional":
                return self._conditional(expression, depth)
            case "operation":
                return self._operation(expression, depth)
            case "for":
                return self._for(expression, depth)
        return Missing("it is an expression, which only Terraform evaluates")

    def _template(self, expression: Expression, depth: int) -> Any:
        texts: list[str] = []
        for part in expression.parts:
            found = part if isinstance(part, str) else self.value(part, depth + 1)
            if isinstance(found, Missing):
                return found
            if len(expression.parts) == 1:
                return found
            if not isinstance(found, str | int | float | bool):
                return Missing("it is an expression, which only Terraform evaluates")
            texts.append(text(found))
            if sum(map(len, texts)) > TEXT_CHARACTERS:
                return _TOO_LONG
        return "".join(texts)

    def _object(self, expression: Expression, depth: int) -> Any:
        found = {}
        for name, item in expression.members:
            key = name if isinstance(name, str) else self.value(name, depth + 1)
            if isinstance(key, Missing):
                return key
            found[as_key(key)] = self.value(item, depth + 1)
        return found

    def _reference(self, expression: Expression, depth: int) -> Any:
        root, *steps = expression.steps
        name, first = str(expression.value), steps[0] if steps else None
        if root in self._bound:
            return self._followed(self._bound[str(root)], steps, depth)
        if root == "path" and first in self._paths:
            return self._paths[str(first)]
        if root == "var" and isinstance(first, str):
            return self._followed(self._once(name=f"var.{first}", find=lambda: self._variable(first)), steps[1:], depth)
        if root == "local" and first in self._locals:
            local = self._locals[str(first)]
            found = self._once(name=f"local.{first}", find=lambda: self._unbound().value(local, depth + 1))
            return self._followed(found, steps[1:], depth)
        return Missing(f"{name} is known only after apply")

    def _unbound(self) -> "Scope":
        found = copy.copy(self)
        found._bound = {}
        return found

    def _once(self, name: str, find: Callable[[], Any]) -> Any:
        if name not in self._known:
            self._known[name] = Missing("its values refer to each other")
            found = find()
            self._known[name] = _TOO_LONG if _is_large(found) else found
        return self._known[name]

    def _followed(self, found: Any, steps: Iterable[str | Expression], depth: int) -> Any:
        for step in steps:
            if isinstance(found, Missing):
                return found
            key = step if isinstance(step, str) else self.value(step, depth + 1)
            if isinstance(key, Missing):
                return key
            if isinstance(found, Mapping) and as_key(key) in found:
                found = found[as_key(key)]
            elif isinstance(found, list) and as_key(key).isdecimal() and int(as_key(key)) < len(found):
                found = found[int(as_key(key))]
            else:
                return Absent(f"{as_key(key)} is not in the module")
        return found

    def _variable(self, name: str) -> Any:
        if name not in self._variables:
            return self._given.get(name, Missing(f"var.{name} is not in the module"))
        variable = self._variables[name]
        if (found := self._given.get(name)) is None:
            default = variable.get("default")
            if default is None:
                return Missing(f"var.{name} is a variable without a default: give --parameter {name}=VALUE")
            found = self._unbound().value(default)
        return converted(found, variable.get("type"), self.value)

    def _conditional(self, expression: Expression, depth: int) -> Any:
        condition, first, second = expression.items
        found = as_bool(self.value(condition, depth + 1))
        return found if isinstance(found, Missing) else self.value(first if found else second, depth + 1)

    def _operation(self, expression: Expression, depth: int) -> Any:
        sign = str(expression.value)
        values = [self.value(item, depth + 1) for item in expression.items]
        if sign in ("&&", "||", "!"):
            found = [as_bool(one) for one in values]
            decisive = sign == "||"
            if sign != "!" and decisive in found:
                return decisive
            missing = next((one for one in found if isinstance(one, Missing)), None)
            return missing or (not found[0] if sign == "!" else not decisive)
        if missing := next((one for one in values if isinstance(one, Missing)), None):
            return missing
        if sign in ("==", "!="):
            same = is_equal(*values)
            return same if isinstance(same, Missing) else same is (sign == "==")
        try:
            return _ARITHMETIC[sign](*map(_number, values)) if len(values) == 2 else -_number(values[0])
        except (ArithmeticError, TypeError, ValueError):
            return Missing("it is an expression, which only Terraform evaluates")

    def _for(self, expression: Expression, depth: int) -> Any:
        parts = dict(expression.members)
        collection = self.value(parts["in"], depth + 1)
        pairs = elements(collection)
        if isinstance(collection, Missing) or pairs is None:
            return collection if isinstance(collection, Missing) else Missing("its for has no list or object")
        names = expression.value
        found: list[tuple[Any, Any]] = []
        for at, (key, value) in enumerate(pairs):
            first = at if type(collection) is list else key
            given = {names[-1]: value, **({names[0]: first} if len(names) == 2 else {})}
            inner = self.bound(**given)
            wanted = as_bool(inner.value(parts["if"], depth + 1)) if "if" in parts else True
            name = inner.value(parts["key"], depth + 1) if "key" in parts else None
            if missing := next((one for one in (wanted, name) if isinstance(one, Missing)), None):
                return missing
            if wanted:
                found.append((name, inner.value(parts["value"], depth + 1)))
        return {as_key(key): value for key, value in found} if "key" in parts else [value for _, value in found]

    def _call(self, expression: Expression, depth: int) -> Any:
        name = str(expression.value)
        arguments = [self.value(item, depth + 1) for item in expression.items if item.kind != "ellipsis"]
        if name in ("try", "can"):
            return _tried(arguments, name)
        function = FUNCTIONS.get(name)
        if function is None:
            return Missing(f"{name}() is a function, which only Terraform calls")
        if missing := next((one for one in arguments if isinstance(one, Missing)), None):
            return missing
        if len(arguments) < len(expression.items):
            *arguments, spread = arguments
            arguments += spread if isinstance(spread, list) else [spread]
        try:
            found = function(*arguments)
        except (TypeError, ValueError, AttributeError, IndexError, KeyError):
            return Missing(f"{name}() is called with values that are not understood")
        is_long = isinstance(found, str | list | dict) and len(found) > TEXT_CHARACTERS
        return _TOO_LONG if is_long else found


def _is_large(value: Any) -> bool:
    """Whether a value has more elements than are read; locals can double each other."""
    waiting, count = [value], 0
    while waiting and count <= TERRAFORM_STEPS:
        found = waiting.pop()
        count += 1
        waiting += found.values() if isinstance(found, Mapping) else found if isinstance(found, list) else ()
    return bool(waiting)


def _tried(arguments: list[Any], name: str) -> Any:
    """The first argument that can be evaluated. One that only Terraform knows may be that one."""
    found = next((one for one in arguments if not isinstance(one, Absent)), None)
    if name == "try" or isinstance(found, Missing):
        return found
    return found is not None or not arguments


def _number(value: Any) -> int | float:
    if isinstance(value, str):
        return float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value


def _divided(first: float, second: float) -> float:
    found = first / second
    return int(found) if found == int(found) else found


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "%": operator.mod,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
