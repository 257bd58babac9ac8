"""One color for one package, in every chart of a page: those that cost the most have their own, the rest share one."""

import re
from collections.abc import Iterable, Mapping, Sequence

from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.report.figures import known_ms
from monitor.packages.model import PackageReport, PartKind
from monitor.records.imports import RUNTIME, ImportNode, ImportProfile

COLORS = 8


def normal(name: str) -> str:
    """A distribution's or package's name as both are told by: `pydantic-core` and `pydantic_core` are one."""
    return name.lower().replace("-", "_").replace(".", "_")


def top_of(module: str) -> str:
    """The top-level package of a module."""
    return module.partition(".")[0]


def walk(tree: Sequence[ImportNode]) -> Iterable[ImportNode]:
    """Every node, parents first."""
    waiting = list(reversed(tree))
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.children)


def by_package(tree: Sequence[ImportNode]) -> dict[str, dict[str, float]]:
    """What each module took itself, by top-level package, the greatest package first; the runtime's are one package."""
    found: dict[str, dict[str, float]] = {}
    for root in tree:
        for node in walk([root]):
            modules = found.setdefault(RUNTIME if root.module == RUNTIME else top_of(node.module), {})
            modules[node.module] = modules.get(node.module, 0.0) + max(0.0, known_ms(node.self_ms))
    return dict(sorted(found.items(), key=lambda one: (-sum(one[1].values()), one[0])))


class Colors:
    """Numbers 1 to 8 for the greatest packages in the order given, 0 for all others.

    `tops` are the top-level packages of a distribution, whose name may be another (`attrs` holds `attr`).
    """

    def __init__(self, packages: Iterable[str], tops: Mapping[str, Sequence[str]] | None = None) -> None:
        self._numbers: dict[str, int] = {}
        self._tops = {normal(name): tuple(found) for name, found in (tops or {}).items()}
        for name in packages:
            if len(self._numbers) == COLORS:
                break
            self._numbers.setdefault(normal(name), len(self._numbers) + 1)

    def of(self, *names: str) -> int:
        """The color of what is known by any of these names."""
        every = [*names, *(top for name in names for top in self._tops.get(normal(name), ()))]
        return next((self._numbers[normal(one)] for one in every if normal(one) in self._numbers), 0)


def colors_of(evidence: FunctionEvidence) -> Colors:
    """The colors of a page: the packages that take the longest to import come first, then the largest."""
    names: list[str] = []
    if isinstance(evidence.imports, ImportProfile):
        names += list(by_package(evidence.imports.tree)) or [row.package for row in evidence.imports.rows]
    tops: dict[str, tuple[str, ...]] = {}
    if isinstance(evidence.package, PackageReport):
        parts = sorted(evidence.package.parts, key=lambda one: -one.unzipped_bytes)
        names += [one.name for one in parts]
        tops = {one.name: one.tops[:20] for one in parts if one.kind is PartKind.DISTRIBUTION}
        tops["application"] = tuple(top for one in parts if one.kind is PartKind.APPLICATION for top in one.tops[:20])
    return Colors(names, tops)


def slice_css(label: str, colors: Colors) -> str:
    """A part that names a package has its color, here too."""
    if "invocation" in label or "handler" in label:
        return "invocation"
    found = [colors.of(top_of(word)) for word in re.findall(r"[\w.-]+", label[:200])]
    number = next(filter(None, found), None)
    return "phase" if number is None and "import" not in label else f"c{number or 0}"


def legend_of(evidence: FunctionEvidence, colors: Colors) -> list[tuple[str, str]]:
    """The packages that have a color of their own, in its order."""
    names = list(by_package(evidence.imports.tree)) if isinstance(evidence.imports, ImportProfile) else []
    numbered = sorted((colors.of(name), name) for name in names if colors.of(name))
    return [(f"c{number}", name[:60]) for number, name in numbered[:COLORS]]
