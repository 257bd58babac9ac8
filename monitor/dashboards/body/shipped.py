"""The templates that come with monitor, and those of a folder."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from monitor.dashboards.body import template
from monitor.dashboards.body.template import Template
from monitor.errors import UsageError
from monitor.resources import data_folder

ALARMS = "alarms"
DEFAULT = "lambda-cold-starts"


def templates() -> list[Template]:
    """All shipped templates, by name."""
    return [template.read(path) for path in sorted(data_folder("dashboards").glob("*.json"))]


def names() -> list[str]:
    """The shipped templates' names, without reading them."""
    return sorted(path.stem for path in data_folder("dashboards").glob("*.json"))


def files(source: str) -> list[Path]:
    """The files that a TEMPLATE, FILE or FOLDER argument means; a folder's in the order of their names.

    A path wins over a shipped template of the same name when it has a folder in it or ends in `.json`.

    Raises:
        UsageError: it is none of the three, or an empty folder.
    """
    path = Path(source)
    shipped = data_folder("dashboards") / f"{source}.json"
    if source in names():
        return [shipped]
    if path.is_dir():
        found = sorted(path.glob("*.json"))
        if not found and not any((path / ALARMS).glob("*.json")):
            raise UsageError(f"the folder {source} holds no *.json", "a template is a file NAME.json")
        return found
    if path.is_file():
        return [path]
    near = get_close_matches(source, names(), n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"shipped are {', '.join(names())}"
    raise UsageError(f"there is no template, file or folder {source!r}", hint)


def alarm_file(name: str, folder: Path | None) -> Path:
    """The file of an alarm that a template names: beside the template, else a shipped one.

    Raises:
        UsageError: there is none.
    """
    for place in (folder, data_folder("dashboards")):
        if place and (path := place / ALARMS / f"{name}.json").is_file():
            return path
    raise UsageError(f"there is no alarm {name!r}", f"put it beside the template, in {ALARMS}/{name}.json")


def alarm_files(folder: Path) -> Iterator[Path]:
    """The alarms of a folder."""
    yield from sorted((folder / ALARMS).glob("*.json"))
