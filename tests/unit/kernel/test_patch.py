"""Unified diffs, written and applied: git, which is the judge of both, takes them and makes the same of them."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.kernel.patch import NoFitError, apply_patch, can_patch, make_patch
from tests.examples import examples
from tests.unit.git_apply import git_applied

APP = "import os\nimport heavy\n\n\ndef late():\n    return heavy.x\n"


def test_an_import_is_moved_as_the_diff_says() -> None:
    patch = "--- a/app.py\n+++ b/app.py\n@@ -2 +1,0 @@\n-import heavy\n@@ -5,0 +5 @@\n+    import heavy\n"
    assert apply_patch(patch, {"app.py": APP}) == {
        "app.py": "import os\n\n\ndef late():\n    import heavy\n    return heavy.x\n"
    }


def test_a_line_that_is_other_than_the_diff_says_is_refused() -> None:
    with pytest.raises(NoFitError, match=r"line 2 of app\.py"):
        apply_patch("--- a/app.py\n+++ b/app.py\n@@ -2 +1,0 @@\n-import lighter\n", {"app.py": APP})


def test_context_lines_are_held_against_the_file() -> None:
    patch = "--- a/app.py\n+++ b/app.py\n@@ -1,3 +1,2 @@\n import os\n-import heavy\n \n"
    assert apply_patch(patch, {"app.py": APP})["app.py"].startswith("import os\n\n\ndef late")
    with pytest.raises(NoFitError, match=r"line 1 of app\.py"):
        apply_patch(patch, {"app.py": "import sys\n" + APP})


def test_several_files_are_changed_by_one_patch() -> None:
    patch = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n--- a/b.py\n+++ b/b.py\n@@ -1 +1 @@\n-y = 1\n+y = 2\n"
    assert apply_patch(patch, {"a.py": "x = 1\n", "b.py": "y = 1\n"}) == {"a.py": "x = 2\n", "b.py": "y = 2\n"}


@pytest.mark.parametrize("patch", ["", "nothing of the kind", "+++ b/app.py\n@@ -1,9 +1 @@\n-import os\n"])
def test_what_is_no_patch_is_refused(patch: str) -> None:
    with pytest.raises(NoFitError):
        apply_patch(patch, {"app.py": APP} if "+++" in patch else {})


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(NoFitError, match=r"other\.py is not in the package"):
        apply_patch("--- a/other.py\n+++ b/other.py\n@@ -1 +1 @@\n-x\n+y\n", {"app.py": APP})


# What ends a line for Python and not for git is part of a line here.
LINES = st.sampled_from(
    ["", "a", "b", "-- c", "++ d", "@@ -1 +1 @@", "\\ x", "\x0c", "e\x85f", "g\u2028h", "\ti", "ảnh", " "]
)
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])
LAST = st.sampled_from(["", "", "a", "without a newline", "x\r"])
TEXTS = st.builds(
    lambda lines, last: "".join(lines) + last, st.lists(st.builds("{}{}".format, LINES, ENDS), max_size=12), LAST
)
NAMES = st.sampled_from(
    ["app.py", "app/dữ liệu/tệp.py", "a c/c d.py", "-x", "a/b/c.txt", "é", "b", "it's.py", "x#y&z.py"]
)


@settings(max_examples=examples(60), deadline=None)
@given(NAMES, TEXTS, TEXTS, st.sampled_from([0, 1, 3]))
@example("empty.txt", "", "now it has\n", 3)
@example("empty.txt", "it had\n", "", 3)
@example("same.txt", "a\nb", "a\nb\n", 3)
@example("x.sql", "-- a\nselect 1\n", "select 1\n", 0)
def test_git_takes_a_patch_and_both_make_the_wanted_text_of_it(
    name: str, before: str, after: str, context: int
) -> None:
    patch = make_patch(name, before, after, context)
    if before == after:
        assert patch == ""
        return
    assert git_applied(patch, name, before, *([] if context else ["--unidiff-zero"])) == after
    assert apply_patch(patch, {name: before}) == {name: after}


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.sampled_from(["x\n", "y\n", "z\n"]), min_size=30, max_size=60), st.data())
def test_hunks_far_from_each_other_go_to_their_own_places(lines: list[str], data: st.DataObject) -> None:
    edited = list(lines)
    for at in sorted(data.draw(st.sets(st.integers(0, len(lines) - 1), min_size=2, max_size=4)), reverse=True):
        edited[at : at + data.draw(st.integers(0, 2))] = data.draw(st.lists(st.just("new\n"), max_size=2))
    before, after = "".join(lines), "".join(edited)
    if before != after:
        patch = make_patch("a.py", before, after)
        assert git_applied(patch, "a.py", before) == apply_patch(patch, {"a.py": before})["a.py"] == after


def test_carriage_returns_and_a_last_line_without_a_newline_stay_as_they_are() -> None:
    before = "import os\r\nimport heavy\r\nx = 1"
    patch = "--- a/a.py\n+++ b/a.py\n@@ -2 +1,0 @@\n-import heavy\r\n"
    assert apply_patch(patch, {"a.py": before}) == {"a.py": "import os\r\nx = 1"}


def test_a_line_is_what_a_newline_ends() -> None:
    """A form feed or U+2028 ends a line for `str.splitlines`, but neither for git nor for Python's own line numbers."""
    before = "a = '\u2028'\n\x0c\nimport heavy\n"
    patch = "--- a/a.py\n+++ b/a.py\n@@ -3 +2,0 @@\n-import heavy\n"
    assert apply_patch(patch, {"a.py": before}) == {"a.py": "a = '\u2028'\n\x0c\n"}


@pytest.mark.parametrize("name", ["", 'a"b', "a\\b", "a\nb", "a\tb", " a", "a ", "a b/c.py", "a\x7f"])
def test_a_name_that_a_patch_would_have_to_quote_is_refused(name: str) -> None:
    assert not can_patch(name)
    with pytest.raises(ValueError, match="cannot be named"):
        make_patch(name, "a", "b")
