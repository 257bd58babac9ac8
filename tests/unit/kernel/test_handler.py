"""The module of a Handler setting."""

import pytest

from monitor.kernel.handler import handler_module


@pytest.mark.parametrize(
    ("handler", "module"),
    [
        ("app.handler", "app"),
        ("src/my-app/app.handler", "src.my-app.app"),
        ("src.app.handler", "src.app"),
        ("handler", ""),
        ("", ""),
    ],
)
def test_folders_become_packages(handler: str, module: str) -> None:
    assert handler_module(handler) == module
