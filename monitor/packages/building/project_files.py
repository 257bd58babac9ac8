"""The files of a project that go into its package, and the ones that do not."""

import os
import stat
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.errors import UsageError
from monitor.kernel.zips import UNREADABLE_ZIP
from monitor.packages.building.entry import Entry
from monitor.packages.model_plan import LeftOut
from monitor.packages.parse_ignore import DATABASES, LABELS, NEVER, SECRETS, TOOLS
from monitor.packages.parse_requirements import decode

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_KEY_BYTES = 64 * 1024
_FEW = 6


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The files of a project; `left_out` and `notes` say what is not among them, and which links were followed."""

    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


@dataclass
class _Walk:
    folder: Path
    spec: "GitIgnoreSpec"
    labels: Sequence[str]
    roots: tuple[Path, ...]
    follow_links: bool
    entries: list[Entry] = field(default_factory=list)
    excluded: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    followed: list[str] = field(default_factory=list)


def project_files(folder: Path, *, follow_links: bool = False) -> ProjectFiles:
    """List the files of the project in `folder`, without what its .lambdaignore names (gitignore's rules).

    By default tools' files, virtual environments, secrets, databases and earlier packages are left out; a line
    `!name` in .lambdaignore includes one. Links are followed inside the folder, and relative ones to the folder around
    it and to its git repository; others only with `follow_links`.

    Raises:
        UsageError: a link leads out of the folder, or a name is not UTF-8.
    """
    from pathspec import GitIgnoreSpec

    ignore = folder / ".lambdaignore"
    own = decode(ignore.read_bytes()).splitlines() if ignore.is_file() else []
    lines = [*TOOLS, *SECRETS, *DATABASES, *own, *NEVER]
    labels = ["tools"] * len(TOOLS) + ["secrets"] * len(SECRETS) + ["databases"] * len(DATABASES)
    walk = _Walk(folder, GitIgnoreSpec.from_lines(lines), labels, _roots(folder), follow_links)
    _visit(folder, "", (folder.resolve(),), walk)
    kept = [entry for entry in walk.entries if not _is_left_out(entry, walk, own)]
    left = [
        LeftOut(LABELS[label], len(names), 0, tuple(sorted(names)[:_FEW]))
        for label, names in sorted(walk.excluded.items())
    ]
    notes = [f"followed links: {_listed(walk.followed)}"] if walk.followed else []
    return ProjectFiles(tuple(kept), tuple(left), tuple(notes))


def project_entries(folder: Path) -> Iterator[Entry]:
    """The files of the project in `folder`."""
    yield from project_files(folder).entries


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_FEW]) + (f" and {len(names) - _FEW} more" if len(names) > _FEW else "")


def _roots(folder: Path) -> tuple[Path, ...]:
    """The folders that links may lead to: the project, the git repository around it, and the folder that contains it.

    The home folder, and what contains it, is never one of them.
    """
    here = folder.resolve()
    home = Path.home().resolve()
    repository = next((one for one in (here, *here.parents) if (one / ".git").exists()), here)
    around = [one for one in (here.parent, repository) if not home.is_relative_to(one) and not _is_shared(one)]
    return (here, *around)


def _is_shared(folder: Path) -> bool:
    """Whether everybody can write into a folder, such as /tmp."""
    return bool(folder.stat().st_mode & stat.S_IWOTH)


def _visit(place: Path, prefix: str, above: tuple[Path, ...], walk: _Walk) -> None:
    try:
        found = sorted(os.scandir(place), key=lambda one: one.name)
    except OSError as error:
        raise UsageError(f"{place} cannot be read: {error.strerror}", "check its permissions") from error
    for one in found:
        name = f"{prefix}{one.name}"
        path = Path(one.path)
        # os.DirEntry.is_dir raises for a link to itself.
        is_folder = path.is_dir()
        if _is_excluded(name, walk, is_folder=is_folder):
            continue
        if is_folder and (path / "pyvenv.cfg").is_file():
            walk.excluded["virtual environments"].append(f"{name}/")
            continue
        if one.is_symlink() and not _may_follow(path, name, walk):
            continue
        _check_name(name)
        if is_folder:
            real = path.resolve()
            if real in above:
                raise UsageError(f"{name} links to a folder that contains it", "leave it out in .lambdaignore")
            _visit(path, f"{name}/", (*above, real), walk)
        elif stat.S_ISREG(one.stat().st_mode):
            walk.entries.append(Entry(name, path, own=True))


def _is_excluded(name: str, walk: _Walk, *, is_folder: bool) -> bool:
    index = _deciding_pattern(walk.spec, name, is_folder=is_folder)
    if index is None or not walk.spec.patterns[index].include:
        return False
    if index < len(walk.labels):
        walk.excluded[walk.labels[index]].append(f"{name}/" if is_folder else name)
    return True


def _deciding_pattern(spec: "GitIgnoreSpec", name: str, *, is_folder: bool) -> int | None:
    """The last pattern that matches a path itself: git decides level by level, pathspec includes what is below."""
    for index in range(len(spec.patterns) - 1, -1, -1):
        regex = getattr(spec.patterns[index], "regex", None)
        if regex is None:
            continue
        # pathspec marks the slash of a folder that the pattern matches, here or above.
        plain = regex.match(name)
        if plain and not plain.groupdict().get("ps_d"):
            return index
        slashed = regex.match(f"{name}/") if is_folder else None
        if slashed and slashed.groupdict().get("ps_d") and slashed.end("ps_d") == len(name) + 1:
            return index
    return None


def _may_follow(path: Path, name: str, walk: _Walk) -> bool:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise UsageError(f"{name} is a broken link to {path.readlink()}", "leave it out in .lambdaignore") from None
    here, *around = walk.roots
    if target.is_relative_to(here):
        return True
    root = next((one for one in around if target.is_relative_to(one)), None)
    if (root is None or path.readlink().is_absolute()) and not walk.follow_links:
        raise UsageError(
            f"{name} links to {target}, outside {walk.folder}",
            "include it with --follow-links, or leave it out in .lambdaignore",
        )
    inside = target.relative_to(root).as_posix() if root else target.name
    if _is_excluded(inside, walk, is_folder=target.is_dir()):
        return False
    walk.followed.append(f"{name} -> {os.path.relpath(target, here)}")
    return True


def _check_name(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"the file name {name!r} is not UTF-8", "rename it, or leave it out in .lambdaignore"
        ) from None


def _is_left_out(entry: Entry, walk: _Walk, own: Sequence[str]) -> bool:
    """Whether a file is a private key or an earlier package, by its content."""
    if entry.name.endswith((".pem", ".crt", ".cer")) and not _is_included(entry.name, own):
        with entry.path.open("rb") as file:
            if b"PRIVATE KEY-----" in file.read(_KEY_BYTES):
                walk.excluded["secrets"].append(entry.name)
                return True
    if entry.name.endswith(".zip") and not _is_included(entry.name, own) and _is_package(entry.path, walk):
        walk.excluded["packages"].append(entry.name)
        return True
    return False


def _is_included(name: str, own: Sequence[str]) -> bool:
    """Whether a line `!pattern` of .lambdaignore includes a file."""
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(own)
    index = _deciding_pattern(spec, name, is_folder=False)
    return index is not None and not spec.patterns[index].include


def _is_package(path: Path, walk: _Walk) -> bool:
    """Whether a zip contains modules of this project, or distributions."""
    modules = {entry.name for entry in walk.entries if entry.name.endswith(".py") and "/" not in entry.name}
    try:
        with zipfile.ZipFile(path) as opened:
            names = opened.namelist()
    except (OSError, *UNREADABLE_ZIP):
        return False
    return any(name in modules or name.endswith(".dist-info/METADATA") for name in names)
