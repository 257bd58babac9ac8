"""Classes and regular expressions that are built at import: models, ORM mappings, enumerations.

Evidence, the more certain first: a start watched on this machine (`--try`), which takes the time of each; else the
application's files, which show how many they build, and the self time of these files in the import tree. A watched
start runs slower, so its times are scaled to the function's init. Limit: without a watched start, the self time of a
file holds everything else that the file does.
"""

from collections.abc import Iterator

from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.facts.common import affected_starts
from monitor.diagnose.facts.init_work import FileWork, work_of
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule, Trial

PYDANTIC_MODEL = "pydantic model"
_LEAST_MS, _LEAST_COUNT = 5.0, 5
_LISTED = 6
_SPREAD = 1.3
_WAITS = 0.6
# What is built, in the plural, and how it can wait.
_KINDS = {
    PYDANTIC_MODEL: (
        "pydantic models",
        "Build the validators of the models at first use",
        "from pydantic import BaseModel, ConfigDict\n\n\nclass Base(BaseModel):\n"
        "    model_config = ConfigDict(defer_build=True)\n\n\n# … and let the models inherit from Base",
    ),
    "pydantic TypeAdapter": (
        "pydantic TypeAdapters",
        "Build each TypeAdapter at first use",
        "TypeAdapter(list[Item], config=ConfigDict(defer_build=True))\n# or inside a function with @functools.cache",
    ),
    "dataclass": (
        "dataclasses",
        "Import the file with the dataclasses where they are used, or use fewer generated methods",
        "@dataclass(eq=False, repr=False)  # each generated method is compiled at import",
    ),
    "attrs class": ("attrs classes", "Import the file with the classes where they are used", ""),
    "SQLAlchemy mapping": (
        "SQLAlchemy mappings",
        "Import the file with the mappings in the functions that query, or reflect fewer tables",
        "",
    ),
    "enum": ("enumerations", "Import the file with the enumerations where they are used, or use constants", ""),
    "regular expression": (
        "regular expressions",
        "Compile each pattern at first use",
        "@functools.cache\ndef _pattern() -> re.Pattern[str]:\n    return re.compile(…)",
    ),
    "named tuple": ("named tuples", "Import the file with the named tuples where they are used", ""),
}


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """A finding for each kind that takes noticeable time in the application's own files."""
    for kind in _KINDS:
        rows = [one for one in work_of(evidence, kind) if one.own]
        enough = [one for one in rows if one.watched or one.count >= _LEAST_COUNT]
        if sum(one.ms for one in enough) >= _LEAST_MS:
            yield _finding(evidence, kind, enough)


def _finding(evidence: FunctionEvidence, kind: str, rows: list[FileWork]) -> Finding:
    many, title, text = _KINDS[kind]
    count, ms = sum(one.count for one in rows), sum(one.ms for one in rows)
    watched = all(one.watched for one in rows)
    facts = [
        Evidence(f"{one.file}: {one.count:,} in {format_ms(one.ms)}", f"{one.file}:{one.line}")
        for one in rows[:_LISTED]
    ]
    how = "a start on this machine was watched" if watched else "of the self time of these files in the import tree"
    facts.append(Evidence(how, "" if watched else f"monitor coldstarts {evidence.name} --imports"))
    return Finding(
        rule="classes-at-import",
        subject=kind,
        title=f"{count:,} {many} are built at init, in {format_ms(ms)}",
        evidence=tuple(facts),
        changes=(Change(ChangeKind.CODE, title, text),),
        saving=Saving(
            0.0,
            _WAITS * ms,
            ms * _SPREAD,
            f"{_WAITS:.0%} of the time to build them, since the class itself must still be created at import; "
            "nothing for what the first call uses" + ("" if watched else ", and less if the files do other work"),
        ),
        affected=affected_starts(evidence),
        risk=Grade.MEDIUM,
        confidence=Grade.LOW,
        risk_text="The first call that uses one builds it, and mistakes in it show then instead of at init.",
    )


RULE = Rule("classes-at-import", find, trial=Trial.DEFER_BUILD)
