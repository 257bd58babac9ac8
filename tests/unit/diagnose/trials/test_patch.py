"""A finding's diff, done to texts."""

import pytest

from monitor.diagnose.trials.patch import NoFitError, apply_patch

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
