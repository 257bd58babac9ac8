"""What a stream can show decides the style; nothing else does."""

import io
import json

import pytest

from monitor.console import output
from monitor.console.output import style


class Stream(io.StringIO):
    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal = terminal
        self._encoding = encoding

    def isatty(self) -> bool:
        return self._terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"):
        monkeypatch.delenv(name, raising=False)


def test_color_is_for_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert style(Stream(terminal=True)).color
    assert not style(Stream(terminal=False)).color
    monkeypatch.setenv("TERM", "dumb")
    assert not style(Stream(terminal=True)).color


def test_no_color_and_force_color_are_honored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert style(Stream(terminal=False)).color
    monkeypatch.setenv("NO_COLOR", "1")
    assert not style(Stream(terminal=True)).color


def test_the_width_is_the_terminal_s_or_a_pipe_s(monkeypatch: pytest.MonkeyPatch) -> None:
    assert style(Stream(terminal=False)).width == 120
    monkeypatch.setenv("COLUMNS", "72")
    assert style(Stream(terminal=False)).width == 72
    monkeypatch.setenv("COLUMNS", "5")
    assert style(Stream(terminal=False)).width == 40


def test_a_stream_that_cannot_write_unicode_gets_ascii_decoration() -> None:
    assert style(Stream(terminal=False)).unicode
    assert not style(Stream(terminal=False, encoding="ascii")).unicode


def test_json_on_a_terminal_holds_nothing_that_a_terminal_obeys(monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps({"title": "a\x9b31m\u202eb\u2028 dữ liệu"}, ensure_ascii=False, indent=2)
    assert output.terminal_json(text) == text
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    shown = output.terminal_json(text)
    assert shown == '{\n  "title": "a\\u009b31m\\u202eb\\u2028 dữ liệu"\n}'
    assert json.loads(shown) == json.loads(text)
