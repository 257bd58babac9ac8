"""`dataclass(slots=True, …)` of the standard library, with a seventh of its cost per class.

The standard decorator compiles six methods for each class when its module is imported: about 1 ms, and a tail defines
forty classes before its first line. Here the fields stay the standard library's (`fields`, `replace` and `asdict`
work), what can be shared is shared, and `__init__` is compiled when the first instance is made.
"""

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, fields
from dataclasses import dataclass as _standard
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]


def _with_slots(
    *, slots: bool, frozen: bool = False, unsafe_hash: bool = False, kw_only: bool = False
) -> Callable[[type[Any]], type[Any]]:
    """The decorator. It has the standard signature, so that type checkers treat it as the standard decorator."""
    if not slots:
        raise TypeError("this dataclass needs slots=True")
    shared = _SHARED | (_FROZEN if frozen else {}) | ({} if frozen or unsafe_hash else {"__hash__": None})

    def decorate(cls: type[Any]) -> type[Any]:
        own = set(vars(cls))
        made = _standard(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
        names = tuple(one.name for one in fields(made))
        made._values = attrgetter(*names) if names else _nothing
        for name, method in shared.items():
            if name not in own:
                setattr(made, name, method)
        return made

    return decorate


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _with_slots


def _nothing(_: object) -> tuple[()]:
    return ()


def _first_init(self: Any, *args: Any, **kwargs: Any) -> None:
    cls = type(self)
    cls.__init__ = _compiled_init(cls)
    cls.__init__(self, *args, **kwargs)


def _compiled_init(cls: type[Any]) -> Any:
    """`__init__` with the parameters of the class. For a frozen class it writes to the slots, past `__setattr__`."""
    frozen = any(vars(base).get("__setattr__") is _setattr for base in cls.__mro__)
    space: dict[str, Any] = {"_missing": MISSING}
    heads: list[str] = []
    keywords: list[str] = []
    body: list[str] = []
    for one in fields(cls):
        name, head, value = one.name, one.name, one.name
        space[f"_set_{name}"] = getattr(cls, name).__set__
        if one.default is not MISSING:
            space[f"_default_{name}"] = one.default
            head = f"{name}=_default_{name}"
        elif one.default_factory is not MISSING:
            space[f"_make_{name}"] = one.default_factory
            head, value = f"{name}=_missing", f"_make_{name}() if {name} is _missing else {name}"
        (keywords if one.kw_only else heads).append(head)
        body.append(f"_set_{name}(self, {value})" if frozen else f"self.{name} = {value}")
    parameters = ", ".join(["self", *heads, *(["*", *keywords] if keywords else [])])
    body += ["self.__post_init__()"] if hasattr(cls, "__post_init__") else []
    # The standard library does the same. The names are members of a class, so Python has accepted them.
    exec(f"def __init__({parameters}):\n " + "\n ".join(body or ["pass"]), space)  # noqa: S102
    init = space["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _eq(self: Any, other: Any) -> Any:
    return self._values(self) == other._values(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(self._values(self))


def _repr(self: Any) -> str:
    members = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({members})"


def _setattr(_: Any, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(_: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in fields(self)]


def _setstate(self: Any, state: list[Any]) -> None:
    for one, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)


_SHARED: dict[str, Any] = {
    "__init__": _first_init,
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
}
_FROZEN: dict[str, Any] = {"__setattr__": _setattr, "__delattr__": _delattr}
