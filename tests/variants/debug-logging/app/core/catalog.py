"""Paper sizes that prints are offered in, read when the environment starts."""

import logging
import os

_ROWS = 10_000

logger = logging.getLogger("app.catalog")
logger.setLevel(os.environ.get("LOG_LEVEL", "INFO"))


def _read() -> dict[str, tuple[int, int]]:
    sizes = {}
    for row in range(_ROWS):
        sizes[f"size-{row}"] = (row + 10, row * 2 + 10)
        logger.debug("row %d: %s is %d x %d mm", row, f"size-{row}", row + 10, row * 2 + 10)
    return sizes


SIZES = _read()
