"""Whether an invocation is a cold start: the first of its environment, and one whose caller waited for the init."""

from __future__ import annotations

import os

ON_DEMAND = "on-demand"
PROVISIONED = "provisioned-concurrency"
SNAP_START = "snap-start"
MANAGED = "lambda-managed-instances"
PROACTIVE = "proactive"
REPLAY = "durable-replay"

# Only under these did an invocation wait: for the init, or for the restore of its snapshot. Under provisioned
# concurrency, on managed instances and after a proactive init it was over before anybody called. A durable execution
# that is resumed waited for a step, a timer or a callback.
_WAITED_FOR = frozenset({ON_DEMAND, SNAP_START})

# An invocation that Lambda makes an environment for follows its init at once. A longer gap than this means that the
# environment was made in advance. Source: AWS, "Understanding the Lambda execution environment lifecycle".
PROACTIVE_AFTER_MS = 10_000.0


def initialization_type() -> str:
    """How Lambda initialized this environment, as its own variable says."""
    return os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") or ON_DEMAND


def start_kind(waited_ms: float, event: object) -> str:
    """What kind of start an environment had whose first invocation, with `event`, came `waited_ms` after its init.

    Lambda's initialization type, `proactive`, or `durable-replay`. A suppressed init (repeated inside the invocation
    after a crash, a time-out or the 10 s limit) looks like any other from inside, and its caller waited for it: readers
    recognize it by the REPORT line, which then has no Init Duration.
    """
    kind = initialization_type()
    if kind in _WAITED_FOR and is_replay(event):
        return REPLAY
    return PROACTIVE if kind == ON_DEMAND and waited_ms >= PROACTIVE_AFTER_MS else kind


def is_replay(event: object) -> bool:
    """Whether a durable execution is resumed: its handler runs again, with the operations that are done in the event.

    Source: the input that `aws-durable-execution-sdk-python` reads (`DurableExecutionInvocationInput`).
    """
    if not isinstance(event, dict) or not isinstance(event.get("DurableExecutionArn"), str):
        return False
    state = event.get("InitialExecutionState")
    operations = state.get("Operations") if isinstance(state, dict) else None
    if not isinstance(operations, list):
        return False
    return any(isinstance(one, dict) and one.get("Type") != "EXECUTION" for one in operations)


def waited_for(start: str) -> bool:
    """Whether the first invocation after a start of this kind is a cold start: its caller waited."""
    return start in _WAITED_FOR
