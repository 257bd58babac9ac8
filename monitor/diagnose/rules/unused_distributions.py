"""Distributions in the package that neither a cold start nor the application's files import.

Evidence: the package's distributions, the imports of recorded cold starts (at init and in first invocations), and the
import statements of the application's files. Requirements of an imported distribution count as used. The saving depends
on size only, before init. Limits: import statements do not show a module that is loaded by name at run time (a plugin,
a database driver); common ones are never reported. Without metadata (dist-info deleted) and recorded imports,
requirements are not known, and nothing is reported.
"""

from collections.abc import Iterator

from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.facts.common import (
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
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade
from monitor.diagnose.model_rule import Rule, Trial
from monitor.packages.model import RUNTIME_HAS, Basis, Part

_LEAST_BYTES = MB
# Loaded by name by the library in the comment, which does not require them.
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
    """Each unused distribution that no other unused one requires, with the dependencies that only it needs."""
    if is_missing(evidence.package):
        return
    seen = seen_tops(evidence)
    named = _named_tops(evidence)
    if seen is None and named is None:
        return
    parts, holders = distributions(evidence.package), owners(evidence.package)
    if seen is None and any(part.version is None for held in parts.values() for part in held):
        # Neither metadata nor recorded imports show the requirements.
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
    with_others = f", including {', '.join(others[:4])}, which only it requires" if others else ""
    facts = [
        Evidence(
            f"{zipped / MB:.1f} MB zipped, {unzipped / MB:.1f} MB unzipped{with_others}",
            f"monitor package inspect {evidence.name}",
        )
    ]
    if seen is not None and not is_missing(evidence.imports):
        text = f"not imported in {evidence.imports.cold_starts} recorded cold starts, neither at init nor later"
        facts.append(Evidence(text, f"monitor coldstarts {evidence.name} --imports"))
    if named is not None and not is_missing(evidence.code):
        unread = f" ({evidence.code.unread} more were not read)" if evidence.code.unread else ""
        facts.append(Evidence(f"not imported by any of the application's {evidence.code.files} files{unread}"))
    return Finding(
        rule="unused-distributions",
        subject=name,
        title=f"The package includes {name}, which is never imported",
        evidence=tuple(facts),
        changes=(
            Change(
                ChangeKind.CODE,
                f"Remove {name} from the requirements, and rebuild",
                f"# remove {name} from requirements.txt, then\n{build_command(evidence)}",
            ),
        ),
        saving=transport_saving(zipped, sum(part.files for part in group)),
        affected=affected_starts(evidence),
        risk=Grade.MEDIUM,
        confidence=_confidence(evidence, group, seen, named),
        risk_text="It may be loaded by name at run time (a plugin, a driver), which import statements do not show. "
        "Test every route without it first.",
    )


def _confidence(
    evidence: FunctionEvidence, group: list[Part], seen: frozenset[str] | None, named: frozenset[str] | None
) -> Grade:
    """High: neither imported nor named, all files were read, and requirements are known."""
    if seen is None or named is None:
        return Grade.LOW
    unread = is_missing(evidence.code) or evidence.code.unread > 0
    guessed = any(part.basis is Basis.TOP_LEVEL for part in group)
    return Grade.MEDIUM if unread or guessed else Grade.HIGH


RULE = Rule("unused-distributions", find, trial=Trial.REMOVE_DISTRIBUTION)
