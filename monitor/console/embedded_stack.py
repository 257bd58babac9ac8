"""An embedded stack for one command alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.aws.connection import Connection

# The region of the embedded stack where none is named.
LOCAL_REGION = "ap-southeast-1"


@contextmanager
def temporary_stack() -> "Iterator[Connection]":
    """A connection to a stack that runs in this process, holds nothing, and is gone afterwards.

    Its functions see the connection's region: the stack takes it from the request that creates them.
    """
    from monitor.aws.connection import Connection
    from monitor.local.server.stack import Stack

    with Stack() as stack:
        stack.start()
        yield Connection(region=LOCAL_REGION, endpoint_url=stack.endpoint, local=True)
