"""Durable executions: which invocations resume one. Nobody waits for the init of these."""

from collections import OrderedDict
from dataclasses import replace

from monitor.records.invocation import InitKind, Invocation

_MOST_EXECUTIONS = 100_000
_MOST_BEGUN = 200_000
_MOST_HELD = 5_000


def _as_replay(invocation: Invocation) -> Invocation:
    kind = invocation.kind
    if kind is not None and kind.waited_for and kind is not InitKind.FAILED:
        kind = InitKind.REPLAY
    return replace(invocation, kind=kind, cold=False, resumes=True)


class Executions:
    """Tells which invocations resume a durable execution, in the order in which they are given."""

    def __init__(self) -> None:
        self._began: OrderedDict[tuple[str, str], str] = OrderedDict()

    def marked(self, invocation: Invocation) -> Invocation:
        """The invocation, as a replay if an earlier one belongs to its execution."""
        if invocation.execution is None:
            return invocation
        key = (invocation.function, invocation.execution)
        first = self._began.setdefault(key, invocation.request_id)
        if len(self._began) > _MOST_EXECUTIONS:
            self._began.popitem(last=False)
        return invocation if first == invocation.request_id else _as_replay(invocation)


class UnorderedExecutions:
    """Tells the same of invocations that are given in any order.

    The earliest invocation of each execution is known at the end. The one that has been held for longest is taken for
    it if too many are held.
    """

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], Invocation] = {}
        self._begun: dict[tuple[str, str], None] = {}

    def add(self, invocation: Invocation) -> list[Invocation]:
        """The invocations that are known to resume an execution, as replays, or to have begun one."""
        if invocation.execution is None:
            return [invocation]
        key = (invocation.function, invocation.execution)
        first = self._first.get(key)
        if invocation.resumes or key in self._begun or (first is not None and first.at_ms <= invocation.at_ms):
            return [_as_replay(invocation)]
        self._first[key] = invocation
        if first is not None:
            return [_as_replay(first)]
        return [self._oldest()] if len(self._first) > _MOST_HELD else []

    def finish(self) -> list[Invocation]:
        """The invocations that began the executions that are held."""
        return [self._oldest() for _ in range(len(self._first))]

    def _oldest(self) -> Invocation:
        key = next(iter(self._first))
        self._begun[key] = None
        if len(self._begun) > _MOST_BEGUN:
            del self._begun[next(iter(self._begun))]
        return self._first.pop(key)
