"""One init as it is measured: its phases, when it ended, and the error that ended it."""

from __future__ import annotations

from monitor.runtime import clock, lines

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from monitor.runtime.imports import ImportTracer

# Of an error's text at most so much as JSON.
ERROR_BYTES = 2 * 1024


class Init:
    """The phases of one init; times are readings of `clock.now_ns`."""

    def __init__(self, entered_ns: int, tracer: ImportTracer | None) -> None:
        self.tracer = tracer
        self.started_ns = clock.process_start_ns(entered_ns)
        self.phases: list[tuple[str, int, int]] = []
        self.ended_ns = self.started_ns
        self.error: dict[str, str] | None = None
        # With SnapStart: what is known of the record before the snapshot, and what gives the times of hooks.
        self.prepared: dict[str, Any] | None = None
        self.restored: Callable[[], dict[str, float]] | None = None
        self.end_phase("runtime", entered_ns)

    def end_phase(self, name: str, now_ns: int | None = None) -> None:
        """Record everything since the last phase as this one."""
        now_ns = clock.now_ns() if now_ns is None else now_ns
        self.phases.append((name, self.ended_ns, now_ns))
        self.ended_ns = now_ns

    def fail(self, error: BaseException, module: str, hint: str = "") -> None:
        """Record that the init ended here, with this error."""
        text = lines.text_of(error)
        kind = lines.attribute_of(error, "exception_type") or type(error).__name__
        parts = {
            "type": (str(kind), 200),
            "message": (str(text), ERROR_BYTES),
            "module": (module, 400),
            "hint": (hint, ERROR_BYTES),
        }
        self.error = {name: lines.cut(value, limit) for name, (value, limit) in parts.items() if value}

    def milliseconds(self, moment_ns: int) -> float:
        """A moment as milliseconds after the process's start."""
        return round((moment_ns - self.started_ns) / 1e6, 3)

    def waited_ms(self) -> float:
        """How long ago the init ended, by the wall clock: a monotonic one may stand still in a frozen environment."""
        return clock.epoch_ns() / 1e6 - clock.epoch_ms(self.ended_ns)

    @property
    def observed_init_ms(self) -> float:
        return self.milliseconds(self.ended_ns)
