"""From a finding to what is tried: which files go, which lines move, and why something stays an estimate."""

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.diagnose.evidence.model import FunctionEvidence, ModuleCall, ModuleUse, Settings, SourceFacts
from monitor.diagnose.model_finding import Change, ChangeKind, Finding, Grade
from monitor.diagnose.trials.change import CannotTryError, TrialContext, attempt, checked_rule
from monitor.errors import UsageError
from monitor.kernel.function import FunctionInfo
from monitor.kernel.missing import Missing
from monitor.packages.inspect.inspect import Target
from monitor.packages.workflow import ReadOptions, read_package

APP = (
    "import os\nimport boto3\nimport heavy\n\nTABLE = boto3.resource('dynamodb')\n\n\ndef late():\n    return heavy.x\n"
)
FUNCTION = FunctionInfo(
    **dict.fromkeys(("name", "arn", "version", "region", "code_sha256", "last_modified", "tracing"), ""),
    **dict.fromkeys(("log_group", "log_format", "role", "revision_id"), ""),
    **dict.fromkeys(("timeout_s", "ephemeral_mb", "code_size_bytes"), 1),
    **dict.fromkeys(("state", "snap_start")),
    runtime="python3.11",
    handler="lambda_function.handler",
    package_type="Zip",
    architecture="x86_64",
    memory_mb=512,
    layers=(),
    environment_names=("LOG_LEVEL", "TABLE"),
    in_vpc=False,
)  # type: ignore[arg-type]


def package(folder: Path, distributions: Mapping[str, tuple[str, ...]]) -> Path:
    """A zip of the application, and of distributions with what each requires."""
    path = folder / "function.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lambda_function.py", APP)
        for name, requires in distributions.items():
            top = name.replace("-", "_")
            wanted = "".join(f"Requires-Dist: {one}\n" for one in requires)
            files = {f"{top}/__init__.py": "x = 1\n"}
            files[f"{top}-1.0.dist-info/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{wanted}"
            files[f"{top}-1.0.dist-info/RECORD"] = "".join(f"{one},,\n" for one in files)
            for file, text in files.items():
                archive.writestr(file, text)
    return path


@pytest.fixture
def context(tmp_path: Path) -> TrialContext:
    path = package(
        tmp_path,
        {
            "boto3": ("botocore", "s3transfer"),
            "botocore": ("urllib3", "jmespath"),
            "s3transfer": ("botocore",),
            "jmespath": (),
            "urllib3": (),
            "requests": ("urllib3",),
            "heavy": ("only-heavys", "shared"),
            "only-heavys": (),
            "shared": (),
            "other": ("shared",),
        },
    )
    uses = (
        ModuleUse("boto3", "lambda_function.py", 2, "import boto3", True, True),
        ModuleUse("heavy", "lambda_function.py", 3, "import heavy", True, False, ("late",)),
    )
    calls = (ModuleCall("boto3.resource", "lambda_function.py", 5, "boto3.resource('dynamodb')"),)
    evidence = FunctionEvidence(
        name="f",
        region="eu-west-1",
        window=None,
        gathered_at_ms=0,
        sources=(),
        function=FUNCTION,
        settings=Settings(log_level="DEBUG"),
        starts=Missing("none"),
        code=SourceFacts(1, 0, uses, calls),
    )

    def never() -> Any:
        raise AssertionError("no AWS is needed")

    return TrialContext(evidence, path, read_package(str(path), ReadOptions(never, target=Target(python="3.11"))))


def finding(rule: str, subject: str = "", *changes: Change) -> Finding:
    return Finding(rule, subject, "", (), changes, None, 0, Grade.LOW, Grade.LOW)


def test_the_sdk_goes_with_what_only_it_needs(context: TrialContext) -> None:
    tops = {name.partition("/")[0] for name in attempt(finding("sdk-shipped"), context).variation.without}
    assert {"boto3", "botocore", "s3transfer", "jmespath"} <= tops
    assert "urllib3" not in tops, "requests needs it"
    assert "boto3-1.0.dist-info" in tops


def test_an_unused_distribution_goes_with_what_only_it_needs(context: TrialContext) -> None:
    found = attempt(finding("unused-distributions", "heavy"), context)
    assert {name.partition("/")[0] for name in found.variation.without} == {
        *("heavy", "heavy-1.0.dist-info", "only_heavys", "only_heavys-1.0.dist-info")
    }
    assert "not measured" in found.change


def test_an_import_is_moved_by_its_line_where_the_finding_has_no_patch(context: TrialContext) -> None:
    text = attempt(finding("eager-imports", "heavy"), context).variation.texts["lambda_function.py"]
    assert "def late():\n    import heavy\n" in text
    assert "\nimport heavy" not in text


def test_a_patch_that_does_not_fit_is_passed_over_for_the_line(context: TrialContext) -> None:
    diff = "--- a/lambda_function.py\n+++ b/lambda_function.py\n@@ -3 +2,0 @@\n-import  heavy\n"
    found = attempt(finding("eager-imports", "heavy", Change(ChangeKind.PATCH, "Move it", diff)), context)
    assert found.change.startswith("heavy is imported where it is used")


def test_a_client_is_made_later_and_the_sdk_imported_then(context: TrialContext) -> None:
    text = attempt(finding("sdk-client-at-init", "boto3.resource"), context).variation.texts["lambda_function.py"]
    assert "TABLE = _Later(_make_TABLE)" in text
    assert "    import boto3\n    return boto3.resource('dynamodb')" in text


def test_debug_is_info_in_the_variable_that_the_function_has(context: TrialContext) -> None:
    found = attempt(finding("debug-logging", "DEBUG"), context)
    assert (dict(found.before), dict(found.after)) == ({"LOG_LEVEL": "DEBUG"}, {"LOG_LEVEL": "INFO"})


def test_the_collector_is_paused_in_the_handlers_file(context: TrialContext) -> None:
    texts = attempt(finding("garbage-collection", "gc"), context).variation.texts
    assert texts["lambda_function.py"].startswith("import gc as _gc\n_gc.disable()\n")


@pytest.mark.parametrize(
    ("rule", "subject", "why"),
    [
        ("memory-too-small", "128 MB", "CPU does not scale with memory on this machine"),
        ("provisioned-concurrency", "", "how Lambda manages environments"),
        ("unused-distributions", "absent", "absent is not in this package"),
        ("eager-imports", "absent", "no file of the application imports absent"),
        ("a-rule-of-tomorrow", "", "this change cannot be tried"),
    ],
)
def test_what_cannot_be_tried_stays_an_estimate_and_says_why(
    context: TrialContext, rule: str, subject: str, why: str
) -> None:
    with pytest.raises(CannotTryError, match=why):
        attempt(finding(rule, subject), context)


def test_without_the_applications_files_no_line_is_moved(context: TrialContext) -> None:
    unread = replace(context, evidence=replace(context.evidence, code=Missing("refused")))
    with pytest.raises(CannotTryError, match="were not read: refused"):
        attempt(finding("eager-imports", "heavy"), unread)
    with pytest.raises(CannotTryError, match="is not known: estimated only"):
        attempt(finding("sdk-client-at-init", "boto3"), unread)


def test_a_misspelt_rule_is_answered_with_those_that_can_be_tried() -> None:
    assert checked_rule("eager-imports") == "eager-imports"
    with pytest.raises(UsageError) as told:
        checked_rule("eager")
    assert "eager-imports" in (told.value.hint or "")
    assert "memory-too-small" not in (told.value.hint or "")
    with pytest.raises(UsageError) as near:
        checked_rule("egaer-imports")
    assert (near.value.hint or "").startswith("did you mean 'eager-imports'? it can try ")
