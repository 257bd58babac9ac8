"""The page of a diagnosis in a real browser: Debian's Chromium, headless, driven as a person would use it."""

from pathlib import Path
from typing import Any

import pytest

from monitor.diagnose.model import Diagnosis
from monitor.diagnose.report.html import render_html
from tests.functional.conftest import Driven, Run
from tests.functional.test_trace_page import contrast, luminance
from tests.unit.diagnose.report.diagnosis_factory import hostile, slow
from tests.unit.traces.test_render_html import EVIL


class Opened:
    """A page, and what happened on it that should not have."""

    def __init__(
        self, browser: Any, path: Path, scheme: str = "light", width: int = 1200, *, script: bool = True
    ) -> None:
        self.context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}, java_script_enabled=script
        )
        self.page = self.context.new_page()
        self.trouble: list[str] = []
        self.page.on("request", lambda request: self._request(request.url, path.as_uri()))
        self.page.on("console", lambda message: self.trouble.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: (self.trouble.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.goto(path.as_uri())

    def _request(self, url: str, allowed: str) -> None:
        if url != allowed:
            self.trouble.append(f"request: {url}")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def focused(self) -> str:
        """What a reader would hear of what has the focus."""
        return str(
            self.page.evaluate(
                "(document.activeElement.querySelector('title') || document.activeElement).textContent.trim()"
            )
        )

    def shown(self, selector: str) -> Any:
        return self.page.locator(selector).filter(visible=True)


def written(folder: Path, diagnosis: Diagnosis) -> Path:
    path = folder / "diagnosis.html"
    path.write_text(render_html(diagnosis))
    return path


def test_a_finding_opens_to_its_evidence_by_a_click(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path, slow()))
    first, second = opened.page.locator("details.finding").nth(0), opened.page.locator("details.finding").nth(1)
    assert first.locator(".detail").is_visible()
    assert not second.locator(".detail").is_visible()
    second.locator("summary").click()
    assert "1,204 modules, none with a __pycache__" in second.locator(".detail").inner_text()
    assert second.locator("code", has_text="__pycache__").is_visible()
    opened.page.get_by_role("button", name="Open all").click()
    assert opened.shown("details.finding .detail").count() == 5
    opened.page.get_by_role("button", name="Close all").click()
    assert opened.shown("details.finding .detail").count() == 0
    assert opened.trouble == []


def test_flame_graph_and_waterfall_of_the_chosen_start(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path, slow()))
    start = opened.page.locator("#start")
    assert opened.shown("#start figure").count() == 1
    assert "Init as a flame graph: median start, 1.07 s" in start.inner_text()
    start.get_by_role("button", name="Waterfall").click()
    assert opened.shown("#start figure").count() == 1
    row = opened.shown("#start tr").filter(has_text="pandas.core.frame")
    assert "164 ms" in row.inner_text()
    start.locator("select").select_option(index=1)
    assert "slowest start, 1.43 s" in opened.shown("#start figcaption").inner_text()
    start.locator("select").select_option(index=2)
    assert "no order in time" in opened.shown("#start figure").inner_text()
    start.get_by_role("button", name="Flame graph").click()
    assert "mean imports of 42 starts" in opened.shown("#start figcaption").inner_text()
    assert opened.trouble == []


def test_a_click_zooms_into_a_block_and_another_out(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path, slow()))
    fastapi = opened.shown("#start .block").filter(has_text="fastapi:").first.locator("rect")
    pandas = opened.shown("#start .block").filter(has_text="pandas:").first.locator("rect")
    whole = opened.shown("#start .flame").bounding_box()["width"]
    before = fastapi.bounding_box()["width"]
    assert before / whole == pytest.approx(188 / 950, abs=0.01)
    fastapi.click()
    assert fastapi.bounding_box()["width"] == pytest.approx(whole, rel=0.01)
    assert not pandas.is_visible()
    assert "fastapi: 163 ms" in opened.shown("#start .told").inner_text()
    fastapi.click()
    assert fastapi.bounding_box()["width"] == pytest.approx(before, rel=0.01)
    assert pandas.is_visible()
    assert opened.trouble == []


def test_the_keyboard_is_enough(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path, slow()))
    opened.press("Tab")
    assert opened.focused() == "Open all"
    opened.press("Tab")
    assert opened.focused().startswith("1")
    opened.press("ArrowDown", "Enter")
    second = opened.page.locator("details.finding").nth(1)
    assert second.locator(".detail").is_visible()
    opened.press("End")
    assert "arm64 is cheaper" in opened.focused()
    opened.press("Tab", "Tab")
    assert opened.focused() == "Waterfall"
    opened.press("Enter")
    assert opened.shown("#start table.rows").count() == 1
    opened.press("Shift+Tab", "Space", "Tab", "Tab", "ArrowDown", "Tab")
    assert "slowest start" in opened.shown("#start figcaption").inner_text()
    assert opened.focused().startswith("init: 1.10 s")
    opened.press("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown")
    assert opened.focused().startswith("pandas:")
    opened.press("Enter", "ArrowDown", "ArrowRight")
    assert opened.focused().startswith("pandas.core.frame:")
    assert "pandas.core.frame" in opened.shown("#start .told").inner_text()
    opened.press("Escape", "Home")
    assert opened.focused().startswith("init:")
    opened.press("Tab", "Tab")
    assert opened.focused() == "By size"
    opened.press("Enter", "Tab", "ArrowRight", "ArrowRight")
    assert opened.focused().startswith("matplotlib:")
    assert "not imported in any measured start" in opened.shown("#maps .told").inner_text()
    opened.press("Tab", "End")
    assert opened.shown("#times .told").inner_text().startswith("2026-11-22 23:14")
    assert opened.trouble == []


def test_the_focus_can_be_seen_wherever_it_is(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path, slow()))
    looks = "(one) => { const s = getComputedStyle(one); return [s.outlineStyle, s.outlineWidth, s.stroke].join(); }"
    for _ in range(40):
        opened.press("Tab")
        name = opened.page.evaluate("document.activeElement.tagName")
        if name == "BODY":
            return
        own = opened.page.evaluate_handle("document.activeElement")
        marked = own.as_element().query_selector("rect:last-of-type, .edge") if name == "svg" else own.as_element()
        focused = marked.evaluate(looks)
        opened.page.evaluate("document.activeElement.blur()")
        assert marked.evaluate(looks) != focused, name
        own.as_element().focus()
    pytest.fail("the focus never left the page")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(browser: Any, tmp_path: Path, scheme: str) -> None:
    opened = Opened(browser, written(tmp_path, slow()), scheme)
    opened.page.get_by_role("button", name="Open all").click()
    colors = opened.page.evaluate(
        "() => [...document.querySelectorAll('p, b, .soft, th, td, h4, code, .tag, .risk, button, pre span, li')]"
        ".map((one) => getComputedStyle(one).color)"
    )
    backgrounds = opened.page.evaluate(
        "() => [...document.querySelectorAll('.card, pre')].map((one) => getComputedStyle(one).backgroundColor)"
    )
    pairs = {(color, background) for color in colors for background in backgrounds}
    assert [pair for pair in pairs if contrast(*pair) < 4.5] == []  # WCAG 2.2, level AA
    assert (luminance(backgrounds[0]) < 0.1) is (scheme == "dark")
    fills = opened.page.evaluate(
        "() => [...document.querySelectorAll('.block > rect, .tile > rect:first-child, .stack rect')]"
        ".map((one) => getComputedStyle(one).fill)"
    )
    (ink,) = set(opened.page.evaluate("() => [getComputedStyle(document.querySelector('.block text')).fill]"))
    assert [fill for fill in set(fills) if contrast(ink, fill) < 4.5] == []


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_it_fits_narrow_and_wide_windows(browser: Any, tmp_path: Path, width: int) -> None:
    opened = Opened(browser, written(tmp_path, slow()), width=width)
    opened.page.get_by_role("button", name="Open all").click()
    opened.page.get_by_role("button", name="Waterfall").click()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_names_stay_text(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path, hostile(EVIL)))
    opened.page.get_by_role("button", name="Open all").click()
    for kind in (".block", ".tile", ".dot"):
        opened.shown(kind).first.focus()
    opened.page.get_by_role("button", name="Waterfall").click()
    opened.page.wait_for_timeout(200)
    assert opened.trouble == []
    assert opened.page.locator("img, iframe, a").count() == 0
    assert opened.page.locator("script").count() == 1
    assert "<script>alert(1)</script>" in opened.page.locator("h1").inner_text()
    assert "<img src=x onerror=alert(2)>" in opened.shown("#times .told, #maps .told").first.inner_text()


def test_even_without_an_escape_no_foreign_script_or_style_would_run(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "unescaped.html"
    evil = "<main><script>document.title = 'ran'</script><style>body{display:none}</style><img src=x onerror=alert(1)>"
    path.write_text(render_html(slow()).replace("<main>", evil))
    opened = Opened(browser, path)
    opened.page.wait_for_timeout(200)
    assert opened.page.title() != "ran"
    assert opened.page.locator("h1").is_visible()
    assert not [one for one in opened.trouble if one.startswith(("dialog", "request: http"))]
    assert any("Content Security Policy" in one for one in opened.trouble)


def test_it_can_be_read_without_its_script(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path, slow()), script=False)
    assert opened.shown("#start figure").count() == 6
    assert opened.shown("#maps figure").count() == 2
    assert opened.shown("button, select, .told").count() == 0
    opened.page.locator("details.finding summary").nth(1).click()
    assert opened.page.locator("details.finding").nth(1).locator(".detail").is_visible()


def test_a_print_holds_every_finding_open_and_both_views_of_the_start(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path, slow()), "dark")
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    opened.page.emulate_media(media="print")
    assert opened.shown("details.finding .detail").count() == 5
    assert opened.shown("#start figure").count() == 2
    assert opened.shown("#maps figure").count() == 2
    assert opened.shown("button, select, .told").count() == 0
    assert luminance(opened.page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")) > 0.9
    opened.page.emulate_media(media="screen")
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert opened.shown("details.finding .detail").count() == 1


def test_a_command_is_copied_or_selected(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path, slow()))
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = opened.page.locator(".copy").first
    button.click()
    opened.page.wait_for_function("['Copied', 'Selected'].includes(document.querySelector('.copy').textContent)")
    copied = opened.page.evaluate("navigator.clipboard.readText().catch(() => String(getSelection()))")
    assert copied.startswith("--- a/app/services/report.py\n+++ b/app/services/report.py\n")
    assert opened.trouble == []


def test_a_real_function_is_a_page(browser: Any, tmp_path: Path, monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "diagnose", driven.function, "-o", "html")
    assert done.code == 0, done.err
    path = tmp_path / "real.html"
    path.write_text(done.out)
    opened = Opened(browser, path)
    assert opened.page.locator("h1").inner_text() == driven.function
    assert "A first call takes" in opened.page.locator(".hero").inner_text()
    assert opened.shown(".flame .block").filter(has_text="fastapi:").count() >= 1
    opened.page.get_by_role("button", name="Waterfall").click()
    assert opened.shown("table.rows tr").filter(has_text="first invocation").count() == 1
    opened.page.get_by_role("button", name="By size").click()
    assert opened.shown(".tile").filter(has_text="pydantic-core:").count() == 1
    assert opened.page.locator(".dot").count() == len(driven.cold)
    assert opened.trouble == []
