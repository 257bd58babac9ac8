"""The page of a trace in a real browser: Debian's Chromium, headless, driven as a person would use it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from monitor.records.xray.documents import parse_traces
from monitor.traces.analyze_invocations import measure
from monitor.traces.analyze_waterfall import lay_out
from monitor.traces.render_html import render_html
from tests.functional.conftest import Driven, Run
from tests.unit.traces.test_render_html import EVIL, hostile

SAMPLES = Path(__file__).parents[1] / "samples" / "traces"


class Opened:
    """A page, and what happened on it that should not have."""

    def __init__(self, browser: Any, path: Path, scheme: str = "light") -> None:
        self.context = browser.new_context(color_scheme=scheme, viewport={"width": 1200, "height": 900})
        self.page = self.context.new_page()
        self.trouble: list[str] = []
        self.page.on("request", lambda request: self._note("request", request.url, path.as_uri()))
        self.page.on("console", lambda message: self._note("console", message.text, ""))
        self.page.on("pageerror", lambda error: self._note("error", str(error), ""))
        self.page.on("dialog", lambda dialog: (self._note("dialog", dialog.message, ""), dialog.dismiss()))
        self.page.goto(path.as_uri())

    def _note(self, what: str, text: str, allowed: str) -> None:
        if not allowed or text != allowed:
            self.trouble.append(f"{what}: {text}")

    def row(self, name: str) -> Any:
        return self.page.locator("details.span").filter(
            has=self.page.locator("summary b", has_text=re.compile(f"^{re.escape(name)}$"))
        )

    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement.querySelector('.name b')?.textContent ?? ''"))


def written(folder: Path, name: str) -> Path:
    path = folder / f"{name}.html"
    traces = parse_traces((SAMPLES / f"{name}.json").read_text())
    path.write_text(render_html(lay_out(measure(traces[0])), utc=True))
    return path


def test_a_click_on_a_span_opens_its_detail(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path, "fault"))
    call = opened.row("DynamoDB")
    detail = call.locator(".detail")
    assert not detail.is_visible()
    call.locator("summary").click()
    assert detail.is_visible()
    text = detail.inner_text()
    for expected in ("PutItem", "results", "320 ms", "ThrottlingException", "client.py:1078", "throttle"):
        assert expected in text
    call.locator("summary").click()
    assert not detail.is_visible()
    assert opened.trouble == []


def test_the_bars_lie_where_the_times_say(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path, "cold_old_layout_imports"))

    def box(name: str) -> dict[str, float]:
        found: dict[str, float] = opened.row(name).locator("summary .bar").bounding_box()
        return found

    whole, init = box("ai-image-analyzer-fastapi"), box("Initialization")
    # 640 of 1500 ms, beginning at 250
    assert init["width"] / whole["width"] == pytest.approx(640 / 1500, abs=0.01)
    assert (init["x"] - whole["x"]) / whole["width"] == pytest.approx(250 / 1500, abs=0.01)
    assert box("pydantic")["x"] >= init["x"]


def test_the_keyboard_is_enough(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path, "cold_old_layout_imports"))
    press = opened.page.keyboard.press
    press("ArrowDown")
    assert opened.focused() == "ai-image-analyzer-fastapi"
    for _ in range(3):
        press("ArrowDown")
    assert opened.focused() == "Initialization"
    press("Enter")
    assert opened.row("Initialization").locator(".detail").is_visible()
    press("Escape")
    assert not opened.row("Initialization").locator(".detail").is_visible()
    press("ArrowLeft")
    assert not opened.row("pydantic").is_visible()
    press("ArrowDown")
    assert opened.focused() == "Invocation"
    press("ArrowUp")
    press("ArrowRight")
    assert opened.row("pydantic").is_visible()
    press("End")
    assert opened.focused() == "Overhead"
    assert opened.trouble == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(browser: Any, tmp_path: Path, scheme: str) -> None:
    opened = Opened(browser, written(tmp_path, "fault"), scheme)
    colors = opened.page.evaluate(
        "() => [...document.querySelectorAll('.name b, .num, .status, h1, .facts dt, .legend span, pre')]"
        ".map((one) => getComputedStyle(one).color)"
    )
    background = opened.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert {contrast(color, background) >= 4.5 for color in colors} == {True}  # WCAG 2.2, level AA
    assert (luminance(background) < 0.1) is (scheme == "dark")


def luminance(color: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_what_a_hostile_function_wrote_stays_text(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(render_html(hostile(), log=[EVIL.replace("\x1b", ""), "javascript:alert(3)"]))
    opened = Opened(browser, path)
    for summary in opened.page.locator("summary").all():
        summary.click()
    opened.page.wait_for_timeout(200)
    assert opened.trouble == []
    assert opened.page.locator("img, iframe, a").count() == 0
    assert opened.page.locator("script").count() == 1
    assert "<script>alert(1)</script>" in opened.page.locator(".log").inner_text()
    assert "<img src=x onerror=alert(2)>" in opened.page.locator(".detail").first.inner_text()


def test_even_without_an_escape_no_foreign_script_would_run(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "unescaped.html"
    page = render_html(hostile())
    path.write_text(page.replace("<main>", "<main><script>document.title = 'ran'</script><img src=x onerror=alert(1)>"))
    opened = Opened(browser, path)
    opened.page.wait_for_timeout(200)
    assert opened.page.title() != "ran"
    assert not [one for one in opened.trouble if one.startswith("dialog")]
    assert any("Content Security Policy" in one for one in opened.trouble)


def test_a_real_cold_start_is_a_page_with_its_log(browser: Any, tmp_path: Path, monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "traces", "show", "slowest-cold", driven.function, "--logs", "-o", "html")
    assert done.code == 0, done.err
    path = tmp_path / "cold.html"
    path.write_text(done.out)
    opened = Opened(browser, path)
    opened.row("Initialization").locator("summary").click()
    assert "init" in opened.row("Initialization").locator(".detail").inner_text()
    assert opened.row("fastapi").is_visible()
    assert "REPORT" in opened.page.locator(".log").inner_text()
    assert opened.trouble == []


@pytest.mark.parametrize(("utc", "expected"), [(False, ("11:30:00", "GMT+9")), (True, ("02:30:00", "Z"))])
def test_times_are_shown_in_the_zone_of_the_reader(
    browser: Any, tmp_path: Path, utc: bool, expected: tuple[str, str]
) -> None:
    segment = {"id": "f", "name": "f", "start_time": 1_764_469_800.0, "end_time": 1_764_469_801.0}
    trace = {"Traces": [{"Id": "1-a", "Segments": [{"Id": "f", "Document": json.dumps(segment)}]}]}
    path = tmp_path / "time.html"
    path.write_text(render_html(lay_out(measure(parse_traces(json.dumps(trace))[0])), utc=utc))
    context = browser.new_context(timezone_id="Asia/Tokyo", locale="en-GB")
    try:
        page = context.new_page()
        page.goto(path.as_uri())
        text = page.locator("time").inner_text()
    finally:
        context.close()
    assert all(part in text for part in expected), text
