"""A page as a PNG, drawn by a Chromium on this machine."""

import os
import shutil
import subprocess
from pathlib import Path

from monitor.console.temporary import temporary_folder, with_temporary_folder
from monitor.errors import UsageError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_LIMIT_S = 60
# Chromium writes crash reports and settings there even when its profile is elsewhere.
_HOMES = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
# The highest picture that Chromium makes without running out of texture.
MOST_PX = 16_000
# Nothing but the page: no updates, no first-run page, no profile of the user's.
_QUIET = (
    *("--headless=new", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--no-default-browser-check"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
)


def find_browser() -> str:
    """The path of Chromium, or of a browser that is one; MONITOR_CHROMIUM wins.

    Raises:
        UsageError: there is none.
    """
    chosen = os.environ.get("MONITOR_CHROMIUM")
    if chosen:
        if not shutil.which(chosen):
            raise UsageError(f"MONITOR_CHROMIUM is {chosen}, which cannot be run", "give the path of a Chromium")
        return chosen
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    found = found or next((path for path in _APPLICATIONS if Path(path).exists()), None)
    if found is None:
        raise UsageError(
            "a PNG needs Chromium or Chrome, which is not on this machine",
            "install it (Debian: apt-get install chromium), set MONITOR_CHROMIUM, or use -o html",
        )
    return found


def screenshot(browser: str, html: str, width_px: int, height_px: int) -> bytes:
    """The PNG of a page of that size.

    Raises:
        UsageError: the browser failed; the message has its last line.
    """
    with temporary_folder() as folder:
        page, picture = folder / "page.html", folder / "page.png"
        page.write_text(html, encoding="utf-8")
        # Chromium's sandbox refuses to run as root; the page fetches nothing and runs only monitor's own script.
        sandbox = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
        command = [
            browser,
            *_QUIET,
            *sandbox,
            f"--user-data-dir={folder}/profile",
            f"--window-size={width_px},{height_px}",
            "--virtual-time-budget=5000",
            f"--screenshot={picture}",
            page.as_uri(),
        ]
        try:
            done = subprocess.run(
                command,
                env=with_temporary_folder({**os.environ, **dict.fromkeys(_HOMES, str(folder))}, folder),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_LIMIT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UsageError(f"{browser} could not render the page: {error}", "use -o html") from error
        if not picture.is_file():
            told = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
            raise UsageError(f"{browser} could not render the page: {told}", "use -o html")
        return picture.read_bytes()
