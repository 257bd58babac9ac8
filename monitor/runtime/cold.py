"""One truth about cold: whether this invocation is the first of its environment, and who waited for the init."""

import os

ON_DEMAND = "on-demand"
PROVISIONED = "provisioned-concurrency"
SNAP_START = "snap-start"
MANAGED = "lambda-managed-instances"

# Only under these did an invocation wait: for the init, or for the restore of its snapshot. Under
# provisioned concurrency and on managed instances the init was over before anybody called.
_WAITED_FOR = frozenset({ON_DEMAND, SNAP_START})

_begun = False


def initialization_type() -> str:
    """How Lambda initialized this environment, in Lambda's own words."""
    return os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") or ON_DEMAND


def begin() -> tuple[bool, bool]:
    """Call it as an invocation begins. Returns (first of the environment, cold start).

    A suppressed init (after a crash or a time-out, within the next invocation) looks like any other
    from inside: readers tell it by the REPORT line, which then has no Init Duration.
    """
    global _begun
    first = not _begun
    _begun = True
    return first, first and initialization_type() in _WAITED_FOR


def begun() -> bool:
    """Whether an invocation has begun in this environment."""
    return _begun
