"""Describe the namespaces of modules, so that two processes can be compared: types, values, and what they contain.

Runs in the process of a function, on its Python; imports nothing of monitor.
"""

import _abc
import hashlib
import sys
import types

_CODE = (type, types.FunctionType, types.BuiltinFunctionType)
_DEPTH = 4
_MOST = 200
_MANY = 5000
_PLAIN = (int, float, complex, bool, str, bytes, type(None), type(Ellipsis))
_SKIPPED = {
    "__builtins__", "__cached__", "__spec__", "__loader__", "__file__", "__path__", "__getattr__", "__dir__",
    "__lazy__", "__lazy_state__", "__lazy_chain__", "__warningregistry__",
}  # fmt: skip
_OWN_SKIPPED = {"__dict__", "__weakref__", "__module__", "__firstlineno__", "__static_attributes__"}


# Where the package lies here: packages that are compared lie in different folders.
root = ""


def names_of(module: types.ModuleType, only: "frozenset[str] | None" = None) -> dict[str, str]:
    """What each name of a module (or `only` these) means, as a digest of its description."""
    found = {}
    # The standard library's own values are caches and settings; what others may have patched are its functions.
    is_standard = module.__name__.partition(".")[0] in sys.stdlib_module_names
    for name, value in list(vars(module).items()):
        if only is not None and name not in only:
            continue
        if is_standard and (name.startswith("_") or not isinstance(value, _CODE)):
            continue
        if name not in _SKIPPED and not name.startswith("__lazy_"):
            try:
                text = _describe(value, _DEPTH, set(), module.__name__)
            except Exception as error:
                text = f"cannot be described: {type(error).__name__}"
            found[name] = text if len(text) < 120 else f"{text[:60]}… {hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return found


def later(module: types.ModuleType) -> "set[str]":
    """The names of a module that load at their first use, and are not loaded yet."""
    state = vars(module).get("__lazy_state__")
    return {name for name in getattr(state, "loaders", ()) if name not in vars(module)}


def _describe(value: object, depth: int, above: "set[int]", home: str) -> str:
    """A value in words. Classes and functions of other modules than `home` are described where they are made."""
    kind = type(value)
    if kind in _PLAIN:
        text = repr(value)
        return (text.replace(root, "/var/task") if root else text)[:4000]
    if isinstance(value, types.ModuleType):
        return f"module {value.__name__}"
    if depth == 0 or kind.__module__ == "os" or id(value) in above:
        return _type_name(kind)
    above = above | {id(value)}
    if isinstance(value, (list, tuple)) and kind in (list, tuple):
        items = [_describe(one, depth - 1, above, home) for one in value[:_MOST]]
        return f"{kind.__name__}({len(value)})[{', '.join(items)}]"
    if isinstance(value, (set, frozenset)) and kind in (set, frozenset):
        items = sorted(_describe(one, depth - 1, above, home) for one in list(value)[:_MANY])
        return f"{kind.__name__}({len(value)})[{', '.join(items)}]"
    if isinstance(value, types.MappingProxyType):
        value = dict(value)
    if isinstance(value, dict):
        pairs = [
            f"{_describe(key, depth - 1, above, home)}: {_describe(inner, depth - 1, above, home)}"
            for key, inner in list(dict.items(value))[:_MOST]
        ]
        return f"{_type_name(kind)}({len(pairs)})[{', '.join(pairs)}]"
    # What is made in a function is there for one user of it: a registry in a closure belongs to who has it.
    is_foreign = isinstance(value, (type, types.FunctionType)) and value.__module__ != home
    if is_foreign and "<locals>" not in value.__qualname__:  # type: ignore[attr-defined]
        return f"{value.__module__}.{value.__qualname__}"  # type: ignore[attr-defined]
    if isinstance(value, types.FunctionType):
        return _function(value, depth, above, home)
    if isinstance(value, type):
        return _class(value, depth, above, home)
    try:
        inner = object.__getattribute__(value, "__dict__")
    except (AttributeError, TypeError):
        inner = None
    if type(inner) is dict and inner:
        return f"{_type_name(kind)} {_describe(inner, depth - 1, above, home)}"
    return _type_name(kind)


def _type_name(kind: type) -> str:
    return f"<{kind.__module__}.{kind.__qualname__}>"


def _function(value: types.FunctionType, depth: int, above: "set[int]", home: str) -> str:
    parts = [f"function {value.__module__}.{value.__qualname__}"]
    extras = (value.__defaults__, value.__kwdefaults__, value.__dict__)
    parts += [_describe(extra, depth - 1, above, home) for extra in extras if extra]
    for cell in value.__closure__ or ():
        try:
            parts.append(_describe(cell.cell_contents, depth - 1, above, home))
        except ValueError:
            parts.append("empty")
    return " ".join(parts)


def _class(value: type, depth: int, above: "set[int]", home: str) -> str:
    bases = ", ".join(_type_name(base) for base in value.__mro__[1:])
    parts = [f"class {_type_name(value)} of {_type_name(type(value))} ({bases})"]
    if "_abc_impl" in vars(value):
        registered = [reference() for reference in _abc._get_dump(value)[0]]
        parts += sorted(_type_name(one) for one in registered if one is not None)
    if depth == _DEPTH or depth == _DEPTH - 1:
        for name, inner in sorted(vars(value).items(), key=lambda one: str(one[0])):
            if name not in _OWN_SKIPPED and not name.startswith("_abc_"):
                parts.append(f"{name}={_describe(inner, min(depth - 1, 2), above, home)}")
    return " ".join(parts)
