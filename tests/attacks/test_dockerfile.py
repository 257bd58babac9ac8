"""`package dockerfile` for projects with hostile names: no new instruction, no shell, no variable, no other file."""

import fnmatch
import json
import re
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.packages.building.declared import Choice
from monitor.packages.building.dockerfile import copy_instruction, dockerfile, ignore_file
from tests.attacks.commands import run

INSTRUCTIONS = ("FROM", "WORKDIR", "COPY", "RUN", "CMD")


def words(instruction: str) -> list[str]:
    """What Docker reads in the JSON of an instruction: quotes and `$` that are not escaped would mean something."""
    found = []
    for text in json.loads(instruction.partition(" ")[2]):
        assert not re.search(r"""(?<!\\)(?:\\\\)*[$"']""", text), text
        found.append(re.sub(r"\\(.)", r"\1", text))
    return found


def copied(text: str) -> list[tuple[str, str]]:
    """The pattern and the target of each COPY of a path."""
    return [tuple(words(line)) for line in text.splitlines() if line.startswith("COPY [")]  # type: ignore[misc]


def instructions(text: str) -> list[str]:
    """The first word of each line that Docker takes for an instruction."""
    found, end = [], None
    for line in text.splitlines():
        if end is not None:
            end = None if line == end else end
        elif line and not line.startswith("#"):
            found.append(line.split()[0])
            heredoc = re.match(r"COPY <<'(.*?)' ", line)
            end = heredoc[1] if heredoc else None
    assert end is None, "a text without an end"
    return found


def project(folder: Path, *names: str, requirements: str = "six\n") -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x = 1\n", encoding="utf-8")
    (folder / "requirements.txt").write_text(requirements, encoding="utf-8")
    return folder


HOSTILE = (
    *(
        "$HOME.py",
        "${PATH:-x}.py",
        "it's.py",
        'say "x".py',
        "*.py",
        "[ab].py",
        "wh?t.py",
        "a b.py",
        "#x.py",
        "--from=x",
    ),
    *("x <<EOF", "x", "héé.py", "`id`.py", "$(id).py", "$folder/x.py", "[x]/y.py", "';id;'.py", "]", "[["),
)


def test_every_hostile_name_is_copied_as_itself(tmp_path: Path) -> None:
    text = dockerfile(project(tmp_path / "p", *HOSTILE), python="3.13", architecture="x86_64", handler="a.b")
    pairs = [one for one in copied(text) if not one[1].startswith("/tmp/")]
    names = {name.partition("/")[0] for name in HOSTILE}
    assert len(pairs) == len(names)
    for pattern, target in pairs:
        matching = [name for name in names if fnmatch.fnmatchcase(name, pattern.rstrip("/"))]
        assert len(matching) == 1, (pattern, matching)
        assert target == (f"/build/{matching[0]}/" if pattern.endswith("/") else "/build/")
        names -= set(matching)
    assert set(instructions(text)) == set(INSTRUCTIONS)


@given(name=st.text(st.characters(exclude_characters="/\0"), min_size=1))
def test_a_name_is_copied_as_itself_or_refused(name: str) -> None:
    try:
        instruction = copy_instruction(name, "/build/")
    except UsageError:
        assert not name.isprintable() or "\\" in name
        return
    assert instruction.isprintable()
    pattern, target = words(instruction)
    assert fnmatch.fnmatchcase(name, pattern)
    assert not fnmatch.fnmatchcase(f"{name}x", pattern)
    assert target == "/build/"


@pytest.mark.parametrize(
    "name", ["x\nRUN touch owned", "x\r\nRUN touch owned", "x\u2028RUN touch owned", "a\\b", "x\x1b[2J"]
)
def test_a_name_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    folder = project(tmp_path / "p", f"{name}.py")
    done = run("package", "dockerfile", str(folder), cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "cannot be written in a Dockerfile" in done.err
    assert len(done.err.splitlines()) == 2
    assert "\x1b" not in done.err


@pytest.mark.parametrize(
    "name", ["x\nRUN touch owned", "x\r\nRUN touch owned", "x\x85RUN touch owned", "x\u2028RUN touch owned", "x\x1b[2J"]
)
def test_a_line_end_in_the_name_of_the_folder_is_no_instruction(tmp_path: Path, name: str) -> None:
    """Before, the folder's name was written into a comment, and a line end in it ended the comment."""
    plain, hostile = (project(tmp_path / one, "lambda_function.py") for one in ("x", name))
    written = [run("package", "dockerfile", str(folder), cwd=tmp_path) for folder in (plain, hostile)]
    assert [done.code for done in written] == [0, 0]
    assert instructions(written[1].out) == instructions(written[0].out)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", written[1].out + written[1].err)


@pytest.mark.parametrize("name", ["x$(touch owned)", "x; touch owned", "escape=`", "syntax=evil/frontend", "ÄÖ", "-t"])
def test_the_name_of_the_folder_is_neither_a_directive_nor_a_command(tmp_path: Path, name: str) -> None:
    folder = project(tmp_path / name, "lambda_function.py")
    text = dockerfile(folder, python="3.13", architecture="x86_64", handler="a.b")
    comments = [line for line in text.splitlines() if line.startswith("#")]
    directives = [line for line in comments if re.match(r"#\s*\w+\s*=", line)]
    assert directives == ["# syntax=docker/dockerfile:1"]
    command = next(line for line in comments if "docker build" in line).lstrip("# ")
    assert re.fullmatch(r"docker build --platform linux/amd64 --provenance=false -t [a-z0-9][a-z0-9-]* \.", command)


@pytest.mark.parametrize("name", ["r; touch owned.txt", "r$(touch owned).txt", "it's.txt", "-x.txt", "a b.txt"])
def test_the_name_of_a_requirements_file_is_one_word_for_the_shell(tmp_path: Path, name: str) -> None:
    folder = project(tmp_path / "p", "lambda_function.py")
    (folder / name).write_text("six\n", encoding="utf-8")
    text = dockerfile(folder, python="3.13", architecture="x86_64", handler="a.b", choice=Choice(folder / name))
    install = next(line for line in text.splitlines() if line.startswith("RUN pip install"))
    assert shlex.split(install)[-2:] == ["-r", name]
    assert (name, f"/tmp/requirements/{name}") in [(fnmatch_literal(one), two) for one, two in copied(text)]


def fnmatch_literal(pattern: str) -> str:
    return re.sub(r"\[([*?\[])\]", r"\1", pattern)


def test_requirements_cannot_end_the_text_that_contains_them(tmp_path: Path) -> None:
    """A file beside a local project is written as a text in the Dockerfile, which ends at a line of its own."""
    folder = project(tmp_path / "p", "lambda_function.py", requirements="REQUIREMENTS\nRUN\nREQUIREMENTS_\n./library\n")
    (folder / "library").mkdir()
    (folder / "library" / "setup.py").touch()
    text = dockerfile(folder, python="3.13", architecture="x86_64", handler="a.b")
    assert instructions(text).count("RUN") == 2


@pytest.mark.parametrize("handler", ["a.b\nRUN touch owned", 'a.b"] RUN', "a.$HOME", "a.b\\"])
def test_a_handler_is_one_string_of_json(tmp_path: Path, handler: str) -> None:
    text = dockerfile(project(tmp_path / "p", "x.py"), python="3.13", architecture="x86_64", handler=handler)
    last = text.rstrip("\n").splitlines()[-1]
    assert json.loads(last.removeprefix("CMD ")) == [handler]


def test_a_dockerignore_keeps_exactly_the_requirements_file(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", "lambda_function.py")
    (folder / "[r]*.txt").write_text("six\n", encoding="utf-8")
    assert ignore_file(folder, Choice(folder / "[r]*.txt")).splitlines()[-1] == r"!\[r\]\*.txt"
    (folder / "r\n!.env").write_text("six\n", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be written"):
        ignore_file(folder, Choice(folder / "r\n!.env"))
