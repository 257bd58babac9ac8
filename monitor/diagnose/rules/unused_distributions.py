"""Distributions that are shipped and that no cold start imported, nor any file of the application names.

Looks at the package's distributions, the imports of recorded cold starts (at init and in first invocations), and the
import statements of the application's files. What an imported distribution requires counts as used. The saving is by
size alone, before the init. Limits: a module loaded by name at run time (a plugin, a database driver) is in no import
statement; the common ones are left alone, and the risk says so. Without metadata (dist-info deleted) and without
imports of starts nothing is said: what the used ones require is not known.
"""

from collections.abc import Iterator

from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade
from monitor.diagnose.model_rule import Rule, Trial
from monitor.diagnose.rules.common import (
    INSTRUMENTATION,
    MB,
    affected_starts,
    build_command,
    closure,
    distributions,
    owners,
    seen_tops,
    top_of,
    transport_saving,
)
from monitor.packages.model import RUNTIME_HAS, Basis, Part

_LEAST_BYTES = MB
# Imported by name by the library in brackets, though it does not require them.
LOADED_BY_NAME = frozenset(
    (
        *("python-multipart", "email-validator", "itsdangerous"),  # Starlette, pydantic
        *(
            "psycopg2-binary",
            "psycopg2",
            "psycopg",
            "psycopg-binary",
            "pymysql",
            "mysqlclient",
            "asyncpg",
        ),  # SQLAlchemy
        *("aiosqlite", "oracledb", "pyodbc", "sqlalchemy-redshift", "snowflake-sqlalchemy"),
        *("openpyxl", "xlrd", "xlsxwriter", "pyarrow", "fastparquet", "s3fs", "lxml", "html5lib"),  # pandas, fsspec
        *("tzdata", "awscrt", "cffi", "setuptools"),  # zoneinfo, botocore, extensions in C
        *("awslambdaric", "lambda-monitor"),
    )
)


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """Each unused distribution that nothing else unused requires, with what only it requires."""
    if is_missing(evidence.package):
        return
    seen = seen_tops(evidence)
    named = _named_tops(evidence)
    if seen is None and named is None:
        return
    parts, holders = distributions(evidence.package), owners(evidence.package)
    if seen is None and any(part.version is None for held in parts.values() for part in held):
        # No metadata says what these require, and no start says what they import.
        return
    tops = {*(seen or ()), *(named or ())}
    if not is_missing(evidence.settings) and evidence.settings.instrumented:
        tops |= INSTRUMENTATION
    roots = {name for top in tops for name in holders.get(top, ())} | (LOADED_BY_NAME & parts.keys())
    used = closure(roots, parts) | RUNTIME_HAS
    if not roots:
        return
    unused = {name: held for name, held in parts.items() if name not in used}
    wanted = {name for held in unused.values() for part in held for name in part.requires}
    alone = sorted(unused.keys() - wanted)
    for name in alone:
        group = closure([name], unused) - closure([other for other in alone if other != name], unused)
        held = [part for one in sorted(group) for part in unused[one]]
        if sum(part.zipped_bytes for part in held) >= _LEAST_BYTES:
            yield _finding(evidence, name, held, seen, named)


def _named_tops(evidence: FunctionEvidence) -> frozenset[str] | None:
    """Top-level packages that the application's files import, anywhere; None where they were not all read."""
    if is_missing(evidence.code) or evidence.code.files == 0:
        return None
    return frozenset(top_of(use.module) for use in evidence.code.uses)


def _finding(
    evidence: FunctionEvidence,
    name: str,
    group: list[Part],
    seen: frozenset[str] | None,
    named: frozenset[str] | None,
) -> Finding:
    zipped = sum(part.zipped_bytes for part in group)
    unzipped = sum(part.unzipped_bytes for part in group)
    others = sorted({part.name for part in group} - {name})
    with_others = f", with {', '.join(others[:4])} that only it requires" if others else ""
    facts = [
        Evidence(
            f"{zipped / MB:.1f} MB zipped, {unzipped / MB:.1f} MB unzipped{with_others}",
            f"monitor package inspect {evidence.name}",
        )
    ]
    if seen is not None and not is_missing(evidence.imports):
        text = f"not imported in {evidence.imports.cold_starts} recorded cold starts, at init or in a first invocation"
        facts.append(Evidence(text, f"monitor coldstarts {evidence.name} --imports"))
    if named is not None and not is_missing(evidence.code):
        unread = f" ({evidence.code.unread} more were not read)" if evidence.code.unread else ""
        facts.append(
            Evidence(f"named by no import statement in {evidence.code.files} files of the application{unread}")
        )
    return Finding(
        rule="unused-distributions",
        subject=name,
        title=f"{name} is shipped and never imported",
        evidence=tuple(facts),
        changes=(
            Change(
                ChangeKind.CODE,
                f"Take {name} out of the requirements, and build again",
                f"requirements.txt: take out {name}\n{build_command(evidence)}",
            ),
        ),
        saving=transport_saving(zipped, sum(part.files for part in group)),
        affected=affected_starts(evidence),
        risk=Grade.MEDIUM,
        confidence=_confidence(evidence, group, seen, named),
        risk_text="What is loaded by its name at run time (a plugin, a driver) is in no import statement: run every "
        "route's test without it first.",
    )


def _confidence(
    evidence: FunctionEvidence, group: list[Part], seen: frozenset[str] | None, named: frozenset[str] | None
) -> Grade:
    """High: neither seen nor named, all files read, and it is known what requires what."""
    if seen is None or named is None:
        return Grade.LOW
    unread = is_missing(evidence.code) or evidence.code.unread > 0
    guessed = any(part.basis is Basis.TOP_LEVEL for part in group)
    return Grade.MEDIUM if unread or guessed else Grade.HIGH


RULE = Rule("unused-distributions", find, trial=Trial.REMOVE_DISTRIBUTION)
