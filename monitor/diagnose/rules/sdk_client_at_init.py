"""A boto3 resource made while files are imported, or a client that the first invocation does not need.

Looks at the application's module-level calls of boto3, at the SDK's part of the import tree with the calling module's
own time (that is where the client is built: service descriptions are read and classes made), and at the traces of cold
starts for calls to AWS. A client made at init is what AWS recommends, since init has more CPU: it is a finding only
where traces show that first invocations call nothing of AWS. Limits: whether a first request needs the client is known
from traces alone; without them the likely figure is the middle of the range.
"""

import re
from collections.abc import Iterator, Sequence

from monitor.diagnose.evidence.model import FunctionEvidence, ModuleCall, is_missing
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule, Trial
from monitor.diagnose.rules.common import SDK_TOPS, affected_starts, module_names, own_tops, top_of, tree_of, walk
from monitor.records.xray.trace import Span, SpanKind

_SERVICE = re.compile(r"\(['\"]([a-z0-9-]+)['\"]")
_BUILDS = ("resource", "client", "create_client")
# Another process building the same client: how far it was seen to vary.
_SPREAD = 1.3
# Less, where imports were recorded: the call is behind a condition, and was not made.
_LEAST_MS = 5.0


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for all such calls: they share the SDK's import."""
    if is_missing(evidence.code):
        return
    # Below an `if` it may not be made at all: the import tree tells, for making one imports the SDK.
    imported = any(top_of(node.module) in SDK_TOPS for node, _ in walk(tree_of(evidence)))
    calls = [call for call in evidence.code.calls if _builds(call) and (imported or not call.conditional)]
    resources = [call for call in calls if call.name.endswith(".resource")]
    calls_aws = first_invocations_call_aws(evidence)
    if not resources and (not calls or calls_aws is not False):
        return
    chosen = resources if calls_aws is not False else calls
    noun = "resource" if resources else "client"
    saving = _saving(evidence, chosen, calls_aws)
    if saving is None and (not resources or tree_of(evidence)):
        return
    yield Finding(
        rule="sdk-client-at-init",
        subject=", ".join(sorted({call.name for call in chosen})),
        title=f"A boto3 {noun} is made at init, in {chosen[0].file}:{chosen[0].line}",
        evidence=tuple(_evidence(evidence, chosen, calls_aws)),
        changes=tuple(_changes(chosen[0], bool(resources))),
        saving=saving,
        affected=affected_starts(evidence),
        risk=Grade.LOW,
        confidence=Grade.LOW if saving is None or calls_aws is None else Grade.MEDIUM,
        risk_text="A client made on first use is made without init's CPU boost: keep it at init where most first "
        "requests need it, and where concurrency is provisioned.",
    )


def _builds(call: ModuleCall) -> bool:
    return top_of(call.name) in ("boto3", "botocore") and call.name.rpartition(".")[2] in _BUILDS


def first_invocations_call_aws(evidence: FunctionEvidence) -> bool | None:
    """Whether a cold start's trace shows a call to AWS; None without such traces, or where calls are not traced."""
    if is_missing(evidence.settings) or not evidence.settings.instrumented:
        return None
    cold = [trace for trace in evidence.traces if any(span.kind is SpanKind.INIT for span in trace.spans())]
    if not cold:
        return None
    return any(_is_aws_call(span) for trace in cold for span in trace.spans())


def _is_aws_call(span: Span) -> bool:
    return span.kind is SpanKind.DOWNSTREAM and span.namespace == "aws"


def _figures(evidence: FunctionEvidence, calls: Sequence[ModuleCall]) -> tuple[float, float, float] | None:
    """ms of the SDK's imports, of the calling modules themselves, and of boto3.resources; None without a tree."""
    tree = tree_of(evidence)
    if not tree:
        return None
    ours = own_tops(evidence)
    modules = {name for call in calls for name in module_names(evidence, call.file)}
    nodes = list(walk(tree))
    sdk_ms = sum(
        node.cumulative_ms
        for node, chain in nodes
        # What another library imports of the SDK comes all the same.
        if top_of(node.module) in SDK_TOPS and (not chain or top_of(chain[-1]) in ours)
    )
    building_ms = sum(node.self_ms for node, _ in nodes if node.module in modules)
    resources_ms = sum(node.self_ms for node, chain in nodes if "boto3.resources" in (node.module, *chain))
    return (sdk_ms, building_ms, resources_ms) if sdk_ms + building_ms >= _LEAST_MS else None


def _saving(evidence: FunctionEvidence, calls: Sequence[ModuleCall], calls_aws: bool | None) -> Saving | None:
    figures = _figures(evidence, calls)
    if figures is None:
        return None
    sdk_ms, building_ms, resources_ms = figures
    whole_ms = sdk_ms + building_ms
    if calls_aws is False:
        basis = "no first invocation of the traced cold starts calls AWS: the whole of it can wait"
        return Saving(0.5 * whole_ms, 0.9 * whole_ms, whole_ms * _SPREAD, f"{_sum(sdk_ms, building_ms)}; {basis}")
    if calls_aws:
        basis = "first invocations do call AWS: a client instead of the resource saves boto3.resources alone"
        return Saving(0.0, resources_ms, resources_ms + building_ms, basis)
    basis = "all of it where the first request needs no AWS, boto3.resources alone where it does: which is not known"
    likely_ms = (resources_ms + whole_ms) / 2
    return Saving(0.0, likely_ms, max(likely_ms, whole_ms * _SPREAD), f"{_sum(sdk_ms, building_ms)}; {basis}")


def _sum(sdk_ms: float, building_ms: float) -> str:
    return f"{sdk_ms:.0f} ms of importing the SDK and {building_ms:.0f} ms in the modules that make the call"


def _evidence(evidence: FunctionEvidence, calls: Sequence[ModuleCall], calls_aws: bool | None) -> Iterator[Evidence]:
    for call in calls[:4]:
        yield Evidence(f"`{call.statement}` runs while {call.file} is imported", f"{call.file}:{call.line}")
    figures = _figures(evidence, calls)
    if figures is not None:
        resources = f", of it {figures[2]:.0f} ms boto3.resources" if figures[2] else ""
        yield Evidence(f"{_sum(*figures[:2])}{resources}", f"monitor coldstarts {evidence.name} --imports")
    if calls_aws is not None:
        text = "first invocations call AWS" if calls_aws else "no first invocation calls AWS"
        yield Evidence(f"{text}, by the traces of cold starts", f"monitor traces list {evidence.name}")


def _changes(call: ModuleCall, is_resource: bool) -> Iterator[Change]:
    named = _SERVICE.search(call.statement)
    made = f'boto3.client("{named[1] if named else "SERVICE"}")'
    yield Change(
        ChangeKind.CODE,
        "Make it on first use, once, where a first request may do without it",
        f"from functools import cache\n\n\n@cache\ndef client():\n    import boto3\n\n    return {made}",
    )
    if is_resource:
        yield Change(
            ChangeKind.CODE,
            "Use a client instead of the resource, one for the whole application",
            f"client = {made}  # {call.file}:{call.line}",
        )


RULE = Rule("sdk-client-at-init", find, trial=Trial.DEFER_CLIENT)
