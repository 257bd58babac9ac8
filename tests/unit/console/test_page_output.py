"""--out and --open: a page goes to a file, and HTML never to a terminal."""

import webbrowser
from pathlib import Path

import pytest

from monitor.console.page_output import PageOutput
from monitor.errors import UsageError


def test_html_is_not_printed_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    with pytest.raises(UsageError, match="not printed to a terminal"):
        PageOutput().check("html")
    PageOutput().check("text")


def test_open_is_for_pages_alone() -> None:
    with pytest.raises(UsageError, match="no effect with -o json"):
        PageOutput(opened=True).check("json")


def test_a_page_is_written_and_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    path = tmp_path / "page.html"
    PageOutput(str(path), opened=True).put("<p>", "x.html")
    assert path.read_text() == "<p>\n"
    assert opened == [path.as_uri()]
    PageOutput(opened=True).put("<b>", "trace.html")
    written = Path(opened[1].removeprefix("file://"))
    assert (written.name, written.read_text()) == ("trace.html", "<b>\n")


def test_what_cannot_be_written_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        PageOutput(str(tmp_path / "no" / "page.html")).check("html")


def test_without_either_it_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    PageOutput().put("<i>", "x.html")
    assert capsys.readouterr().out == "<i>\n"
