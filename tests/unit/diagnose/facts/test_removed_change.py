"""The patch of an import that nothing uses: git applies it, and nothing else of the file changes."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.diagnose.evidence.analyze_source import parse_source
from monitor.diagnose.facts.lazy_patch import removed_change
from monitor.diagnose.model_finding import Change, ChangeKind
from monitor.kernel.patch import apply_patch
from tests.examples import examples
from tests.unit.git_apply import git_applied

FILE = "app/đơn hàng.py"
# Each way to write the import, and what is left of it.
PLAIN = {
    "import heavy\n": "",
    "import heavy as h  # noqa: F401\n": "",
    "import heavy.inner\n": "",
    "from heavy import x, y as z\n": "",
    "from heavy import (\n    x,  # one\n    y,\n)\n": "",
    "import heavy \\\n    as h\n": "",
    "import heavy, os\n": "import os\n",
    "import os, heavy as h, sys  # all\n": "import os, sys  # all\n",
    "try:\n    import heavy\nexcept ImportError:\n    heavy = None\n": "try:\n"
    "    pass\nexcept ImportError:\n    heavy = None\n",
    "if 1:\n    import os\n    import heavy\n": "if 1:\n    import os\n",
    "if 0:\n    A = 1\nelse:\n    from heavy import x\n    import heavy.y\n": "if 0:\n    A = 1\nelse:\n    pass\n",
}
SHARED = ["import os; import heavy\n", "import heavy; import os\n", "if 1: import heavy\n"]
AROUND = ["# ảnh\n", "import os\n", "\n", "import json\n", "A = '''\nimport heavy\n'''\n", "def f():\n    return os\n"]
PARTS = st.lists(st.sampled_from(AROUND), max_size=6).map("".join)


def change_of(source: str) -> Change:
    facts = parse_source({FILE: source.encode()})
    unused = [one for one in facts.unused if one.module.partition(".")[0] == "heavy"]
    assert unused
    return removed_change("heavy", unused, facts.patches)


@settings(max_examples=examples(60), deadline=None)
@given(PARTS, st.sampled_from(sorted(PLAIN)), PARTS, st.booleans())
def test_git_applies_the_patch_and_only_the_import_is_gone(head: str, statement: str, tail: str, cut: bool) -> None:
    source, wanted = head + statement + tail, head + PLAIN[statement] + tail
    source = source.removesuffix("\n") if cut else source
    change = change_of(source)
    assert change.kind is ChangeKind.PATCH
    after = git_applied(change.text, FILE, source) if wanted else ""
    assert after.rstrip("\n") == wanted.rstrip("\n")
    if wanted:
        assert apply_patch(change.text, {FILE: source}) == {FILE: after}


@pytest.mark.parametrize("statement", SHARED)
def test_an_import_that_shares_its_line_is_told_in_words(statement: str) -> None:
    change = change_of(statement)
    assert change.kind is ChangeKind.CODE
    assert "delete `import heavy`" in change.text


@pytest.mark.parametrize("statement", sorted(PLAIN))
def test_imports_of_two_files_are_one_patch(statement: str) -> None:
    sources = {"a.py": statement + "A = 1\n", "b.py": statement + "B = 1\n"}
    facts = parse_source({name: text.encode() for name, text in sources.items()})
    change = removed_change("heavy", [one for one in facts.unused if "heavy" in one.module], facts.patches)
    after = apply_patch(change.text, sources)
    assert after == {"a.py": PLAIN[statement] + "A = 1\n", "b.py": PLAIN[statement] + "B = 1\n"}
    assert all(ast.parse(text) for text in after.values())


def test_an_import_that_is_used_beside_an_unused_one_stays() -> None:
    source = "import heavy, json\nimport os\nA = json.dumps(1)\n"
    change = change_of(source)
    assert git_applied(change.text, FILE, source) == "import json\nimport os\nA = json.dumps(1)\n"
