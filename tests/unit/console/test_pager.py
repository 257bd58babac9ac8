"""What the pager gets, what stays on the screen, and when there is no pager."""

from pathlib import Path

import click
import pytest

from monitor.console.pager import PAGED, Pager, may_page, pager_command
from monitor.main import cli
from tests.unit.test_docs import leaves


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    return tmp_path / "pages"


def started(pages: Path, height: int = 5, width: int = 20) -> Pager:
    pager = Pager()
    pager.start(["sh", "-c", f"cat >> {pages}"], height, width)
    return pager


def test_what_fits_the_screen_is_printed_with_its_notes_in_order(
    pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pager = started(pages)
    assert pager.write("one\ntwo\n")
    assert pager.write("a note\n", to_stderr=True)
    assert pager.write("three\n")
    assert not capsys.readouterr().out
    pager.end()
    assert capsys.readouterr() == ("one\ntwo\nthree\n", "a note\n")
    assert not pages.exists()


def test_longer_output_goes_to_the_pager_and_notes_follow_it(pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pager = started(pages)
    pager.write("a note\n", to_stderr=True)
    for number in range(9):
        assert pager.write(f"\x1b[31m{number}\x1b[0m é\n")
    assert pager.is_open
    pager.end()
    assert pages.read_text(encoding="utf-8") == "".join(f"\x1b[31m{number}\x1b[0m é\n" for number in range(9))
    assert capsys.readouterr() == ("", "a note\n")


def test_a_line_of_several_rows_counts_as_such(pages: Path) -> None:
    pager = started(pages)
    pager.write("x" * 81 + "\n")
    assert pager.is_open
    pager.end()


def test_a_pager_that_is_left_early_ends_the_command_as_a_closed_pipe_does(pages: Path) -> None:
    pager = Pager()
    pager.start(["true"], 1, 80)
    with pytest.raises(BrokenPipeError):
        pager.write("line\n" * 100_000)
    pager.end()


def test_nothing_is_held_back_without_a_start(pages: Path) -> None:
    pager = Pager()
    assert not pager.write("text\n")
    assert not pager.write("note\n", to_stderr=True)


@pytest.mark.parametrize(
    ("own", "general", "words"),
    [
        (None, "sh -x", ["sh", "-x"]),
        ("sh", "sh -x", ["sh"]),
        ("", "sh", []),
        (None, "", []),
        (None, "cat", []),
        (None, "/bin/cat -v", []),
        (None, "no-such-pager", []),
        (None, "'", []),
    ],
)
def test_the_pager_is_the_one_of_the_environment(
    own: str | None, general: str | None, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("MONITOR_PAGER", own), ("PAGER", general)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert pager_command() == words


def test_commands_that_are_paged_exist_and_a_follow_is_not() -> None:
    known = {path.partition(" ")[2] for path, _ in leaves(cli, click.Context(cli, info_name="monitor"))}
    assert known >= PAGED
    assert may_page("errors", {"follow": False})
    assert not may_page("errors", {"follow": True})
    assert not may_page("metrics", {"watch": True})
    assert not may_page("traces follow", {})
    assert not may_page("serve", {})
