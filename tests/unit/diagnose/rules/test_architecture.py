"""arm64 is told for its price, never for its speed."""

import pytest

from monitor.diagnose.model_finding import Grade
from monitor.diagnose.rules.architecture import find
from monitor.kernel.window import Window
from monitor.packages.model import Basis, PackageReport, Part, PartKind
from tests.fakes.start_evidence import HEALTHY_STARTS, MISSING, NOON_MS, evidence, function, nothing

BUSY = [900.0] * 20_000
INTEL = function(architecture="x86_64")


def package(*tags: str) -> PackageReport:
    parts = (
        Part("pydantic-core", "2.41", PartKind.DISTRIBUTION, Basis.RECORD, "zip", 3, 1, 1, 0.5, tags=tags),
        Part("idna", "3.1", PartKind.DISTRIBUTION, Basis.RECORD, "zip", 3, 1, 1, 0.5, tags=("py3-none-any",)),
    )
    return PackageReport("shop", "3.13", "x86_64", (), parts, ())


def test_a_fifth_of_what_a_month_costs() -> None:
    (found,) = find(evidence(warm_ms=BUSY, function=INTEL))
    a_day = (20_000 * 900 + sum(one.first_total_ms or 0 for one in HEALTHY_STARTS)) / 1000 * 0.0000166667
    assert found.saves_usd_month == pytest.approx(a_day * 730 / 24 * 0.2, rel=0.001)
    assert found.saving is None
    assert found.risk is Grade.MEDIUM


def test_compiled_distributions_are_named() -> None:
    (found,) = find(evidence(warm_ms=BUSY, function=INTEL, package=package("cp313-cp313-manylinux_2_17_x86_64")))
    assert found.evidence[1].text == "distributions that need a build for arm64: pydantic-core"
    (pure,) = find(evidence(warm_ms=BUSY, function=INTEL, package=package("py3-none-any")))
    assert pure.risk is Grade.LOW


def test_the_build_is_for_the_functions_python_and_the_upload_knows_the_limit() -> None:
    small = function(architecture="x86_64", code_size_bytes=10 << 20)
    (found,) = find(evidence(warm_ms=BUSY, function=small))
    build, update = (change.text for change in found.changes)
    assert f"--architecture arm64 --python {(small.runtime or '').removeprefix('python')}" in build
    assert build.split(" -o ")[1].split()[0] == update.rpartition("fileb://")[2]
    (large,) = find(evidence(warm_ms=BUSY, function=function(architecture="x86_64", code_size_bytes=60 << 20)))
    assert large.changes[1].text.startswith(
        "aws s3 cp built.zip s3://BUCKET/built.zip\naws lambda update-function-code"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"function": INTEL},
        {"function": MISSING, "warm_ms": BUSY},
        {"function": INTEL, "warm_ms": BUSY, "region": "cn-north-1"},
        {"function": INTEL, "warm_ms": BUSY, "window": Window(NOON_MS, NOON_MS + 60_000)},
        {"warm_ms": BUSY},
        {"warm_ms": BUSY, "function": function(architecture="x86_64", package_type="Image")},
    ],
    ids=["healthy", "cents", "no configuration", "no price", "a minute is no month", "arm64 already", "an image"],
)
def test_silence(changes: dict[str, object]) -> None:
    assert not list(find(evidence(**changes)))


def test_no_evidence_says_nothing() -> None:
    assert not list(find(nothing()))
