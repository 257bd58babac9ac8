"""The quick dataclass behaves as the standard library's frozen one with slots does."""

import copy
import dataclasses
import pickle
from typing import Any, ClassVar

import pytest

from monitor.kernel import values
from monitor.records.emf import MetricDatum


def made(dataclass: Any) -> Any:
    @dataclass(frozen=True, slots=True)
    class Point:
        """A point."""

        kind: ClassVar[str] = "point"
        x: int
        y: int = 2
        tags: list[str] = dataclasses.field(default_factory=list)

        @property
        def far(self) -> bool:
            return self.x + self.y > 10

    return Point


QUICK, STANDARD = made(values.dataclass), made(dataclasses.dataclass)


@pytest.mark.parametrize(("args", "kwargs"), [((1,), {}), ((1, 3), {}), ((), {"y": 4, "x": 9}), ((1, 2, ["a"]), {})])
def test_it_is_made_shown_and_taken_apart_alike(args: Any, kwargs: Any) -> None:
    quick, standard = QUICK(*args, **kwargs), STANDARD(*args, **kwargs)
    assert repr(quick) == repr(standard)
    assert dataclasses.asdict(quick) == dataclasses.asdict(standard)
    assert quick == QUICK(*args, **kwargs)
    assert quick != standard
    assert dataclasses.replace(quick, x=7).x == 7
    assert (quick.kind, quick.far) == (standard.kind, standard.far)
    assert QUICK.__match_args__ == STANDARD.__match_args__


@pytest.mark.parametrize(("args", "kwargs"), [((), {}), ((1, 2, [], 4), {}), ((1,), {"z": 1}), ((1,), {"x": 1})])
def test_wrong_arguments_are_refused_alike(args: Any, kwargs: Any) -> None:
    for one in (QUICK, STANDARD):
        with pytest.raises(TypeError):
            one(*args, **kwargs)


def test_it_cannot_be_changed() -> None:
    point = QUICK(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    with pytest.raises((AttributeError, TypeError)):
        object.__setattr__(point, "other", 1)


def test_instances_do_not_share_their_defaults() -> None:
    QUICK(1).tags.append("a")
    assert QUICK(1).tags == []


def test_it_hashes_by_its_members_and_can_be_copied_and_pickled() -> None:
    datum = MetricDatum("n", "m", "None", (1.0,))
    assert {datum, MetricDatum("n", "m", "None", (1.0,))} == {datum}
    assert copy.deepcopy(datum) == copy.copy(datum) == pickle.loads(pickle.dumps(datum)) == datum


def test_it_takes_keywords_only_where_asked() -> None:
    @values.dataclass(frozen=True, slots=True, kw_only=True)
    class Options:
        first: int
        second: int = 2

    assert Options(first=1).second == 2
    with pytest.raises(TypeError):
        Options(1)  # type: ignore[call-arg]


@pytest.mark.parametrize("unsafe_hash", [True, False])
def test_one_that_is_not_frozen_can_be_changed_and_hashes_where_asked(unsafe_hash: bool) -> None:
    @values.dataclass(slots=True, unsafe_hash=unsafe_hash)
    class Counter:
        count: int = 0

    one = Counter()
    one.count += 1
    assert (one, repr(one).rpartition(".")[2]) == (Counter(1), "Counter(count=1)")
    if unsafe_hash:
        assert hash(one) == hash(Counter(1))
    else:
        with pytest.raises(TypeError, match="unhashable"):
            hash(one)
    with pytest.raises(AttributeError):
        one.other = 1  # type: ignore[attr-defined]


def test_what_a_class_says_itself_stays() -> None:
    @values.dataclass(frozen=True, slots=True)
    class Range:
        first: int
        last: int

        def __post_init__(self) -> None:
            if self.first > self.last:
                raise ValueError("empty")

        def __repr__(self) -> str:
            return f"{self.first}-{self.last}"

    assert repr(Range(1, 2)) == "1-2"
    with pytest.raises(ValueError, match="empty"):
        Range(2, 1)
