"""The list of names that `vulture` is told to leave alone holds no name that is used or gone."""

import fnmatch
import tomllib
from pathlib import Path

from vulture import Vulture

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["vulture"]


def test_each_name_on_the_list_would_be_reported_without_it() -> None:
    checker = Vulture(ignore_decorators=SETTINGS["ignore_decorators"])
    checker.scavenge([str(ROOT / path) for path in SETTINGS["paths"]])
    reported = {item.name for item in checker.get_unused_code()}
    assert [name for name in SETTINGS["ignore_names"] if not fnmatch.filter(reported, name)] == []
