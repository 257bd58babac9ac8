"""`monitor diagnose --try`: a change is tried on the package itself, in fresh processes."""

import zipfile
from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import Deployment, deploy
from monitor.diagnose.evidence.model import FunctionEvidence, ModuleCall, ModuleUse, SourceFacts
from monitor.diagnose.model import Trial
from monitor.diagnose.model_finding import Change, ChangeKind, Finding, Grade, Saving
from monitor.diagnose.trials.subject import Subject, fetch
from monitor.diagnose.trials.trying import carry_out, planned, watch
from monitor.errors import MonitorError, UsageError
from monitor.kernel.missing import Missing
from monitor.packages.building.recipe import HERE

APP = """import json
import heavy

HANDLED = []


def lambda_handler(event, context):
    return {"statusCode": 200}


def other():
    return heavy.x
"""
HEAVY = "import time\ntime.sleep(1.0)\nx = 1\n"
METADATA = "Metadata-Version: 2.1\nName: {0}\nVersion: 1.0\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "function.zip"
    files = {"lambda_function.py": APP, "heavy/__init__.py": HEAVY, "ballast/data.bin": "0" * 1000}
    for name in ("heavy", "ballast"):
        files[f"{name}-1.0.dist-info/METADATA"] = METADATA.format(name)
        files[f"{name}-1.0.dist-info/RECORD"] = "".join(f"{one},,\n" for one in files if one.startswith(name))
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def evidence(function: object = None) -> FunctionEvidence:
    uses = (
        ModuleUse("json", "lambda_function.py", 1, "import json", True, False),
        ModuleUse("heavy", "lambda_function.py", 2, "import heavy", True, False, ("other",)),
    )
    calls = (ModuleCall("boto3.client", "lambda_function.py", 4, "boto3.client('s3')"),)
    nothing = Missing("not read")
    return FunctionEvidence(
        name="tried",
        region="ap-southeast-1",
        window=None,
        gathered_at_ms=0,
        sources=(),
        function=function or nothing,  # type: ignore[arg-type]
        settings=nothing,
        starts=nothing,
        code=SourceFacts(1, 0, uses, calls),
    )


def finding(rule: str, subject: str, *changes: Change) -> Finding:
    saving = Saving(0, 100, 200, "by hand")
    return Finding(rule, subject, "found", (), changes, saving, 1, Grade.LOW, Grade.LOW)


def tried(
    connection: Connection, package: Path, tmp_path: Path, *findings: Finding, turns: int = 3
) -> tuple[Trial, ...]:
    subject = Subject("tried", package, (), "lambda_function.lambda_handler", HERE, 1024, {})
    plan = planned(subject, evidence(), findings)
    return carry_out(connection, subject, plan, tmp_path, event=b"{}", turns=turns, reported_ms=2000.0)


def test_a_lazy_import_is_measured_and_scaled_and_what_cannot_be_tried_says_why(
    connection: Connection, package: Path, tmp_path: Path
) -> None:
    lazy, unused, memory = tried(
        connection,
        package,
        tmp_path,
        finding("eager-imports", "heavy"),
        finding("unused-distributions", "ballast"),
        finding("memory-too-small", "128 MB"),
        turns=2,
    )
    assert len(lazy.before_ms) == len(lazy.after_ms) == 2
    assert lazy.saved_ms is not None
    # The sleep is 1 s; what else differs is noise.
    assert lazy.saved_ms == pytest.approx(1000, abs=500)
    assert lazy.spread_ms is not None
    assert lazy.spread_ms[0] <= lazy.saved_ms <= lazy.spread_ms[1]
    assert lazy.scaled_ms == pytest.approx(lazy.saved_ms * 2000 / median(lazy.before_ms))
    assert unused.failed == ""
    assert unused.saved_ms is not None
    assert memory.before_ms == ()
    assert "CPU does not scale with memory on this machine: estimated only" in memory.failed


def test_a_findings_own_patch_is_what_is_tried(connection: Connection, package: Path, tmp_path: Path) -> None:
    diff = "--- a/lambda_function.py\n+++ b/lambda_function.py\n@@ -2 +1,0 @@\n-import heavy\n"
    (found,) = tried(
        connection,
        package,
        tmp_path,
        finding("some-rule", "heavy", Change(ChangeKind.PATCH, "Take the import out", diff)),
        turns=1,
    )
    assert found.change == "Take the import out"
    assert found.saved_ms is not None
    assert found.saved_ms > 500


def test_a_change_with_which_the_function_does_not_start_is_told_so(
    connection: Connection, package: Path, tmp_path: Path
) -> None:
    (found,) = tried(connection, package, tmp_path, finding("unused-distributions", "heavy"))
    assert "the function does not start with the change" in found.breaks
    assert "No module named 'heavy'" in found.breaks


def test_a_variable_that_is_not_known_is_asked_for_by_name(
    connection: Connection, package: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr("needs.py", "import os\nTABLE = os.environ['TABLE']\n\n\ndef handler(e, c):\n    return 1\n")
    subject = Subject("tried", package, (), "needs.handler", HERE, 1024, {}, ("BUCKET", "TABLE"))
    with pytest.raises(MonitorError, match="does not start on this machine") as told:
        carry_out(connection, subject, planned(subject, evidence(), []), tmp_path, event=b"{}", turns=1)
    assert "with --env NAME=VALUE (BUCKET, TABLE)" in (told.value.hint or "")


def test_a_deployed_function_is_fetched_and_checked(connection: Connection, package: Path, tmp_path: Path) -> None:
    from monitor.aws.functions import describe

    deploy(
        connection, Deployment("tried-deployed", package, "lambda_function.lambda_handler", environment={"TABLE": "t"})
    )
    known = evidence(describe(connection, "tried-deployed"))
    subject = fetch(connection, "tried-deployed", known, tmp_path / "got", package=None, given={})
    assert subject.package.read_bytes() == package.read_bytes()
    assert subject.handler == "lambda_function.lambda_handler"
    assert subject.unknown == ("TABLE",)
    assert fetch(None, "x", known, tmp_path, package=package, given={"TABLE": "t"}).unknown == ()
    other = replace(known, function=replace(known.function, runtime="python3.99"))  # type: ignore[type-var]
    with pytest.raises(UsageError, match=r"python3\.99, which is not installed on this machine"):
        fetch(None, "x", other, tmp_path, package=package, given={})


def test_a_change_with_which_the_function_answers_otherwise_breaks_it(
    connection: Connection, package: Path, tmp_path: Path
) -> None:
    diff = (
        "--- a/lambda_function.py\n+++ b/lambda_function.py\n@@ -8 +8 @@\n"
        '-    return {"statusCode": 200}\n+    return {"statusCode": 201}\n'
    )
    change = Change(ChangeKind.PATCH, "Answer otherwise", diff)
    (found,) = tried(connection, package, tmp_path, finding("some-rule", "heavy", change), turns=2)
    assert found.breaks == "the first invocation returns another result with the change"


def test_a_watched_start_tells_what_its_call_runs_and_what_its_init_works_on(
    connection: Connection, package: Path, tmp_path: Path
) -> None:
    subject = Subject("tried", package, (), "lambda_function.lambda_handler", HERE, 1024, {})
    found = watch(connection, subject, tmp_path, event=b"{}")
    assert not isinstance(found, Missing)
    assert found.entered is not None
    assert "lambda_function" in found.entered
    assert "heavy" not in found.entered
    longest = found.work[0]
    assert (longest.kind, longest.file, longest.line) == ("line", "heavy/__init__.py", 2)
    assert longest.ms >= 1000
    unasked = watch(connection, subject, tmp_path, event=None)
    assert not isinstance(unasked, Missing)
    assert unasked.entered is None
