"""Patches that were made one by one of the same file: git applies them as one, and all changes are there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.diagnose.analyze_patches import merge_patches
from monitor.kernel.patch import apply_patch, make_patch
from tests.examples import examples
from tests.unit.git_apply import git_applied

SIZE = 14
# Each line is deleted, replaced, or gets a line before it, by one of the patches; most stay.
CHANGES = st.dictionaries(
    st.integers(0, SIZE - 1), st.tuples(st.sampled_from(["delete", "replace", "insert"]), st.integers(0, 2)), max_size=6
)


def changed(lines: list[str], changes: dict[int, tuple[str, int]], by: set[int]) -> str:
    text = ""
    for at, line in enumerate(lines):
        what, whose = changes.get(at, ("", 0))
        if whose not in by or what not in ("delete", "replace"):
            text += (f"new {at}\n" if what == "insert" and whose in by else "") + line
        elif what == "replace":
            text += f"other {at}\n"
    return text


@settings(max_examples=examples(120), deadline=None)
@given(CHANGES, st.sampled_from([1, 3]), st.booleans())
def test_one_patch_has_the_changes_of_all(changes: dict[int, tuple[str, int]], context: int, cut: bool) -> None:
    lines = [f"line {at}\n" for at in range(SIZE)]
    if cut and SIZE - 1 not in changes:
        lines[-1] = lines[-1].removesuffix("\n")
    before = "".join(lines)
    patches = [make_patch("a.py", before, changed(lines, changes, {one}), context) for one in range(3)]
    merged, left_out = merge_patches([one for one in patches if one])
    assert left_out == ()
    if not merged:
        assert not any(patches)
        return
    wanted = changed(lines, changes, {0, 1, 2})
    assert apply_patch(merged, {"a.py": before}) == {"a.py": wanted}


@pytest.mark.parametrize("context", [1, 3])
def test_git_applies_what_was_merged(context: int) -> None:
    lines = [f"line {at}\n" for at in range(SIZE)]
    changes = {0: ("delete", 0), 1: ("delete", 1), 2: ("replace", 2), 7: ("insert", 0), 12: ("replace", 1)}
    patches = [make_patch("a.py", "".join(lines), changed(lines, changes, {one}), context) for one in range(3)]
    merged, _ = merge_patches(patches)
    assert git_applied(merged, "a.py", "".join(lines)) == changed(lines, changes, {0, 1, 2})


def test_the_same_change_twice_is_made_once() -> None:
    patch = make_patch("a.py", "a\nb\nc\n", "new\na\nc\n")
    assert merge_patches([patch, patch]) == merge_patches([patch])


def test_of_two_that_change_a_line_in_different_ways_the_later_is_left_out() -> None:
    before = "import a, b\nx = 1\n"
    patches = [make_patch("a.py", before, f"import {one}\nx = 1\n") for one in "ab"]
    merged, left_out = merge_patches(patches)
    assert left_out == (1,)
    assert apply_patch(merged, {"a.py": before}) == {"a.py": "import a\nx = 1\n"}
