"""Pages with data that the live page shows in a frame: rendered by the commands' renderers, kept for a while."""

import secrets
import threading
from collections import OrderedDict

_MOST_PAGES = 12
_MOST_BYTES = 64_000_000


class Pages:
    """The newest pages, by names that cannot be guessed. A frame cannot send the token, so the name stands for it."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, html: str) -> str:
        """Keep a page; returns its name."""
        name = secrets.token_urlsafe(24)
        with self._lock:
            self._pages[name] = html.encode("utf-8", "replace")
            while len(self._pages) > 1 and (len(self._pages) > _MOST_PAGES or self._size() > _MOST_BYTES):
                self._pages.popitem(last=False)
        return name

    def get(self, name: str) -> bytes | None:
        """The page, if it is still kept."""
        with self._lock:
            return self._pages.get(name)

    def _size(self) -> int:
        return sum(map(len, self._pages.values()))
