"""The built-in templates, and the templates of a folder."""

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
    """All built-in templates, by name."""
    return [template.read(path) for path in sorted(data_folder("dashboards").glob("*.json"))]


def names() -> list[str]:
    """The names of the built-in templates, without reading them."""
    return sorted(path.stem for path in data_folder("dashboards").glob("*.json"))


def files(source: str) -> list[Path]:
    """The files of a TEMPLATE, FILE or FOLDER argument, sorted by name.

    A built-in template takes precedence over a file or folder with exactly the same name.

    Raises:
        UsageError: no such template, file or folder, or the folder is empty.
    """
    path = Path(source)
    shipped = data_folder("dashboards") / f"{source}.json"
    if source in names():
        return [shipped]
    if path.is_dir():
        found = sorted(path.glob("*.json"))
        if not found and not any((path / ALARMS).glob("*.json")):
            raise UsageError(f"no *.json files in the folder {source}", "a template is a file NAME.json")
        return found
    if path.is_file():
        return [path]
    near = get_close_matches(source, names(), n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"built-in templates: {', '.join(names())}"
    raise UsageError(f"no template, file or folder {source!r}", hint)


def alarm_file(name: str, folder: Path | None) -> Path:
    """The file of an alarm that a template names: next to the template, or a built-in one.

    Raises:
        UsageError: there is no such file.
    """
    for place in (folder, data_folder("dashboards")):
        if place and (path := place / ALARMS / f"{name}.json").is_file():
            return path
    raise UsageError(f"no alarm {name!r}", f"create it next to the template, in {ALARMS}/{name}.json")


def alarm_files(folder: Path) -> Iterator[Path]:
    """The alarm templates of a folder."""
    yield from sorted((folder / ALARMS).glob("*.json"))
