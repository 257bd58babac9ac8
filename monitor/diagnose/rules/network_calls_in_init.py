"""Calls over the network while the application is imported.

Evidence, the most certain first: a downstream call inside Init in X-Ray; a call of a network library that the
application makes at import (file and line), with the self time of its module; an application module with a long self
time and other calls at import. A module's self time excludes its imports. It includes the call and everything else that
the module does, so the range is wide. Without import times, one round trip is assumed, and at most the whole init.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence, ModuleCall, SourceFacts, is_missing
from monitor.diagnose.facts.init_work import scale_of
from monitor.diagnose.facts.starts import init_p50_ms, quoted, summary_of
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import NotTried, Rule
from monitor.kernel.missing import Missing
from monitor.records.imports import ImportProfile
from monitor.records.xray.trace import Span, SpanKind

_VERBS = frozenset(("get", "post", "put", "head", "patch", "delete", "options", "request", "stream", "send"))
_OPENERS = (
    "requests",
    "requests.Session",
    "requests.session",
    "httpx",
    "httpx.Client",
    "urllib3",
    "urllib3.PoolManager",
)
_CALLS = frozenset(f"{opener}.{verb}" for opener in _OPENERS for verb in _VERBS) | frozenset(
    (
        "urllib.request.urlopen",
        "urllib.request.urlretrieve",
        "http.client.HTTPConnection.request",
        "http.client.HTTPSConnection.request",
        "socket.create_connection",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "psycopg.connect",
        "psycopg2.connect",
        "pymysql.connect",
        "mysql.connector.connect",
        "aws_lambda_powertools.utilities.parameters.get_parameter",
        "aws_lambda_powertools.utilities.parameters.get_parameters",
        "aws_lambda_powertools.utilities.parameters.get_secret",
    )
)
_CLIENTS = (
    "boto3.client.",
    "boto3.Session.client.",
    "boto3.session.Session.client.",
    "botocore.session.create_client.",
)
_RESOURCES = ("boto3.resource.", "boto3.Session.resource.", "boto3.session.Session.resource.")
# Methods of an SDK client that do not call AWS.
_LOCAL = frozenset(
    ("can_paginate", "close", "exceptions", "generate_presigned_post", "generate_presigned_url", "get_paginator",
     "get_waiter", "meta", "register", "waiter_names")
)  # fmt: skip
_EXPLAINED_OTHERWISE = ("boto3.", "botocore.", "logging.", "logger.")
# An application module with a longer self time does more than define functions and classes.
_SLOW_MODULE_MS = 200.0
# DNS, TCP, TLS and a response within a region take tens to hundreds of ms.
_ROUND_TRIP_MS = 100.0
_MOST_DEBUG_LINES = 50.0
_SHORTEST_MS = 5.0
# Response times and import times vary.
_SPREAD = 1.3
_DEPTH = 200
# Libraries that a function usually needs for more than one call.
_SHARED = frozenset(("boto3", "botocore", "aws_lambda_powertools"))
_RISK = "The first request that needs the value waits for it instead. A cached value needs an expiry."


@dataclass(frozen=True, slots=True)
class _Slow:
    """A call at import, and the self time of the module that runs it (None if import times are not known).

    `library_ms` is the import time of the call's library, if no other file needs it at import.
    """

    call: ModuleCall
    self_ms: float | None
    timed_file: str
    certain: bool
    library_ms: float = 0.0


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for each module, and one for calls that only traces show."""
    traced = _traced(evidence)
    named: set[str] = set()
    slow_calls = tuple(_calls(evidence))
    explained = {slow.timed_file for slow in slow_calls if slow.certain}
    for slow in slow_calls:
        if not slow.certain and slow.timed_file in explained:
            continue
        named.add(slow.call.file)
        yield _finding(evidence, slow, traced)
    if traced and not named:
        yield _from_traces(evidence, traced)


def _calls(evidence: FunctionEvidence) -> Iterator[_Slow]:
    if is_missing(evidence.code):
        return
    timed = not is_missing(evidence.imports)
    times, below = _times(evidence.imports)
    by_file: dict[str, list[ModuleCall]] = {}
    for call in evidence.code.calls:
        by_file.setdefault(call.file, []).append(call)
    files = sorted(by_file.keys() | {use.file for use in evidence.code.uses})
    slowest_ms, slowest = max(((_time_of(file, times), file) for file in files), default=(0.0, ""))
    for file, calls in sorted(by_file.items()):
        self_ms = _time_of(file, times)
        sure = next((call for call in calls if is_network(call.name)), None)
        if sure is not None and not timed:
            yield _Slow(sure, None, "", certain=True)
        elif sure is not None and self_ms < _ROUND_TRIP_MS and slowest_ms >= _SLOW_MODULE_MS:
            # The call is in a function of this file, and another file calls it while it is imported.
            yield _Slow(sure, slowest_ms, slowest, certain=True)
        elif sure is not None and self_ms >= _SHORTEST_MS:
            yield _Slow(sure, self_ms, file, certain=True, library_ms=_library_ms(evidence.code, sure, below))
        elif sure is None and self_ms >= _SLOW_MODULE_MS and not _explained(evidence, calls, self_ms):
            yield _Slow(calls[0], self_ms, file, certain=False)


def is_network(name: str) -> bool:
    """Whether a call of this name uses the network: by a network library, or as an AWS operation."""
    if name in _CALLS:
        return True
    operation = name.rpartition(".")[2]
    for client in _CLIENTS:
        if name.startswith(client) and name == client + operation:
            return operation not in _LOCAL
    # A resource's Table and Bucket are made here; what is asked of them is not.
    return name.startswith(_RESOURCES) and operation[:1].islower() and operation not in _LOCAL


def _explained(evidence: FunctionEvidence, calls: list[ModuleCall], self_ms: float) -> bool:
    """Whether another rule explains a module's time: by SDK clients, a flood of logging, or lines that were watched."""
    chatty = evidence.logging is not None and evidence.logging.debug_lines > _MOST_DEBUG_LINES
    work = () if is_missing(evidence.calls) else evidence.calls.work
    watched_ms = sum(one.ms for one in work if (one.kind, one.file) == ("line", calls[0].file)) * scale_of(evidence)
    return chatty or watched_ms > 0.5 * self_ms or any(call.name.startswith(_EXPLAINED_OTHERWISE) for call in calls)


def _times(imports: ImportProfile | Missing) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
    """Each module's own ms, and by (module, top-level package) what it imports of that; the deepest trees are cut."""
    own: dict[str, float] = {}
    below: dict[tuple[str, str], float] = {}
    waiting = [(node, 0) for node in (() if is_missing(imports) else imports.tree)]
    while waiting:
        node, depth = waiting.pop()
        own[node.module] = own.get(node.module, 0.0) + node.self_ms
        for child in node.children:
            key = node.module, child.module.partition(".")[0]
            below[key] = below.get(key, 0.0) + child.cumulative_ms
        if depth < _DEPTH:
            waiting += [(child, depth + 1) for child in node.children]
    return own, below


def _time_of(file: str, times: dict[str, float]) -> float:
    """A file's own import time."""
    return next((times[name] for name in _names(file) if name in times), 0.0)


def _names(file: str) -> list[str]:
    """What a file's module may be called: its dotted name, or the end of it where a folder of it is in sys.path."""
    parts = file.removesuffix(".py").strip("/").split("/")
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return [".".join(parts[index:]) for index in range(len(parts))]


def _library_ms(code: SourceFacts, call: ModuleCall, below: dict[tuple[str, str], float]) -> float:
    library = call.name.partition(".")[0]
    shared = any(
        use.module.partition(".")[0] == library and use.at_import and use.file != call.file for use in code.uses
    )
    if shared or library in _SHARED:
        return 0.0
    return next((below[name, library] for name in _names(call.file) if (name, library) in below), 0.0)


def _finding(evidence: FunctionEvidence, slow: _Slow, traced: tuple[Span, ...]) -> Finding:
    call = slow.call
    where = f"{call.file}:{call.line}"
    summary = summary_of(evidence)
    facts = [Evidence(f"`{call.statement}` runs while {call.file} is imported", where)]
    if slow.self_ms is not None:
        seen = f"importing {slow.timed_file} takes {format_ms(slow.self_ms)} without its imports"
        facts.append(Evidence(seen, f"monitor coldstarts {quoted(evidence.name)} --imports"))
    facts += [_span_evidence(span) for span in traced[:3]]
    title = f"{call.name} is called while {call.file} is imported"
    if not slow.certain:
        title = f"{call.file} takes long to import: check the call of {call.name}"
    return Finding(
        rule="network-calls-in-init",
        subject=where,
        title=title,
        evidence=tuple(facts),
        changes=(_change(call),),
        saving=_saving(evidence, slow),
        affected=summary.cold_starts if summary else 0,
        risk=Grade.MEDIUM,
        confidence=_confidence(slow, traced),
        risk_text=_RISK,
    )


def _confidence(slow: _Slow, traced: tuple[Span, ...]) -> Grade:
    if not slow.certain:
        return Grade.LOW
    return Grade.HIGH if slow.self_ms is not None and (traced or slow.self_ms >= _SLOW_MODULE_MS) else Grade.MEDIUM


def _saving(evidence: FunctionEvidence, slow: _Slow) -> Saving | None:
    init_ms = init_p50_ms(evidence)
    if slow.self_ms is not None:
        low = 0.5 if slow.certain and slow.timed_file == slow.call.file else 0.0
        likely = slow.self_ms + slow.library_ms if slow.certain else slow.self_ms * 0.5
        basis = "the module's own import time, which includes the call and its other work"
        if slow.library_ms:
            basis += f", plus {format_ms(slow.library_ms)} for importing the call's library, which can be deferred too"
        return Saving(slow.self_ms * low, likely, (slow.self_ms + slow.library_ms) * _SPREAD, basis)
    if init_ms is None:
        return None
    likely = min(_ROUND_TRIP_MS, init_ms)
    basis = (
        f"one round trip of {_ROUND_TRIP_MS:.0f} ms is assumed, since import times are not known; at most "
        f"the whole init"
    )
    return Saving(0.0, likely, init_ms, basis)


def _change(call: ModuleCall) -> Change:
    text = (
        f"# {call.file}:{call.line}\n"
        "@functools.cache\n"
        "def remote_value():\n"
        f"    return {call.statement}   # on first use, with a timeout= of a second or two\n"
        "# If every request needs it, use a Lambda extension that caches it, or a variable set at deployment."
    )
    return Change(ChangeKind.CODE, "Make the call on first use instead of at import, with a timeout", text)


def _traced(evidence: FunctionEvidence) -> tuple[Span, ...]:
    """Downstream calls within the time of an Init, each name once, the longest first."""
    found: dict[str, Span] = {}
    for trace in evidence.traces:
        spans = list(trace.spans())
        inits = [span for span in spans if span.kind is SpanKind.INIT and span.end_s is not None]
        for span in spans:
            if span.kind is not SpanKind.DOWNSTREAM or span.duration_ms is None or span.end_s is None:
                continue
            inside = any(init.start_s <= span.start_s and span.end_s <= (init.end_s or 0.0) for init in inits)
            known = found.get(span.name)
            if inside and (known is None or (known.duration_ms or 0.0) < span.duration_ms):
                found[span.name] = span
    return tuple(sorted(found.values(), key=lambda span: -(span.duration_ms or 0.0)))


def _span_evidence(span: Span) -> Evidence:
    what = f"{span.http.method} {span.http.url}".strip() if span.http else span.name
    return Evidence(
        f"X-Ray shows a call of {format_ms(span.duration_ms or 0.0)} inside Init: {what or span.name}", span.id
    )


def _from_traces(evidence: FunctionEvidence, traced: tuple[Span, ...]) -> Finding:
    summary = summary_of(evidence)
    longest_ms = traced[0].duration_ms or 0.0
    total_ms = sum(span.duration_ms or 0.0 for span in traced)
    basis = "the longest call inside Init in X-Ray, and at most the sum of all calls"
    return Finding(
        rule="network-calls-in-init",
        subject=traced[0].name,
        title=f"{traced[0].name} is called during init",
        evidence=tuple(_span_evidence(span) for span in traced[:5]),
        changes=(Change(ChangeKind.CODE, "Make the call on first use instead of at import, with a timeout"),),
        saving=Saving(longest_ms * 0.5, longest_ms, total_ms, basis),
        affected=summary.cold_starts if summary else 0,
        risk=Grade.MEDIUM,
        confidence=Grade.MEDIUM,
        risk_text=_RISK,
    )


RULE = Rule("network-calls-in-init", find, trial=NotTried("the response of the call is not known here"))
