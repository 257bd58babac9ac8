"""A boto3 resource created at import, or a client that the first invocation does not need.

Evidence: the application's module-level calls of boto3; the SDK's part of the import tree, with the self time of the
calling module, in which the client is built (service descriptions are read and classes created); and calls to AWS in
the traces of cold starts. AWS recommends clients created at init, which has more CPU: they are a finding only if traces
show that first invocations do not call AWS, or if not every call of the handler reads them. Limit: only traces show
whether the first request needs the client.
"""

from collections.abc import Iterator, Sequence

from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence, ModuleCall, SourceFacts, is_missing
from monitor.diagnose.facts.common import SDK_TOPS, affected_starts, module_names, own_tops, top_of, tree_of, walk
from monitor.diagnose.facts.import_cost import LEAST_SHARE, spread_of
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule, Trial
from monitor.records.xray.trace import Span, SpanKind

_BUILDS = ("resource", "client", "create_client")
# With less import time, the call is conditional and was not made.
_LEAST_MS = 5.0


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for all such calls, since they share the import of the SDK."""
    if is_missing(evidence.code):
        return
    # A call inside an `if` counts only if the SDK was imported.
    imported = any(top_of(node.module) in SDK_TOPS for node, _ in walk(tree_of(evidence)))
    calls = [call for call in evidence.code.calls if _builds(call) and (imported or not call.conditional)]
    resources = [call for call in calls if call.name.endswith(".resource")]
    can_wait = [call for call in calls if (call.file, call.line) in _waiting_lines(evidence.code)]
    calls_aws = first_invocations_call_aws(evidence)
    chosen = calls if calls_aws is False else [call for call in calls if call in resources or call in can_wait]
    if not chosen:
        return
    noun = "resource" if chosen[0] in resources else "client"
    some = _routes(evidence.code) if len(can_wait) == len(calls) else ()
    saving = _saving(evidence, chosen, calls_aws, not_every_call=len(can_wait) == len(calls))
    if saving is not None and chosen == can_wait and len(can_wait) < len(calls):
        # Every call reads another client, which needs the SDK: what building this one takes is left.
        building_ms = (_figures(evidence, chosen) or (0.0, 0.0, 0.0))[1]
        if building_ms < _LEAST_MS:
            return
        basis = f"{format_ms(building_ms)} in the modules that make the call; another client needs the SDK"
        saving = Saving(0.0, 0.5 * building_ms, building_ms * spread_of(evidence, "botocore"), basis)
    if saving is None and (not resources or tree_of(evidence)):
        return
    yield Finding(
        rule="sdk-client-at-init",
        subject=", ".join(sorted({call.name for call in chosen})),
        title=f"{chosen[0].file}:{chosen[0].line} creates a boto3 {noun} at init",
        evidence=tuple(_evidence(evidence, chosen, calls_aws, some)),
        changes=tuple(_changes(evidence.code, chosen)),
        saving=saving,
        affected=affected_starts(evidence),
        risk=Grade.LOW,
        confidence=Grade.LOW if saving is None or (calls_aws is None and not can_wait) else Grade.MEDIUM,
        risk_text="A client created on first use does not get the CPU boost of init: keep it at init if most first "
        "requests need it, or with provisioned concurrency.",
    )


def _builds(call: ModuleCall) -> bool:
    return top_of(call.name) in ("boto3", "botocore") and call.name.rpartition(".")[2] in _BUILDS


def _waiting_lines(code: SourceFacts) -> set[tuple[str, int]]:
    """Where clients are made that not every call of the handler reads."""
    uses = (use for use in code.uses if top_of(use.module) in SDK_TOPS and not use.used_at_import)
    return {(made.file, made.line) for use in uses for made in use.makes}


def _routes(code: SourceFacts) -> tuple[str, ...]:
    uses = (use for use in code.uses if top_of(use.module) in SDK_TOPS and use.makes)
    return tuple(dict.fromkeys(route for use in uses for route in use.routes))


def first_invocations_call_aws(evidence: FunctionEvidence) -> bool | None:
    """Whether the trace of a cold start has a call to AWS; None if calls are not traced."""
    if is_missing(evidence.settings) or not evidence.settings.instrumented:
        return None
    cold = [trace for trace in evidence.traces if any(span.kind is SpanKind.INIT for span in trace.spans())]
    if not cold:
        return None
    return any(_is_aws_call(span) for trace in cold for span in trace.spans())


def _is_aws_call(span: Span) -> bool:
    return span.kind is SpanKind.DOWNSTREAM and span.namespace == "aws"


def _figures(evidence: FunctionEvidence, calls: Sequence[ModuleCall]) -> tuple[float, float, float] | None:
    """Import time of the SDK, of the calling modules, and of boto3.resources, in ms; None without a tree."""
    tree = tree_of(evidence)
    if not tree:
        return None
    ours = own_tops(evidence)
    modules = {name for call in calls for name in module_names(evidence, call.file)}
    nodes = list(walk(tree))
    sdk_ms = sum(
        node.cumulative_ms
        for node, chain in nodes
        # What another library imports of the SDK is loaded in any case.
        if top_of(node.module) in SDK_TOPS and (not chain or top_of(chain[-1]) in ours)
    )
    building_ms = sum(node.self_ms for node, _ in nodes if node.module in modules)
    resources_ms = sum(node.self_ms for node, chain in nodes if "boto3.resources" in (node.module, *chain))
    return (sdk_ms, building_ms, resources_ms) if sdk_ms + building_ms >= _LEAST_MS else None


def _saving(
    evidence: FunctionEvidence, calls: Sequence[ModuleCall], calls_aws: bool | None, *, not_every_call: bool
) -> Saving | None:
    figures = _figures(evidence, calls)
    if figures is None:
        return None
    sdk_ms, building_ms, resources_ms = figures
    whole_ms = sdk_ms + building_ms
    high_ms = whole_ms * spread_of(evidence, "botocore")
    if calls_aws is False:
        basis = "no traced first invocation calls AWS, so all of it can be deferred"
        return Saving(0.5 * whole_ms, 0.9 * whole_ms, high_ms, f"{_sum(sdk_ms, building_ms)}; {basis}")
    if calls_aws:
        basis = "first invocations call AWS: a lighter import of boto3.resources is all that can be saved"
        return Saving(0.0, resources_ms, resources_ms + building_ms, basis)
    if not_every_call:
        basis, unless = _sum(sdk_ms, building_ms), "its first request makes the client"
        return Saving(LEAST_SHARE * whole_ms, 0.9 * whole_ms, high_ms, basis, unless)
    basis = "all of it if the first request does not call AWS, which is not known"
    likely_ms = (resources_ms + whole_ms) / 2
    return Saving(0.0, likely_ms, max(likely_ms, high_ms), f"{_sum(sdk_ms, building_ms)}; {basis}")


def _sum(sdk_ms: float, building_ms: float) -> str:
    return f"{format_ms(sdk_ms)} for importing the SDK and {format_ms(building_ms)} in the modules that make the call"


def _evidence(
    evidence: FunctionEvidence, calls: Sequence[ModuleCall], calls_aws: bool | None, routes: Sequence[str]
) -> Iterator[Evidence]:
    for call in calls[:4]:
        yield Evidence(f"`{call.statement}` runs while {call.file} is imported", f"{call.file}:{call.line}")
    if routes:
        more = f" and {len(routes) - 3} more" if len(routes) > 3 else ""
        yield Evidence(f"some calls of the handler read it, and others do not: {'; '.join(routes[:3])}{more}")
    figures = _figures(evidence, calls)
    if figures is not None:
        resources = f", including {format_ms(figures[2])} for boto3.resources" if figures[2] else ""
        yield Evidence(f"{_sum(*figures[:2])}{resources}", f"monitor coldstarts {evidence.name} --imports")
    if calls_aws is not None:
        text = "first invocations call AWS" if calls_aws else "first invocations do not call AWS"
        yield Evidence(f"{text}, according to the traces of cold starts", f"monitor traces list {evidence.name}")


def _changes(code: SourceFacts, calls: Sequence[ModuleCall]) -> Iterator[Change]:
    """The same calls, made on first use: as a patch where one is known, else as an example of the first of them."""
    title = f"Call {', '.join(sorted({call.name for call in calls}))} on first use"
    lines = {(call.file, call.line) for call in calls}
    texts = [one.text for one in code.patches if one.makes_client and (one.file, one.lines[0]) in lines]
    if texts:
        yield Change(ChangeKind.PATCH, title, "".join(texts))
        return
    call = calls[0]
    made = call.statement.rpartition(" = ")[2]
    example = f"@functools.cache\ndef made():\n    return {made}  # {call.file}:{call.line}, with its arguments"
    yield Change(ChangeKind.CODE, title, f"import functools\n\n\n{example}")


RULE = Rule("sdk-client-at-init", find, trial=Trial.DEFER_CLIENT)
