"""Make the pictures of serve.md: a page over an embedded stack with the example on it, in Chromium.

    python docs/serve_images.py

It needs the extras `local` and `dev`, and Chromium.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from monitor.aws.connection import Connection
from monitor.aws.deploy import drive, invoke
from monitor.console.embedded_stack import temporary_stack
from monitor.run.workflow import example_folder, put_up
from tests.fakes.page import Page, page_of
from tests.functional.conftest import CHROMIUM, CHROMIUM_ARGUMENTS

_IMAGES = Path(__file__).parent / "images"
_EVENTS = example_folder() / "events"
_FUNCTIONS = ("ai-image-analyzer", "checkout", "thumbnails")


def fill(connection: Connection) -> None:
    """Three functions with cold starts, warm invocations, errors, and one deployment in between."""
    event = (_EVENTS / "analyze.json").read_bytes()
    for number, name in enumerate(_FUNCTIONS):
        put_up(connection, name, example_folder(), environment={"APP_DEBUG_ROUTES": "1"})
        list(drive(connection, name, event, cold=3 - number, warm=6 + 5 * number, concurrency=1))
    put_up(connection, _FUNCTIONS[0], example_folder(), memory_mb=1024, environment={"APP_EAGER_SDK": "1"})
    list(drive(connection, _FUNCTIONS[0], event, cold=3, warm=8, concurrency=1))
    invoke(connection, _FUNCTIONS[0], (_EVENTS / "not-http.json").read_bytes())


def take(browser: Any, served: Page) -> None:
    """Each picture."""
    own, token = served.address.split("/#")
    first = _FUNCTIONS[0]

    def tab(path: str, ready: str, **options: Any) -> Any:
        opened = browser.new_context(**{"viewport": {"width": 1280, "height": 720}, **options}).new_page()
        opened.goto(f"{own}{path}#{token}")
        opened.wait_for_selector(ready)
        opened.wait_for_timeout(2_500)
        return opened

    tab("/?since=15m", "svg rect").screenshot(path=_IMAGES / "serve-functions.png")
    cold = tab(f"/fn/{first}/cold?since=15m", "circle.dot")
    for key in ("j", "j", "Enter"):
        cold.keyboard.press(key)
    cold.wait_for_selector("#panel .frame[data-ready]")
    cold.wait_for_timeout(1_000)
    cold.screenshot(path=_IMAGES / "serve-cold.png")
    live = tab(f"/fn/{first}/live?mode=invocations", ".invocation", color_scheme="dark")
    live.screenshot(path=_IMAGES / "serve-live.png")


def main() -> None:
    """Make all pictures."""
    from playwright.sync_api import sync_playwright

    with temporary_stack() as connection, sync_playwright() as playwright:
        fill(connection)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        with page_of(connection) as served:
            take(browser, served)
        browser.close()


if __name__ == "__main__":
    main()
