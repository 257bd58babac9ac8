"""An embedded stack for one command alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.aws.connection import Connection

# The region of the embedded stack where none is named.
LOCAL_REGION = "ap-southeast-1"


def can_start_stack() -> bool:
    """Whether the distributions that the stack needs are installed."""
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("ministack", "awslambdaric", "hypercorn"))


@contextmanager
def temporary_stack() -> "Iterator[Connection]":
    """A connection to an empty stack in a process of its own, which ends afterwards.

    Its functions see the connection's region: the stack takes it from the request that creates them.
    """
    from monitor.aws.connection import Connection
    from monitor.local.server.launch import PrivateStack

    with PrivateStack() as stack:
        yield Connection(region=LOCAL_REGION, endpoint_url=stack.endpoint, local=True, access_key=stack.access_key)
