from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., Path]:
    """Makes a deployment package of the given files: `package(app="def handler…")` writes app.py."""

    def make(**modules: str) -> Path:
        for name, source in modules.items():
            (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        return tmp_path

    return make
