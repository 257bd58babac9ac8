"""The imports that are tried without first when a package no longer starts."""

import pytest

from monitor.optimize.analyze_guards import Guards, SourceFile
from monitor.optimize.analyze_sources import Sources
from monitor.optimize.analyze_suspects import suspects
from monitor.optimize.model import LoadedModule, Outcome
from monitor.packages.lazy.statements import read

TEXTS = {"app.py": "import a\nimport b\n", "a.py": "import b\n", "b.py": "import c\n", "c.py": "x = 1\n"}
FILE_OF = {file.removesuffix(".py"): file for file in TEXTS}
SOURCES = Sources(
    {file: SourceFile(file, name, is_package=False, own=True) for name, file in FILE_OF.items()},
    {file: read(text, file, is_package=False) for file, text in TEXTS.items()},
    {name: LoadedModule(name, f"/root/{name}.py", is_package=False, parent="", attribute="") for name in FILE_OF},
    Guards(),
    FILE_OF,
)
APP, A, ELSEWHERE = (f'  File "{path}", line 3' for path in ("/root/app.py", "/root/a.py", "/usr/re.py"))
PAIRS = [("app.py", 1), ("app.py", 2), ("a.py", 1), ("b.py", 1)]


@pytest.mark.parametrize(
    ("message", "trace", "found"),
    [
        ("cannot import name 'x' from partially initialized module 'c'", [], {("b.py", 1)}),
        ("module 'b' has no attribute 'y'", [], {("b.py", 1), ("a.py", 1), ("app.py", 2)}),
        (
            "'int' object is not callable",
            [APP, A],
            {("a.py", 1)},
        ),
        (
            "'int' object is not callable",
            [APP, ELSEWHERE],
            {("app.py", 1), ("app.py", 2)},
        ),
        ("no memory", [], set()),
    ],
)
def test_what_an_error_names_is_tried_without(message: str, trace: list[str], found: set[tuple[str, int]]) -> None:
    outcome = Outcome(init_error={"errorType": "E", "errorMessage": message, "stackTrace": trace})
    assert suspects(outcome, PAIRS, SOURCES, "/root") == found
    assert suspects(Outcome(answers=(("error", outcome.init_error),)), PAIRS, SOURCES, "/root/") == found
