"""No package changes its behavior: kinds of traps, optimized with a common event and compared with a rare one."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.optimize.analyze_outcomes import differences, parts
from monitor.optimize.analyze_sources import read_sources, source_files
from monitor.optimize.model_selection import Selection
from monitor.optimize.search.search import Reference, Search
from monitor.optimize.workflow_package import unpack
from monitor.optimize.workflow_probe import probe
from monitor.optimize.workflow_run import Subject, make_runtime, run
from tests.fakes.trap_packages import TRAPS, write_trap

COMMON = (b'{"ask": "common"}',)
RARE = (b'{"ask": "rare", "n": 1}', b'{"ask": "rare", "n": 2}', b'{"ask": "common"}')


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    runtime = make_runtime(tmp_path_factory.mktemp("runtime"), Path(sys.executable))
    return Subject("app.handler", Path(sys.executable), runtime, COMMON)


def changed(subject: Subject, source: Path, work: Path) -> tuple[Iterator[str], int]:
    """What the rare events answer otherwise after an optimization, and how many imports it made lazy."""
    package = unpack(source, work / "package", Path(sys.executable))
    before = package.variant(work / "before", {}, bytecode=True)
    outcome, look = probe(before, subject, describe=True)
    _, other = probe(before, subject, describe=True)
    assert look is not None, outcome
    assert other is not None
    unsteady = {
        module: {name for name, text in names.items() if other.names[module].get(name) != text}
        for module, names in look.names.items()
    }
    sources = read_sources(source_files(package.names, package.own), look, str(before), package.text)
    reference = Reference(
        parts(outcome, str(before)), look, (), (), {name: found for name, found in unsteady.items() if found}
    )
    (work / "tries").mkdir()
    search = Search(package, subject, sources, reference, work / "tries", bytecode=True)
    found = search.find(lambda _file, _one: True, Selection())
    assert list((work / "tries").iterdir()) == []
    after = search.variant(search.finished(found))
    rare = replace(subject, events=RARE)
    one, other_one = run(before, rare), run(after, rare)
    assert len(one.answers) == len(RARE), one
    return differences(parts(one, str(before)), parts(other_one, str(after))), found.selection.count


@pytest.mark.parametrize("trap", TRAPS)
def test_a_package_with_a_trap_answers_the_same(trap: str, subject: Subject, tmp_path: Path) -> None:
    write_trap(trap, 0, tmp_path / "source")
    found, _ = changed(subject, tmp_path / "source", tmp_path / "work")
    assert found == ()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
@pytest.mark.parametrize("trap", TRAPS)
def test_no_package_of_many_changes_its_behavior(trap: str, seed: int, subject: Subject, tmp_path: Path) -> None:
    write_trap(trap, seed, tmp_path / "source")
    found, _ = changed(subject, tmp_path / "source", tmp_path / "work")
    assert found == ()


def test_imports_without_a_trap_do_run_later(subject: Subject, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "pack").mkdir(parents=True)
    (source / "pack" / "__init__.py").write_text("from .heavy import load\n", encoding="utf-8")
    (source / "pack" / "heavy.py").write_text("import wave\n\n\ndef load():\n    return 1\n", encoding="utf-8")
    (source / "app.py").write_text(
        "import pack\nimport wave\n\n\ndef handler(event, context):\n"
        "    return [pack.load(), wave.Error.__name__] if event['ask'] == 'rare' else event['ask']\n",
        encoding="utf-8",
    )
    found, count = changed(subject, source, tmp_path / "work")
    assert found == ()
    assert count >= 2


def test_imports_of_modules_that_keep_their_folder_and_names_like_their_modules_run_later(
    subject: Subject, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    (source / "pack").mkdir(parents=True)
    (source / "pack" / "__init__.py").write_text("from .heavy import heavy\nfrom .other import run\n", encoding="utf-8")
    here = "import os\n\nPLACES = [__file__, os.path.dirname(os.path.dirname(__file__)).encode()]\n\n\n"
    (source / "pack" / "heavy.py").write_text(f"{here}def heavy():\n    return len(PLACES)\n", encoding="utf-8")
    (source / "pack" / "other.py").write_text(f"{here}def run():\n    return len(PLACES)\n", encoding="utf-8")
    (source / "app.py").write_text(
        "import pack\n\nNAME = pack.__name__\n\n\ndef handler(event, context):\n"
        "    return [__import__('pack.heavy').heavy(), pack.run()] if event['ask'] == 'rare' else event['ask']\n",
        encoding="utf-8",
    )
    found, count = changed(subject, source, tmp_path / "work")
    assert found == ()
    assert count == 2


def test_imports_of_files_in_a_folder_that_the_start_adds_to_the_path_run_later(
    subject: Subject, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    (source / "lib" / "_vendor" / "pack").mkdir(parents=True)
    (source / "lib" / "__init__.py").write_text(
        "import os\nimport sys\n\nsys.path.append(os.path.join(os.path.dirname(__file__), '_vendor'))\n",
        encoding="utf-8",
    )
    pack = source / "lib" / "_vendor" / "pack"
    (pack / "__init__.py").write_text(
        "import wave\n\nfrom . import part\n\n\ndef load():\n    return wave.Error\n", encoding="utf-8"
    )
    (pack / "part.py").write_text("NAME = __name__\n", encoding="utf-8")
    (source / "app.py").write_text(
        "import lib\nimport pack\n\nLIB = lib.__name__\n\n\ndef handler(event, context):\n"
        "    return [pack.load().__name__, pack.part.NAME] if event['ask'] == 'rare' else pack.__name__\n",
        encoding="utf-8",
    )
    found, count = changed(subject, source, tmp_path / "work")
    assert found == ()
    assert count == 2


def test_a_handler_that_does_not_end_is_named_with_the_time_limit(subject: Subject, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import time\n\n\ndef handler(*_):\n    time.sleep(60)\n", encoding="utf-8")
    assert run(tmp_path, replace(subject, timeout_s=1.0)).problem == "it has not responded to all events after 1 s"


@pytest.mark.parametrize(
    ("listing", "more"),
    [("__all__ = ['load', 'wave']", True), ("", False), ("if True:\n    __all__ = ['load', 'wave']", True)],
)
def test_a_star_import_of_listed_names_lets_them_load_later(
    listing: str, more: bool, subject: Subject, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    (source / "pack").mkdir(parents=True)
    (source / "pack" / "__init__.py").write_text(
        f"import wave\nfrom .heavy import load\n\n{listing}\n", encoding="utf-8"
    )
    (source / "pack" / "heavy.py").write_text(
        "import colorsys\n\n\ndef load():\n    return colorsys.ONE_THIRD\n", encoding="utf-8"
    )
    (source / "starred.py").write_text(
        "from pack import *\n\nNAMES = sorted(name for name in list(globals()) if name[0] != '_')\n", encoding="utf-8"
    )
    (source / "app.py").write_text(
        "import pack\n\nNAME = pack.__name__\n\n\ndef handler(event, context):\n    if event['ask'] != 'rare':\n"
        "        return NAME\n    import starred\n\n"
        "    return [starred.load(), starred.wave.__name__, starred.NAMES, hasattr(pack, 'heavy')]\n",
        encoding="utf-8",
    )
    found, count = changed(subject, source, tmp_path / "work")
    assert found == ()
    assert (count >= 2) == more


def test_a_text_that_shows_a_star_import_is_none(subject: Subject, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "pack").mkdir(parents=True)
    (source / "pack" / "__init__.py").write_text("import wave\nimport colorsys\n", encoding="utf-8")
    (source / "pack" / "shown.py").write_text('TEXT = """\nfrom pack import *\n"""\n', encoding="utf-8")
    (source / "app.py").write_text(
        "import pack\nfrom pack import shown\n\nNAME = pack.__name__ + shown.TEXT\n\n\n"
        "def handler(event, context):\n    return pack.wave.__name__ if event['ask'] == 'rare' else NAME\n",
        encoding="utf-8",
    )
    found, count = changed(subject, source, tmp_path / "work")
    assert found == ()
    assert count == 2


def test_a_star_import_before_the_names_are_listed_gets_what_is_there(subject: Subject, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "pack").mkdir(parents=True)
    (source / "pack" / "__init__.py").write_text(
        "import wave\nfrom . import part\n\n__all__ = ['wave', 'part']\n", encoding="utf-8"
    )
    (source / "pack" / "part.py").write_text(
        "from pack import *\n\n\ndef names():\n    return wave.__name__\n", encoding="utf-8"
    )
    (source / "app.py").write_text(
        "import pack\n\nNAME = pack.__name__\n\n\ndef handler(event, context):\n"
        "    return pack.part.names() if event['ask'] == 'rare' else NAME\n",
        encoding="utf-8",
    )
    found, _ = changed(subject, source, tmp_path / "work")
    assert found == ()
