"""Evidence made by hand for the rules about platform and traffic: a healthy function, and what differs from it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from monitor.coldstarts.model import ColdStartSummary
from monitor.diagnose.evidence.model import Concurrency, FunctionEvidence, Settings
from monitor.kernel.function import FunctionInfo
from monitor.kernel.missing import Missing
from monitor.kernel.statistics import distribution
from monitor.kernel.window import Window
from monitor.records.invocation import ColdStart, InitKind

NOON_MS = 1_795_435_200_000  # 2026-11-23T12:00:00Z
HOUR_MS = 3_600_000
MISSING = Missing("refused")


def function(**changes: Any) -> FunctionInfo:
    """A zip function of the day, with enough of everything."""
    plain = FunctionInfo(
        name="shop",
        arn="arn:aws:lambda:us-east-1:123456789012:function:shop",
        version="$LATEST",
        region="us-east-1",
        runtime="python3.13",
        handler="app.main.handler",
        package_type="Zip",
        architecture="arm64",
        memory_mb=1024,
        timeout_s=15,
        ephemeral_mb=512,
        code_size_bytes=4_000_000,
        code_sha256="",
        last_modified="2026-11-01T09:00:00.000+0000",
        state="Active",
        layers=(),
        tracing="Active",
        log_group="/aws/lambda/shop",
        log_format="Text",
        environment_names=(),
        snap_start="None",
        in_vpc=False,
        role="arn:aws:iam::123456789012:role/shop",
        revision_id="",
    )
    return replace(plain, **changes)


def start(init_ms: float | None = 300.0, duration_ms: float | None = 40.0, **changes: Any) -> ColdStart:
    """An on-demand start; its first total follows from the two, but for a suppressed or failed one."""
    kind = changes.get("kind", InitKind.ON_DEMAND)
    total = None if duration_ms is None or init_ms is None else init_ms + duration_ms
    if kind in (InitKind.SUPPRESSED, InitKind.FAILED):
        total = duration_ms
    plain = ColdStart(
        request_id="11111111-2222-4333-8444-555555555555",
        function="shop",
        version="7",
        stream="2026/11/23/[7]0123456789abcdef",
        group="/aws/lambda/shop",
        at_ms=NOON_MS,
        kind=InitKind.ON_DEMAND,
        init_ms=init_ms,
        duration_ms=duration_ms,
        first_total_ms=total,
        billed_ms=None,
        memory_mb=1024,
        max_memory_mb=120,
    )
    return replace(plain, **changes)


def summary(starts: Sequence[ColdStart], *, warm_ms: Sequence[float] = (), **changes: Any) -> ColdStartSummary:
    """What these starts and as many warm invocations amount to."""
    kinds = [one.kind for one in starts]
    plain = ColdStartSummary(
        function="shop",
        window=None,
        invocations=len(starts) + len(warm_ms),
        cold_starts=len(starts),
        share=len(starts) / (len(starts) + len(warm_ms)) if starts else None,
        init=distribution(one.init_ms for one in starts if one.init_ms is not None),
        first_total=distribution(one.first_total_ms for one in starts if one.first_total_ms is not None),
        observed_init=distribution(()),
        warm_duration=distribution(warm_ms),
        by_kind={kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
        max_memory_mb=120,
        memory_mb=(1024,),
    )
    return replace(plain, **changes)


HEALTHY_STARTS = tuple(start(280.0 + 5 * step, 38.0 + step) for step in range(10))
WARM_MS = tuple(12.0 + step % 7 for step in range(200))


def evidence(starts: Sequence[ColdStart] = HEALTHY_STARTS, **changes: Any) -> FunctionEvidence:
    """A healthy function's day, with `starts` in place of its own; `summarized` changes its summary."""
    summarized = changes.pop("summarized", {})
    warm_ms = changes.pop("warm_ms", WARM_MS)
    plain = FunctionEvidence(
        name="shop",
        region="us-east-1",
        window=Window(NOON_MS - 12 * HOUR_MS, NOON_MS + 12 * HOUR_MS),
        gathered_at_ms=NOON_MS + 12 * HOUR_MS,
        sources=(),
        function=function(),
        settings=Settings(),
        starts=summary(starts, warm_ms=warm_ms, **summarized),
        cold_starts=tuple(starts),
        concurrency=Concurrency(None, {}, 1000),
    )
    return replace(plain, **changes)


def nothing() -> FunctionEvidence:
    """Evidence of which no part could be had."""
    return FunctionEvidence("shop", "us-east-1", None, NOON_MS, (), MISSING, MISSING, MISSING)
