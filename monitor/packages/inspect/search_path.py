"""Check a package and its layers against sys.path: shadowed names, modules with two names, duplicates."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from monitor.packages.inspect.distributions import top_level
from monitor.packages.model import Container, PackageFinding, Part, PartKind

_FEW = 10
_SKIP = (".dist-info", ".egg-info", "__pycache__", "bin", "include", "share", "requirements")
_METADATA = re.compile(r"(?P<folder>.+?/)(?P<name>[^/-]+)[^/]*\.(?:dist|egg)-info/")
# The minor versions of the managed runtimes that are not frozen.
_PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15")


def search_path(python: str | None, pythonpath: Sequence[str]) -> list[str]:
    """sys.path of a managed runtime; the folders of PYTHONPATH follow the layers.

    Source: AWS Lambda developer guide, "Working with layers for Python Lambda functions", and the runtime's bootstrap.
    """
    versions = [python] if python else list(_PYTHONS)
    sites = [f"/opt/python/lib/python{version}/site-packages" for version in versions]
    return list(dict.fromkeys(["/var/task", *sites, "/opt/python", *pythonpath, "/var/runtime"]))


def shadowed(containers: Sequence[Container], path: Sequence[str]) -> Iterator[PackageFinding]:
    """Top-level names in two folders of sys.path: Python imports the first and ignores the second."""
    seen: dict[str, tuple[str, str]] = {}
    hidden: list[str] = []
    for root in path:
        for container in containers:
            if not f"{root}/".startswith(f"{container.root}/"):
                continue
            inside = f"{root}/".removeprefix(f"{container.root}/")
            for top in sorted(_tops(container, inside)):
                first = seen.setdefault(top, (root, container.label))
                if first != (root, container.label):
                    hidden.append(f"{top} in {root} ({container.label}), shadowed by {first[0]} ({first[1]})")
    if hidden:
        yield PackageFinding(
            "shadowed",
            f"{len(hidden)} top-level {_s(hidden, 'name')} shadowed by the same name earlier on sys.path",
            len(hidden),
            0,
            tuple(hidden[:_FEW]),
        )


def _tops(container: Container, inside: str) -> set[str]:
    tops: set[str] = set()
    for file in container.files:
        if not file.name.startswith(inside) or not file.name.endswith((".py", ".so", ".pyc")):
            continue
        first = file.name[len(inside) :].partition("/")[0]
        if not first.startswith(_SKIP) and not first.endswith((".dist-info", ".egg-info", ".libs")):
            tops.add(top_level(file.name, inside))
    return tops


def modules_with_two_names(containers: Sequence[Container], path: Sequence[str]) -> Iterator[PackageFinding]:
    """Modules below two folders of sys.path: one file becomes two modules, `app.core` and `core`, with two states."""
    for container in containers:
        roots = [root for root in path if f"{root}/".startswith(f"{container.root}/")]
        inner = sorted({root for root in roots for outer in roots if root.startswith(f"{outer}/")})
        for root in inner:
            outer = max((one for one in roots if root.startswith(f"{one}/")), key=len)
            prefix = f"{root}/".removeprefix(f"{container.root}/")
            package = root.removeprefix(f"{outer}/").replace("/", ".")
            if not package.replace(".", "_").isidentifier():
                continue
            modules = [
                file.name[len(prefix) :].removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                for file in container.files
                if file.name.startswith(prefix) and file.name.endswith(".py")
            ]
            named = [module for module in modules if module != "__init__"]
            if named:
                yield PackageFinding(
                    "two names",
                    f"{len(named)} {_s(named, 'module')} can be imported under two names; PYTHONPATH has {root}: "
                    "a module imported under both names runs twice and has two states",
                    len(named),
                    0,
                    tuple(f"{package}.{name} = {name}" for name in sorted(named)[:_FEW]),
                )


def outside_search_path(containers: Sequence[Container], python: str | None) -> Iterator[PackageFinding]:
    """Modules of layers in folders that are not on sys.path."""
    for container in containers:
        if container.root != "/opt":
            continue
        site = f"python/lib/python{python}/site-packages/" if python else "python/lib/"
        outside = [
            file.name
            for file in container.files
            if file.name.endswith((".py", ".so"))
            and (not file.name.startswith("python/") or file.name.startswith("python/lib/python3."))
            and not file.name.startswith((site, "lib/", "bin/", "extensions/"))
        ]
        if outside:
            text = f"{len(outside):,} {_s(outside, 'module')} of {container.label} in folders that are not on sys.path"
            hint = f"python/ or {site}" if python else "python/"
            yield PackageFinding("layer", f"{text}: Lambda reads {hint}", len(outside), 0, tuple(outside[:_FEW]))


def distributions_outside(containers: Sequence[Container], path: Sequence[str]) -> Iterator[PackageFinding]:
    """Distributions of a function's package in folders that are not on sys.path, such as `package/`."""
    for container in containers:
        if container.root != "/var/task":
            continue
        packages = {file.name.rpartition("/")[0] for file in container.files if file.name.endswith("/__init__.py")}
        found: dict[str, set[str]] = {}
        for file in container.files:
            match = _METADATA.match(file.name)
            folder = match["folder"] if match else ""
            parts = folder.rstrip("/").split("/")
            # A package may have others inside; the zip of a layer may be inspected, too.
            is_inside = any("/".join(parts[:length]) in packages for length in range(1, len(parts) + 1))
            if match and not (is_inside or parts[0] == "python" or f"/var/task/{folder}".rstrip("/") in path):
                found.setdefault(folder, set()).add(match["name"])
        for folder, names in sorted(found.items()):
            text = (
                f"{len(names)} {_s(names, 'distribution')} in {folder}, which is not on sys.path: Lambda imports from "
            )
            text += "the top of the zip, and from folders in PYTHONPATH or that the code adds"
            yield PackageFinding("folder", text, len(names), 0, tuple(sorted(names)[:_FEW]))


def duplicated(parts: Iterable[Part]) -> Iterator[PackageFinding]:
    """Distributions in two containers."""
    places: dict[str, list[Part]] = {}
    for part in parts:
        if part.kind is PartKind.DISTRIBUTION:
            places.setdefault(part.name, []).append(part)
    twice = {name: found for name, found in places.items() if len({part.place for part in found}) > 1}
    if twice:
        names = tuple(
            f"{name}: " + ", ".join(f"{part.version or 'version unknown'} in {part.place}" for part in found)
            for name, found in sorted(twice.items())[:_FEW]
        )
        size = sum(min(part.zipped_bytes for part in found) for found in twice.values())
        message = f"{len(twice)} {_s(twice, 'distribution')} in two places: package and layer, or two layers"
        yield PackageFinding("duplicated", message, len(twice), size, names)


def _s(items: Collection[object] | dict[str, list[Part]], noun: str) -> str:
    return noun if len(items) == 1 else f"{noun}s"
