"""Where the data files that ship beside the code lie: dashboard templates and the example function.

A wheel carries them under `monitor/_data`; in a checkout they stand at the project's root.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_folder(name: str) -> Path:
    """The folder `dashboards` or `examples`, wherever this installation keeps it."""
    shipped = _PACKAGE / "_data" / name
    return shipped if shipped.is_dir() else _PACKAGE.parent / name
