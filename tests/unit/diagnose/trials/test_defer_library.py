"""A library's imports put off in a copy: the library works as before, and imports less."""

import subprocess
import sys
from pathlib import Path

import pytest

from monitor.diagnose.trials.defer_library import defer_in_library
from monitor.kernel.patch import NoFitError

INIT = '''"""A library."""
from __future__ import annotations
import os
from lib.draw import plot, Canvas as C
from .draw import method as _method
from lib.draw import plot as _private

def show():
    """Shown."""
    return plot()

class Graph:
    """Graphs."""
    draw = _method

    def canvas(self) -> C:
        return C()

del (_method, _private, os)
'''
DRAW = "class Canvas:\n    pass\ndef plot():\n    return 'plot'\ndef method(self):\n    return type(self).__name__\n"


def run(tmp_path: Path, code: str, init: str = INIT) -> str:
    folder = tmp_path / "lib"
    folder.mkdir(exist_ok=True)
    (folder / "__init__.py").write_text(init)
    (folder / "draw.py").write_text(DRAW)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    "code",
    [
        "import lib; print(lib.show())",
        "import lib; print(lib.Graph().draw())",
        "import lib; print(type(lib.Graph().canvas()).__name__)",
        "import lib; print(lib.plot())",
        "from lib import C; print(C.__name__)",
        "import lib; print(lib.draw.plot())",
        "from lib import *; print(plot())",
        "import lib; print(lib.nothing)",
        "import lib; print(lib._private)",
        "import lib.draw; print(lib.draw.plot(), lib.show())",
    ],
)
def test_the_library_works_as_before(tmp_path: Path, code: str) -> None:
    before = run(tmp_path, code)
    later = defer_in_library(INIT, {4, 5, 6}, ["lib.draw"])
    if "*" in code:
        # A star import takes no names that come later, unless __all__ lists them.
        later += "__all__ = ['plot', 'show']\n"
    assert run(tmp_path, code, later) == before
    assert run(tmp_path, "import lib, sys; print('lib.draw' in sys.modules)", later) == "False"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("from lib.draw import Base\nclass A(Base):\n    pass\n", 1),
        ("from lib.draw import make\nA = make()\n", 1),
        ("from lib.draw import table\nA = table['x']\n", 1),
        ("from lib.draw import register\n@register\ndef f():\n    pass\n", 1),
        ("from lib.draw import *\n", 1),
        ("try:\n    import lib.draw\nexcept ImportError:\n    pass\n", 2),
        ("import lib.draw\nlib = 1\n", 3),
        ("from lib.draw import x\nclass A:\n    y = [x]\n", 1),
    ],
)
def test_an_import_that_is_needed_at_once_is_refused(source: str, line: int) -> None:
    with pytest.raises(NoFitError):
        defer_in_library(source, {line}, ["lib.draw"])
