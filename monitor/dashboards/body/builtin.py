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
_SUFFIXES = (".json", ".yaml", ".yml", ".template", ".tfstate", ".tf")
_FILE_HINT = "check the path; a dashboard in the account has only A-Z a-z 0-9 - _ in its name"


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
    if names_a_file(source):
        raise UsageError(f"no such file: {source}", _FILE_HINT)
    near = get_close_matches(source, names(), n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"built-in templates: {', '.join(names())}"
    raise UsageError(f"no template, file or folder {source!r}", hint)


def check_source(source: str) -> None:
    """Check that an argument can be a dashboard in the account, a built-in template, a file or a folder.

    Raises:
        UsageError: it is none of them, which needs no call to AWS to be known.
    """
    if source not in names() and not Path(source).exists():
        check_name(source)


def check_name(name: str) -> None:
    """Check that an argument can be the name of a dashboard in the account.

    Raises:
        UsageError: it cannot.
    """
    if template.is_valid_name(name):
        return
    if names_a_file(name) and not Path(name).exists():
        raise UsageError(f"no such file: {name}", _FILE_HINT)
    raise UsageError(
        f"{name!r} is not the name of a dashboard", "a name has only A-Z a-z 0-9 - _; `monitor dashboard list` has them"
    )


def names_a_file(argument: str) -> bool:
    """Whether an argument looks like a path: no dashboard, template or function has a slash or a suffix in its name."""
    return not argument.startswith("arn:") and ("/" in argument or Path(argument).suffix in _SUFFIXES)


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
