"""The intrinsic functions of CloudFormation, as far as a template and its parameters decide their values.

What is known only at deployment is Missing, with the reason.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from monitor.kernel.budgets import TEXT_CHARACTERS
from monitor.kernel.missing import Missing
from monitor.templates.values import mapping, text

_SUBSTITUTION = re.compile(r"\$\{(!?)([^${}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:([\w-]+):")
_DEEPEST = 60
_TOO_LONG = Missing("it is longer than any value of a template")


class _NoValue:
    """AWS::NoValue: the member or element is left out."""


NO_VALUE = _NoValue()


class Resolver:
    """Evaluates the values of one template. `given` are the parameters that the user or a parent stack sets."""

    def __init__(self, template: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        self._parameters = mapping(template.get("Parameters"))
        self._resources = mapping(template.get("Resources"))
        self._mappings = mapping(template.get("Mappings"))
        self._conditions = mapping(template.get("Conditions"))
        self._given = given
        # Conditions are evaluated once: they may name each other many times.
        self._known: dict[str, Any] = {}

    def resolve(self, value: Any, depth: int = 0) -> Any:
        """The value; Missing where it is not known, inside lists and objects too."""
        if depth > _DEEPEST:
            return Missing("its intrinsic functions are nested too deeply")
        if isinstance(value, str):
            return _static(value)
        if isinstance(value, list):
            items = [self.resolve(item, depth + 1) for item in value]
            return [item for item in items if item is not NO_VALUE]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            (name, argument), *_ = value.items()
            if name in ("Ref", "Condition") and isinstance(argument, str):
                return self._ref(argument) if name == "Ref" else self._condition(argument, depth)
            if str(name).startswith("Fn::"):
                return self._call(str(name), argument, depth)
        found = {str(key): self.resolve(item, depth + 1) for key, item in value.items()}
        return {key: item for key, item in found.items() if item is not NO_VALUE}

    def is_created(self, resource: Mapping[str, Any]) -> bool:
        """Whether a resource is created: false only where its condition is known to be false."""
        condition = resource.get("Condition")
        return not isinstance(condition, str) or self._condition(condition, 0) is not False

    def _call(self, name: str, argument: Any, depth: int) -> Any:
        method = getattr(self, f"_fn_{name.removeprefix('Fn::').lower()}", None)
        if method is None:
            return Missing(f"{name} is evaluated at deployment")
        return method(argument, depth + 1)

    def _ref(self, name: str) -> Any:
        if name in self._given:
            return self._given[name]
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._parameters:
            return self._default(name)
        if name.startswith("AWS::"):
            return Missing(f"{name} is known only at deployment: give --parameter {name}=VALUE")
        if name in self._resources:
            return Missing(f"{name} is a resource of the template")
        return Missing(f"{name} is not in the template")

    def _default(self, name: str) -> Any:
        parameter = mapping(self._parameters[name])
        kind, default = str(parameter.get("Type", "")), parameter.get("Default")
        if default is None:
            return Missing(f"{name} is a parameter without a default: give --parameter {name}=VALUE")
        if kind.startswith("AWS::SSM::Parameter::Value"):
            return Missing(f"{name} is read from Parameter Store at deployment: give --parameter {name}=VALUE")
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            return [part.strip() for part in str(default).split(",")]
        return default

    def _condition(self, name: str, depth: int) -> Any:
        if name not in self._conditions:
            return Missing(f"the condition {name} is not in the template")
        if name not in self._known:
            self._known[name] = Missing(f"the condition {name} refers to itself")
            self._known[name] = self.resolve(self._conditions[name], depth + 1)
        return self._known[name]

    def _fn_if(self, argument: Any, depth: int) -> Any:
        match argument:
            case [str() as condition, first, second]:
                found = self._condition(condition, depth)
                if isinstance(found, Missing):
                    return Missing(f"it depends on the condition {condition}: {found.reason}")
                return self.resolve(first if found else second, depth)
        return Missing("Fn::If is not a list of a condition and two values")

    def _fn_equals(self, argument: Any, depth: int) -> Any:
        match self.resolve(argument, depth):
            case [Missing() as missing, _] | [_, Missing() as missing]:
                return missing
            case [first, second]:
                return text(first) == text(second)
        return Missing("Fn::Equals does not have two values")

    def _fn_and(self, argument: Any, depth: int) -> Any:
        return self._all(argument, depth, decisive=False)

    def _fn_or(self, argument: Any, depth: int) -> Any:
        return self._all(argument, depth, decisive=True)

    def _all(self, argument: Any, depth: int, *, decisive: bool) -> Any:
        values = self.resolve(argument, depth)
        if not isinstance(values, list):
            return Missing("a condition is not a list")
        if any(value is decisive for value in values):
            return decisive
        return next((value for value in values if isinstance(value, Missing)), not decisive)

    def _fn_not(self, argument: Any, depth: int) -> Any:
        match self.resolve(argument, depth):
            case [Missing() as missing]:
                return missing
            case [bool() as value]:
                return not value
        return Missing("Fn::Not does not have one condition")

    def _fn_sub(self, argument: Any, depth: int) -> Any:
        match argument:
            case [str() as template, Mapping() as names]:
                return self._substituted(template, names, depth)
            case str():
                return self._substituted(argument, {}, depth)
        return Missing("Fn::Sub is neither a text nor a list of a text and variables")

    def _substituted(self, template: str, names: Mapping[str, Any], depth: int) -> Any:
        parts: list[str] = []
        position = 0
        for match in _SUBSTITUTION.finditer(template):
            parts.append(template[position : match.start()])
            position = match.end()
            if match[1]:
                parts.append(f"${{{match[2]}}}")
                continue
            name = match[2].strip()
            if name in names:
                value = self.resolve(names[name], depth)
            else:
                value = self._attribute(name) if "." in name else self._ref(name)
            if isinstance(value, Missing):
                return value
            parts.append(text(value))
            if sum(map(len, parts)) > TEXT_CHARACTERS:
                return _TOO_LONG
        return _static("".join((*parts, template[position:])))

    def _fn_getatt(self, argument: Any, _depth: int) -> Any:
        return self._attribute(".".join(map(str, argument)) if isinstance(argument, list) else str(argument))

    def _attribute(self, name: str) -> Any:
        return Missing(f"{name} is known only after deployment")

    def _fn_join(self, argument: Any, depth: int) -> Any:
        match argument:
            case [str() as delimiter, items]:
                values = self.resolve(items, depth)
                if isinstance(values, Missing):
                    return values
                if isinstance(values, list):
                    missing = next((value for value in values if isinstance(value, Missing)), None)
                    if missing is None and sum(len(delimiter) + len(text(value)) for value in values) > TEXT_CHARACTERS:
                        return _TOO_LONG
                    return missing or delimiter.join(map(text, values))
        return Missing("Fn::Join is not a list of a delimiter and values")

    def _fn_split(self, argument: Any, depth: int) -> Any:
        match self.resolve(argument, depth):
            case [str() as delimiter, str() as source] if delimiter:
                return source.split(delimiter)
            case [_, Missing() as missing]:
                return missing
        return Missing("Fn::Split is not a list of a delimiter and a text")

    def _fn_select(self, argument: Any, depth: int) -> Any:
        match self.resolve(argument, depth):
            case [Missing() as missing, _] | [_, Missing() as missing]:
                return missing
            case [index, list() as items] if str(index).isdigit() and int(index) < len(items):
                return items[int(index)]
        return Missing("Fn::Select has no element of that number")

    def _fn_findinmap(self, argument: Any, depth: int) -> Any:
        keys = self.resolve(argument, depth)
        if not isinstance(keys, list) or len(keys) < 3:
            return Missing("Fn::FindInMap does not have three values")
        missing = next((key for key in keys[:3] if isinstance(key, Missing)), None)
        if missing:
            return missing
        found: Any = self._mappings
        for key in keys[:3]:
            found = mapping(found).get(str(key))
        if found is None and len(keys) > 3 and isinstance(keys[3], Mapping):
            found = keys[3].get("DefaultValue")
        return Missing(f"the mapping {keys[0]} has no value for {keys[1]}, {keys[2]}") if found is None else found

    def _fn_length(self, argument: Any, depth: int) -> Any:
        found = self.resolve(argument, depth)
        return len(found) if isinstance(found, list) else Missing("Fn::Length is not of a list")

    def _fn_tojsonstring(self, argument: Any, depth: int) -> Any:
        found = self.resolve(argument, depth)
        missing = first_missing(found)
        return missing or json.dumps(found, separators=(",", ":"))


def first_missing(value: Any) -> Missing | None:
    """The first value in a list or object, at any depth, that is not known."""
    if isinstance(value, Missing):
        return value
    children = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return next((found for child in children if (found := first_missing(child))), None)


def _static(value: str) -> str | Missing:
    match = _DYNAMIC.search(value)
    return Missing(f"it is read from {match[1]} at deployment") if match else value
