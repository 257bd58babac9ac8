"""`--fail-over` expressions: `p99_init_ms > 800 or error_rate > 1%`.

Conditions use a subset of Python's grammar: numbers, names, arithmetic, comparisons, and `and`, `or`, `not`. The syntax
tree is walked here; Python never evaluates it. A figure without data is unknown, and so is a result that depends on it.
"""

import ast
import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from monitor.errors import UsageError

_LONGEST = 500
_DEEPEST = 40
_HINT = "write it as 'p99_init_ms > 800' or 'error_rate > 1% and invocations > 100'"
_PER_CENT = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s*%")
_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISON: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
Value = float | bool | None


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition, and the names in it."""

    text: str
    names: tuple[str, ...]
    _tree: ast.expr

    def holds(self, values: Mapping[str, float | None]) -> bool | None:
        """Whether the condition is true for these figures; None if it depends on an unknown figure."""
        found = _value(self._tree, values)
        return None if found is None else bool(found)


def parse_condition(text: str, known: Collection[str]) -> Condition:
    """Parse a condition. It can use the `known` names.

    Raises:
        UsageError: the text is malformed, compares nothing, or uses an unknown name.
    """
    if len(text) > _LONGEST:
        raise UsageError(f"the condition is longer than {_LONGEST} characters", _HINT)
    try:
        tree = ast.parse(_PER_CENT.sub(r"(\1/100)", text.strip()), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UsageError(f"{text!r} is not a condition", _HINT) from None
    names: dict[str, None] = {}
    if _check(tree, text, names, 0) is not bool:
        raise UsageError(f"{text!r} does not compare anything", _HINT)
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}? figures: {', '.join(known)}" if near else f"figures: {', '.join(known)}"
            raise UsageError(f"{name!r} is not a known figure", hint)
    return Condition(text, tuple(names), tree)


def _check(node: ast.expr, text: str, names: dict[str, None], depth: int) -> type:
    """Refuse syntax outside the subset. Return the node's type: float for a number, bool for a comparison."""
    parts: list[ast.expr]
    wanted: type
    result: type
    match node:
        case _ if depth > _DEEPEST:
            raise UsageError("the condition is nested too deep", _HINT)
        case ast.BoolOp(values=parts):
            wanted = result = bool
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            parts, wanted, result = [operand], bool, bool
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            parts, wanted, result = [operand], float, float
        case ast.Compare(left=left, ops=ops, comparators=comparators) if all(type(op) in _COMPARISON for op in ops):
            parts, wanted, result = [left, *comparators], float, bool
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            parts, wanted, result = [left, right], float, float
        case ast.Name(id=name):
            names[name] = None
            return float
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float
        case _:
            raise UsageError(f"{text!r} contains something other than figures, numbers, and comparisons", _HINT)
    if any(_check(part, text, names, depth + 1) is not wanted for part in parts):
        raise UsageError(f"{text!r} mixes numbers and comparisons", _HINT)
    return result


def _value(node: ast.expr, values: Mapping[str, float | None]) -> Value:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return values.get(name)
        case ast.UnaryOp(op=op, operand=operand):
            inner = _value(operand, values)
            if inner is None:
                return None
            return not inner if isinstance(op, ast.Not) else -inner
        case ast.BinOp(left=left, op=op, right=right):
            return _arithmetic(op, _value(left, values), _value(right, values))
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            return _compared([_value(part, values) for part in (left, *comparators)], ops)
        case ast.BoolOp(op=op, values=parts):
            found = [_value(part, values) for part in parts]
            decisive = isinstance(op, ast.Or)
            if any(one is not None and bool(one) is decisive for one in found):
                return decisive
            return None if None in found else not decisive
    raise AssertionError("checked before")


def _arithmetic(op: ast.operator, left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    try:
        return _ARITHMETIC[type(op)](left, right)
    except (ZeroDivisionError, OverflowError):
        return None


def _compared(found: list[Value], ops: list[ast.cmpop]) -> Value:
    unknown = False
    for left, op, right in zip(found, ops, found[1:], strict=False):
        if left is None or right is None:
            unknown = True
        elif not _COMPARISON[type(op)](left, right):
            return False
    return None if unknown else True


def broken(condition: Condition, figures: Mapping[str, Mapping[str, float | None]]) -> list[str]:
    """A message for each function for which the condition is true or unknown."""
    said = []
    for name, values in figures.items():
        holds = condition.holds(values)
        if holds is False:
            continue
        shown = ", ".join(f"{figure} is {_figure(values.get(figure))}" for figure in condition.names)
        said.append(f"{name}: {shown}" if holds else f"{name}: cannot be checked, {shown}")
    return said


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.6g}"
