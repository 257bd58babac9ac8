"""`monitor serve` in a real browser, driven by keyboard and mouse, over the embedded stack and over hostile logs."""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import invoke
from monitor.coldstarts.render_tables import format_usd
from monitor.console.text import format_ms
from monitor.records.event import LogEvent
from monitor.run.workflow import example_folder
from tests.fakes.page import Page, page_of
from tests.functional.conftest import Driven, PutUpExample, drive_example

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202e]]>--> {{7*7}} javascript:alert(3) \x1b[31mred"


# Cells of a list that reach beyond the end of their line, where they are cut off.
CUT_OFF = """[...document.querySelectorAll("#view .line:not(.head)")].flatMap((line) =>
  [...line.children].filter((cell) =>
    cell.offsetWidth && cell.getBoundingClientRect().right > line.getBoundingClientRect().right - 1
  ).map((cell) => `${cell.className}: ${cell.textContent}`))"""


class Tab:
    """A tab with the page, and what happened on it that should not have."""

    def __init__(self, browser: Any, served: Page, address: str = "/", *, token: bool = True, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.trouble: list[str] = []
        own = served.address.partition("/#")[0]
        self.page.on("request", lambda one: one.url.startswith(own) or self.trouble.append(f"request {one.url}"))
        self.page.on("console", lambda one: one.type == "error" and self.trouble.append(f"console {one.text}"))
        self.page.on("pageerror", lambda error: self.trouble.append(f"error {error}"))
        self.page.on("dialog", lambda one: (self.trouble.append(f"dialog {one.message}"), one.dismiss()))
        self.own, self.hash = own, served.address.partition("/#")[2] if token else ""
        self.page.goto(f"{own}{address}#{self.hash}" if token else f"{own}{address}")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def wait(self, selector: str) -> Any:
        return self.page.wait_for_selector(selector)

    def until(self, expression: str) -> None:
        """Wait until an expression holds. Playwright evaluates it in the page by eval, which the page forbids."""
        ends = time.monotonic() + 30
        while not self.page.evaluate(expression):
            assert time.monotonic() < ends, expression
            time.sleep(0.05)

    def frame(self) -> Any:
        """The document in the frame, once it is there."""
        self.wait(".frame[data-ready] iframe")
        found = self.page.query_selector(".frame:not(.behind) iframe").content_frame()
        assert found is not None
        return found

    @property
    def path(self) -> str:
        return str(self.page.evaluate("location.pathname + location.search"))


@pytest.fixture(scope="module")
def driven(connection: Connection, put_up_example: PutUpExample) -> Driven:
    """The example under a name of its own: the page's tests invoke it, and others count invocations."""
    return drive_example(connection, "page-example", put_up_example)


@pytest.fixture(scope="module")
def served(connection: Connection, driven: Driven) -> Iterator[Page]:
    with page_of(connection) as page:
        yield page


def test_every_view_is_reached_by_keys_alone(browser: Any, served: Page, driven: Driven) -> None:
    tab, name = Tab(browser, served), driven.function
    tab.wait(".line.fn:not(.head)")
    assert "#" not in tab.page.url, "the token stays in the address"
    # Other tests deploy functions to the same stack.
    rows = tab.page.locator(".line.fn:not(.head)").all_inner_texts()
    tab.press(*["j"] * (1 + next(at for at, text in enumerate(rows) if name in text)), "Enter")
    assert tab.path == f"/fn/{name}/cold"
    tab.wait("circle.dot")
    assert tab.page.locator("circle.dot").count() == len(driven.cold)
    tab.press("j", "Enter")
    panel = tab.wait("#panel .facts")
    assert "on-demand, init" in panel.inner_text()
    assert "init, measured in the process" in tab.page.inner_text("#panel")
    assert tab.frame().locator("details.span").count() > 3
    tab.press("Escape", "g", "l")
    tab.wait("#view .row")
    assert tab.path == f"/fn/{name}/live"
    tab.press("v", "c")
    tab.until(f"document.querySelectorAll('.invocation').length === {len(driven.cold)}")
    tab.press("k", "Enter")
    tab.wait("#panel .lines p")
    assert "REPORT" in tab.page.inner_text("#panel .lines")
    tab.press("Escape", "g", "t")
    tab.wait("#view .row")
    tab.press("j", "Enter")
    assert tab.path.startswith("/trace/1-")
    assert tab.frame().locator("details.span").count() > 1
    tab.press("Escape")
    assert tab.path.startswith(f"/fn/{name}/traces")
    tab.press("g", "d")
    tab.wait("#view .row >> text=lambda-cold-starts")
    # Other tests deploy dashboards to the same stack.
    rows = tab.page.locator("#view .row").all_inner_texts()
    tab.press(*["j"] * (1 + next(at for at, text in enumerate(rows) if "lambda-cold-starts" in text)), "Enter")
    assert "cold-starts" in tab.frame().inner_text("h1")
    # Keys that are pressed inside a frame work as outside.
    tab.page.query_selector("iframe").content_frame().locator("h1").click()
    tab.press("g", "r")
    assert tab.path.startswith(f"/fn/{name}/diagnosis")
    tab.press("r")
    assert name in tab.frame().inner_text("h1")
    tab.press("?")
    assert "time range" in tab.page.inner_text("#help")
    tab.press("?")
    tab.press("g", "f")
    tab.wait(".line.fn:not(.head)")
    assert tab.trouble == []


def test_every_view_is_reached_by_the_mouse_alone(browser: Any, served: Page, driven: Driven) -> None:
    tab, name = Tab(browser, served, color_scheme="dark"), driven.function
    tab.page.click(f"#view >> text={name}")
    tab.page.click("circle.dot >> nth=-1")  # of dots in one place the last is on top
    tab.wait("#panel .facts")
    tab.page.click("#panel [aria-label=Close]")
    assert tab.page.is_hidden("#panel")
    for view, found in (("Live", ".row"), ("Traces", ".row"), ("Dashboards", ".row"), ("Cold starts", "svg.chart")):
        tab.page.click(f"#nav >> text={view}")
        tab.wait(f"#view {found}")
    tab.page.click("#range >> text=1h")
    assert tab.path.endswith("since=1h")
    assert tab.page.get_attribute("#range >> text=1h", "aria-pressed") == "true"
    tab.page.click("#nav >> text=Diagnosis")
    tab.page.click("button.primary")
    assert tab.frame().inner_text("h1") == name
    tab.page.click("#theme")
    assert tab.page.get_attribute("html", "data-theme") == "light"
    tab.page.click("#keys")
    tab.page.click("#help >> text=Close")
    tab.page.go_back()
    tab.wait("svg.chart")
    assert tab.trouble == []


def test_a_new_invocation_appears_while_one_looks(
    browser: Any, served: Page, driven: Driven, connection: Connection
) -> None:
    tab = Tab(browser, served, f"/fn/{driven.function}/live?mode=invocations")
    tab.until("document.querySelector('.counter')?.textContent.includes('following')")
    before = tab.page.locator(".invocation").count()
    done = invoke(connection, driven.function, (example_folder() / "events" / "not-http.json").read_bytes())
    row = tab.wait(f".invocation:has-text('{done.request_id[:8]}')")
    assert tab.page.locator(".invocation").count() == before + 1
    assert "error" in row.get_attribute("class")
    row.click()
    assert done.request_id in tab.wait("#panel .facts").inner_text()
    assert tab.trouble == []


def test_an_address_that_was_sent_opens_its_view(browser: Any, served: Page, driven: Driven) -> None:
    tab = Tab(browser, served)
    tab.wait(".line.fn:not(.head)")
    tab.page.goto(f"{tab.own}/fn/{driven.function}/live?q=REPORT+-nothing&level=0")
    tab.wait("#view .row")
    texts = tab.page.locator("#view .row .text").all_inner_texts()
    assert texts
    assert all("REPORT" in text for text in texts)
    tab.press("/")
    tab.page.keyboard.type(" zzz")
    tab.until("!document.querySelector('#view .row')")
    assert "zzz" in tab.path
    # A reload shows the same again: the token is kept for this origin.
    tab.page.reload()
    tab.wait("#view .empty")
    assert tab.page.input_value("#filter") == "REPORT -nothing zzz"
    assert tab.trouble == []


@pytest.mark.parametrize("view", ["tail", "constructor", ""])
def test_an_address_of_no_view_shows_the_cold_starts(browser: Any, served: Page, driven: Driven, view: str) -> None:
    tab = Tab(browser, served, f"/fn/{driven.function}/{view}")
    tab.wait("circle.dot")
    assert tab.wait("nav [aria-current]").inner_text() == "Cold starts"
    assert tab.trouble == []


def test_without_the_token_the_page_says_what_to_open(browser: Any, served: Page) -> None:
    tab = Tab(browser, served, "/fn/x/cold", token=False)
    tab.wait("#notice:not([hidden])")
    assert "open the URL that `monitor serve` printed" in tab.page.inner_text("#notice")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (834, 1112), (390, 844)])
def test_no_view_is_wider_than_the_screen(browser: Any, served: Page, driven: Driven, width: int, height: int) -> None:
    tab = Tab(browser, served, viewport={"width": width, "height": height})
    tab.wait(".line.fn:not(.head)")
    assert tab.page.evaluate(CUT_OFF) == []
    for keys, found in ((("g", "c"), "circle.dot"), (("g", "l"), "#view .row"), (("g", "t"), "#view .row")):
        tab.press(*keys)
        tab.wait(found)
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.page.evaluate(CUT_OFF) == []
    tab.press("j")
    assert tab.page.locator(".row[aria-selected=true]").bounding_box()["height"] > 20
    assert tab.trouble == []


class Hostile:
    """A log, a name and errors that are made to become markup."""

    name = key = "hostile"

    def __init__(self) -> None:
        now_ms = time.time_ns() // 1_000_000 - 30_000
        request = "5b86d4d4-0c1f-4d2c-9a0e-3f7e5b8f6a11"
        lines = (
            f"START RequestId: {request} Version: $LATEST\n",
            f"{EVIL}\n",
            f'{{"level": "ERROR", "message": {json.dumps(EVIL)}, "function_request_id": "{request}"}}\n',
            f'[ERROR] {EVIL.split()[0]}: {EVIL}\nTraceback (most recent call last):\n  File "{EVIL}", line 1\n',
            f"END RequestId: {request}\n",
            f"REPORT RequestId: {request}\tDuration: 5.00 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB\t\n",
        )
        self.events = [
            LogEvent(now_ms + at, text, "2026/11/30/[$LATEST]0", f"/aws/lambda/{EVIL}", str(at))
            for at, text in enumerate(lines)
        ]

    def pages(self, start_ms: int, end_ms: int | None) -> Iterator[Sequence[LogEvent]]:
        yield [one for one in self.events if one.timestamp_ms >= start_ms]


def test_hostile_log_text_stays_text(browser: Any) -> None:
    with page_of(source=Hostile()) as served:
        tab = Tab(browser, served, "/live")
        tab.wait("#view .row")
        assert "<img src=x" in tab.page.inner_text("#view")
        tab.press("Home", "Enter")
        assert "<script>" in tab.wait("#panel pre").inner_text()
        tab.press("Escape", "v")
        tab.wait(".invocation")
        tab.press("Home", "Enter")
        tab.wait("#panel .lines p")
        shown = tab.page.inner_text("body")
        # Controls and marks that turn text around are shown as what they are.
        assert "\u202e" not in shown
        assert "\x1b" not in shown
        assert (
            tab.page.evaluate("document.querySelectorAll('#view img, #view script, #panel img, #panel script').length")
            == 0
        )
        # Not even a mistake could turn text into markup: the policy has no place for it.
        refused = "try { document.body.innerHTML = '<b>x</b>'; 'done' } catch (error) { error.name }"
        assert tab.page.evaluate(refused) == "TypeError"
        assert [one for one in tab.trouble if "TrustedHTML" not in one and "trace" not in one] == []


def test_the_panel_of_a_line_shows_nothing_that_was_left_out(browser: Any) -> None:
    with page_of(source=Hostile()) as served:
        tab = Tab(browser, served, "/live")
        tab.wait("#view .row")
        tab.press("Home", "Enter")
        tab.wait("#panel pre")
        nodes = "[...document.querySelector('#panel').childNodes].filter((one) => one.nodeType === 3)"
        assert tab.page.evaluate(f"{nodes}.map((one) => one.data)") == []


def test_an_empty_log_and_a_filter_that_matches_nothing_are_told_apart(browser: Any) -> None:
    with page_of(source=Hostile()) as served:
        tab = Tab(browser, served, "/live?q=nowhere")
        tab.until("document.querySelector('.counter')?.textContent.includes('following')")
        tab.wait("#view .empty >> text=Nothing matches the filters.")
    with page_of(source=Nothing()) as served:
        tab = Tab(browser, served, "/live?q=nowhere")
        tab.wait("#view .empty >> text=Nothing was logged in the last ten minutes.")


class Nothing:
    """A log without an event."""

    name = key = "nothing"

    def pages(self, start_ms: int, end_ms: int | None) -> Iterator[Sequence[LogEvent]]:
        yield []


def test_a_list_says_that_it_is_empty_only_once_it_was_read(browser: Any, served: Page, driven: Driven) -> None:
    tab = Tab(browser, served)
    tab.wait(".line.fn:not(.head)")
    held: list[Any] = []
    for answers, keys, said in (("cold", ("g", "c"), "No cold start"), ("traces", ("g", "t"), "No trace")):
        tab.page.route(f"**/api/{answers}?*", lambda one: held.append(one))
        tab.press(*keys)
        tab.wait("#view .list")
        tab.page.wait_for_timeout(300)
        assert said not in tab.page.inner_text("#view")
        assert held, answers
        for one in held:
            one.fulfill(status=500, body='{"error": {"message": "no answer", "hint": ""}}')
        held.clear()
        tab.wait("#view .problem")
        assert said not in tab.page.inner_text("#view")


def test_a_dashboard_with_a_range_of_its_own_has_none_pressed(browser: Any, served: Page, driven: Driven) -> None:
    tab = Tab(browser, served, f"/dashboard/lambda-overview?fn={driven.function}")
    tab.frame()
    assert tab.page.locator("#range button").count() > 5
    assert tab.page.locator("#range [aria-pressed=true]").count() == 0
    tab.page.click("#range >> text=3h")
    tab.frame()
    assert tab.page.locator("#range [aria-pressed=true]").all_inner_texts() == ["3h"]


def test_figures_of_the_page_are_written_as_the_commands_write_them(browser: Any, served: Page) -> None:
    tab, draw = Tab(browser, served), random.Random(20)
    durations = [0, 0.004, 0.006, 0.6, 999.4, 999.6, 59_940, 59_960, 119_700, 3_599_700]
    durations += [10 ** draw.uniform(-4, 11) for _ in range(500)]
    amounts = [0, 0.0099, 0.011, 1234.5, *(10 ** draw.uniform(-9, 5) for _ in range(500))]
    written = tab.page.evaluate(
        """async ([durations, amounts]) => {
          const { ms, usd } = await import("/static/dom.js");
          return [durations.map(ms), amounts.map(usd)];
        }""",
        [durations, amounts],
    )
    assert written == [[format_ms(one) for one in durations], [format_usd(one) for one in amounts]]


@pytest.mark.parametrize(("width", "height"), [(834, 1112), (390, 844)])
def test_a_failed_trace_shows_that_it_failed_at_each_width(
    browser: Any, served: Page, driven: Driven, connection: Connection, width: int, height: int
) -> None:
    time.sleep(1.05)  # the first request of each second is sampled
    invoke(connection, driven.function, (example_folder() / "events" / "not-http.json").read_bytes())
    tab = Tab(browser, served, f"/fn/{driven.function}/traces?errors=1", viewport={"width": width, "height": height})
    tag = tab.wait("#view .row .tag.bad")
    assert tag.evaluate("(one) => one.getBoundingClientRect().right <= one.parentElement.getBoundingClientRect().right")


def test_what_a_tab_keeps_and_filters_is_what_a_plain_list_would(browser: Any, served: Page) -> None:
    """The ring and the filter of the page against lists in Python, with random batches."""
    tab, chance = Tab(browser, served), random.Random(7)
    tab.wait(".line.fn:not(.head)")
    words = ("Apple", "pear", "plum", "-", "a-b", "é")
    for _ in range(30):
        most, filter_text = (
            chance.randint(1, 12),
            " ".join(chance.choice(("", "-")) + chance.choice(words) for _ in range(chance.randint(0, 3))),
        )
        batches = [
            [" ".join(chance.choices(words, k=chance.randint(1, 3))) for _ in range(chance.randint(0, 9))]
            for _ in range(6)
        ]
        kept: list[str] = []
        for batch in batches:
            kept = [*kept, *batch][-most:]
        needed = [one.lower() for one in filter_text.split() if not one.startswith("-")]
        unwanted = [one[1:].lower() for one in filter_text.split() if one.startswith("-") and one != "-"]
        expected = [
            text
            for text in kept
            if all(one in text.lower() for one in needed) and not any(one in text.lower() for one in unwanted)
        ]
        found = tab.page.evaluate(
            """async ([most, text, batches]) => {
                const { Ring, matcher } = await import("/static/ring.js");
                const ring = new Ring({ most });
                const words = matcher(text);
                ring.filter((one) => words(one.text));
                let dropped = 0, shown = 0;
                for (const batch of batches) {
                    shown += batch.filter((one) => words(one)).length;
                    dropped += ring.add(batch.map((one) => ({ text: one })));
                }
                return [ring.items.map((one) => one.text), ring.shown.map((one) => one.text), shown - dropped];
            }""",
            [most, filter_text, batches],
        )
        assert found == [kept, expected, len(expected)]


def test_invocations_are_shown_in_the_order_of_their_times(browser: Any, served: Page) -> None:
    tab, chance = Tab(browser, served), random.Random(11)
    tab.wait(".line.fn:not(.head)")
    for _ in range(20):
        times = [chance.randint(0, 50) for _ in range(30)]
        found = tab.page.evaluate(
            """async (times) => {
                const { Ring } = await import("/static/ring.js");
                const ring = new Ring({ most: 20, timeOf: (one) => one.at });
                for (const at of times) ring.add([{ at }]);
                return [ring.items.map((one) => one.at), ring.shown.map((one) => one.at)];
            }""",
            times,
        )
        assert found[0] == sorted(found[0]) == found[1]
        assert len(found[0]) == 20


def test_more_functions_than_can_be_followed_at_once_are_refused_in_one_line(
    browser: Any, served: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.serve.workflow_account._MOST_FOLLOWED", 0)
    tab = Tab(browser, served, "/live")
    shown = tab.wait("#view .problem:not([hidden])")
    assert "too many to follow at once" in shown.inner_text()
    assert "connecting again" not in shown.inner_text()


class Growing(Hostile):
    """A log that gets a line a second."""

    def pages(self, start_ms: int, end_ms: int | None) -> Iterator[Sequence[LogEvent]]:
        at_ms, number = time.time_ns() // 1_000_000 - 1_500, len(self.events)
        self.events.append(LogEvent(at_ms, f"grown {number}\n", "s", "/aws/lambda/one", f"grown-{number}"))
        yield from super().pages(start_ms, end_ms)


def test_a_tab_that_nobody_sees_leaves_its_connection_to_others_and_goes_on_where_it_was(browser: Any) -> None:
    with page_of(source=Growing()) as served:
        tab = Tab(browser, served, "/live?q=grown")
        tab.wait("#view .row")
        readers = served.site.streams
        readers._readers += 4
        tab.page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
        until(tab, lambda: readers._readers == 4)
        before = tab.page.locator("#view .row").count()
        tab.page.wait_for_timeout(3_000)
        assert tab.page.locator("#view .row").count() == before
        tab.page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
        until(tab, lambda: tab.page.locator("#view .row").count() > before + 1)
        numbers = [int(text.split()[1]) for text in tab.page.locator("#view .row .text").all_inner_texts()]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        readers._readers -= 4


def until(tab: Tab, condition: Callable[[], bool]) -> None:
    """Wait for what is not in the page alone."""
    end_s = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end_s, "it did not happen in time"
        tab.page.wait_for_timeout(100)
