"""The SDK in the package though the runtime has it, on evidence made by hand."""

from dataclasses import replace

from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.rules.sdk_shipped import find
from monitor.kernel.missing import Missing
from tests.fakes.code_evidence import FUNCTION, code, healthy, package, part, use

SDK = (
    part("boto3", 0.3, requires=("botocore", "s3transfer")),
    part("botocore", 16, requires=("urllib3", "jmespath", "python-dateutil")),
    part("s3transfer", 0.2, requires=("botocore",)),
    part("urllib3", 0.5),
    part("jmespath", 0.1),
    part("python-dateutil", 0.4, requires=("six",)),
    part("six", 0.1),
)


def shipped() -> FunctionEvidence:
    return healthy(package=package(part("fastapi", 0.4), *SDK))


def test_the_sdk_is_found_with_what_only_it_requires() -> None:
    (found,) = find(shipped())
    assert found.title == "The package includes the AWS SDK (18 MB zipped), which the runtime has too"
    assert "boto3 1.0, botocore 1.0, s3transfer 1.0: 17.6 MB zipped" in found.evidence[0].text
    assert found.saving is not None
    assert found.saving.low_ms == 0.0
    assert 53 < found.saving.likely_ms < 54
    assert "AWS updates the SDK of the runtime" in found.risk_text


def test_what_another_library_requires_stays() -> None:
    evidence = healthy(package=package(part("requests", 0.1, requires=("urllib3",)), *SDK))
    (found,) = find(evidence)
    assert "17.1 MB zipped" in found.evidence[0].text


def test_an_image_or_another_runtime_has_no_sdk_of_its_own() -> None:
    image = replace(FUNCTION, package_type="Image", runtime=None)
    assert list(find(replace(shipped(), function=image))) == []
    assert list(find(replace(shipped(), function=replace(FUNCTION, runtime="provided.al2023")))) == []


def test_silent_without_evidence_and_on_a_healthy_function() -> None:
    assert list(find(replace(shipped(), package=Missing("refused")))) == []
    assert list(find(healthy())) == []


def test_what_monitor_s_own_instrumentation_brought_is_called_so() -> None:
    parts = (
        part("fastapi", 0.4),
        part("aws-xray-sdk", 0.2, tops=("aws_xray_sdk",), requires=("botocore", "wrapt")),
        part("botocore", 16, requires=("urllib3",)),
        part("urllib3", 0.5),
    )
    brought = healthy(package=package(*parts, files=("monitor/runtime/entry.py",)), code=code(use("fastapi")))
    (found,) = find(brought)
    assert found.title == "monitor's instrumentation brought the AWS SDK into the package (16 MB zipped)"
    assert "no file of the application imports it" in found.evidence[1].text
    (own,) = find(replace(brought, code=code(use("fastapi"), use("botocore.session"))))
    assert own.title.startswith("The package includes the AWS SDK")
