"""Modules that a start imports twice under two names, because one import root lies inside another.

Evidence: the pairs of names that the package and PYTHONPATH make possible, and which of them the import tree contains.
The saving is the smaller of the two imports' self times. Limits: imports that the record does not list are not found; a
module that could be imported twice, but is not, is not a finding.
"""

from collections.abc import Iterator
from sys import stdlib_module_names

from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.facts.common import affected_starts, owners, package_findings, top_of, tree_of, walk
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for all modules that came twice."""
    own_ms: dict[str, float] = {}
    for node, _ in walk(tree_of(evidence)):
        own_ms[node.module] = own_ms.get(node.module, 0.0) + node.self_ms
    prefixes = _prefixes(evidence)
    twice = sorted(
        (f"{prefix}.{module}", module)
        for prefix in prefixes
        for module in own_ms
        if f"{prefix}.{module}" in own_ms
        and _is_file(evidence, f"{prefix}.{module}")
        and not _foreign(evidence, module)
    )
    if not twice:
        return
    saved_ms = sum(min(own_ms[long], own_ms[short]) for long, short in twice)
    listed = ", ".join(f"{long} and {short}" for long, short in twice[:4])
    folders = ", ".join(sorted({long.removesuffix(f".{short}").replace(".", "/") for long, short in twice}))
    yield Finding(
        rule="double-import",
        subject=folders,
        title=f"{len(twice)} {'module is' if len(twice) == 1 else 'modules are'} imported twice, under two names",
        evidence=(
            Evidence(
                f"{listed}: one file, but two modules with separate state",
                f"monitor coldstarts {evidence.name} --imports",
            ),
            *(
                Evidence(found.message, f"monitor package inspect {evidence.name}")
                for found in package_findings(evidence, "two names")
            ),
        ),
        changes=(
            Change(
                ChangeKind.CODE,
                "Import each module by one name, then take the inner folder out of PYTHONPATH",
                "\n".join(f"import {short} -> import {long}" for long, short in twice[:20]),
            ),
        ),
        saving=Saving(0.5 * saved_ms, saved_ms, 1.3 * saved_ms, "the smaller own import time of each pair"),
        affected=affected_starts(evidence),
        risk=Grade.MEDIUM,
        confidence=Grade.HIGH,
        risk_text="Code that relied on separate state (a cache, a registry, an exception class) shares it afterwards.",
    )


def _prefixes(evidence: FunctionEvidence) -> frozenset[str]:
    """What makes the long name of the short one: `app` where `app.core` is also `core`."""
    found = set()
    for finding in package_findings(evidence, "two names"):
        for pair in finding.names:
            long, _, short = pair.partition(" = ")
            if short and long.endswith(f".{short}"):
                found.add(long.removesuffix(f".{short}"))
    if not is_missing(evidence.settings):
        for folder in evidence.settings.pythonpath:
            inside = folder.rstrip("/").removeprefix("/var/task/")
            if inside != folder.rstrip("/") and inside.replace("/", "_").isidentifier():
                found.add(inside.replace("/", "."))
    return frozenset(found)


def _is_file(evidence: FunctionEvidence, module: str) -> bool:
    """Whether the package contains the file. Without the package, the two names are enough."""
    if is_missing(evidence.package):
        return True
    path = module.replace(".", "/")
    wanted = (f"{path}.py", f"{path}/__init__.py")
    return any(file.name in wanted for container in evidence.package.containers for file in container.files)


def _foreign(evidence: FunctionEvidence, module: str) -> bool:
    """Whether the short name is the standard library's or a distribution's: `json` is not `app.json`."""
    top = top_of(module)
    if top in stdlib_module_names:
        return True
    return not is_missing(evidence.package) and top in owners(evidence.package)


RULE = Rule("double-import", find)
