"""Values that are saved and read again, and what is damage in a file though its types are right."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.kernel.missing import Missing
from monitor.kernel.saved import SavedFormat


@dataclass(frozen=True, slots=True)
class Leaf:
    name: str
    at_ms: int
    took_ms: float | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    children: tuple["Leaf", ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:
    leaf: Leaf | Missing
    other: Leaf | Missing = field(default_factory=lambda: Missing("not read"))
    counts: dict[str, int] = field(default_factory=dict)
    sizes: tuple[int, ...] = ()


SAVED = SavedFormat("test-tree", 1, "tree", Tree, "a saved tree", "give a tree")
# Python's own JSON keeps the number of a double, so that equal means equal.
NUMBERS = st.integers(-(10**18), 10**18) | st.floats(-1e18, 1e18)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
LEAVES = st.recursive(
    st.builds(Leaf, st.text(), st.integers(0, 10**14), st.none() | NUMBERS.map(float)),
    lambda inner: st.builds(
        Leaf,
        st.text(),
        st.integers(0, 10**14),
        st.none(),
        st.dictionaries(st.text(max_size=5), ANYTHING, max_size=2),
        st.lists(inner, max_size=3).map(tuple),
    ),
    max_leaves=6,
)
PARTS = LEAVES | st.builds(Missing, st.text())


@given(st.builds(Tree, PARTS, PARTS, st.dictionaries(st.text(), st.integers(-(10**18), 10**18), max_size=3)))
def test_what_was_saved_comes_back_the_same(tree: Tree) -> None:
    assert SAVED.decode(SAVED.encode(tree), "t.json") == tree


def test_half_a_surrogate_pair_in_a_name_can_be_saved() -> None:
    assert SAVED.decode(SAVED.encode(Tree(Leaf("a\ud800b", 1))), "t.json") == Tree(Leaf("a?b", 1))


def test_the_users_own_numbers_are_kept_whatever_they_are() -> None:
    tree = Tree(Leaf("a", 1, metadata={"n": 1e300, "deep": {"at_ms": -5, "big": [10**30]}}))
    assert SAVED.decode(SAVED.encode(tree), "t.json") == tree


@pytest.mark.parametrize(
    ("leaf", "said"),
    [
        ({"name": "a", "at_ms": -1}, "out of range - at `at_ms`"),
        ({"name": "a", "at_ms": 10**15}, "out of range - at `at_ms`"),
        ({"name": "a", "at_ms": 1.5}, "Expected `int`, got `float` - at `tree.leaf.at_ms`"),
        ({"name": "a", "at_ms": 1, "took_ms": 1e19}, "out of range - at `took_ms`"),
        ({"name": "a", "at_ms": 1, "took_ms": "1"}, "got `str` - at `tree.leaf.took_ms`"),
        ({"name": "a", "at_ms": 1, "children": [{"name": "b"}]}, r"`at_ms` - at `tree.leaf.children\[0\]`"),
        ({"missing": None}, r"Expected `str`, got `null` - at `tree.leaf\[...\]`"),
        (None, "got `null` - at `tree.leaf`"),
    ],
)
def test_damage_is_named_by_its_place(leaf: object, said: str) -> None:
    content = json.dumps({"format": "test-tree", "version": 1, "tree": {"leaf": leaf}}).encode()
    with pytest.raises(UsageError, match=said) as told:
        SAVED.decode(content, "t.json")
    assert told.value.message.startswith("t.json cannot be read: ")


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"1e400", b"-1e19", b"01", b"\xff", b'"\xff"'])
def test_what_json_has_no_number_for_is_damage(number: bytes) -> None:
    content = b'{"format":"test-tree","version":1,"tree":{"leaf":{"name":"a","at_ms":1,"took_ms":%b}}}' % number
    with pytest.raises(UsageError, match=r"t\.json"):
        SAVED.decode(content, "t.json")


@pytest.mark.parametrize("depth", [220, 450, 5_000, 100_000])
@pytest.mark.parametrize(
    ("head", "tail"),
    [(b'{"name":"a","at_ms":1,"children":[', b"]}"), (b'{"name":"a","at_ms":1,"metadata":{"a":', b"}}")],
)
def test_endless_nesting_is_one_error(depth: int, head: bytes, tail: bytes) -> None:
    value = head + b"[" * depth + b"]" * depth + tail if b"meta" in head else head * depth + tail * depth
    content = b'{"format":"test-tree","version":1,"tree":{"leaf":%b}}' % value
    if depth == 220 and b"meta" in head:
        SAVED.decode(content, "t.json")
        return
    with pytest.raises(UsageError):
        SAVED.decode(content, "t.json")


@pytest.mark.parametrize("version", [b"2", b'"1"', b"null", b"1.0"])
def test_another_version_is_said(version: bytes) -> None:
    with pytest.raises(UsageError, match=f"version {version.decode()}"):
        SAVED.decode(b'{"format":"test-tree","version":%b,"tree":{}}' % version, "t.json")


def test_a_file_of_millions_of_values_is_read() -> None:
    sizes = b",".join([b"1"] * 3_100_000)
    content = b'{"format":"test-tree","version":1,"tree":{"leaf":{"missing":""},"sizes":[%b]}}' % sizes
    assert len(SAVED.decode(content, "t.json").sizes) == 3_100_000
