"""A variant run beside its mended form, and what `monitor diagnose` says of it: cause, estimate, measurement."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from monitor.aws.connection import Connection
from monitor.diagnose.trials.paired import PairedSaving, paired_saving
from monitor.records.invoke_result import InvocationResult
from tests.clean_environment import clean_environment
from tests.variants import compose, driving

# Rules whose saving is in fetching the package: before the init, where no REPORT shows it.
BEFORE_INIT = frozenset(("sdk-shipped", "unused-distributions", "package-size"))
_BURSTS, _WARM = 3, 3
# Where there is no disk in the way: this machine's says nothing of Lambda's.
_MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Proof:
    """What was planted, said and measured, in ms of an affected start's first total.

    `rank` is the planted rule's place among what is worth changing, 0 where it is not there; `others` what else is.
    """

    variant: str
    planted: str | None
    rank: int
    others: tuple[str, ...]
    low_ms: float | None = None
    likely_ms: float | None = None
    high_ms: float | None = None
    measured: PairedSaving | None = None
    fetch_ms: float = 0.0
    before_ms: float = 0.0
    after_ms: float = 0.0
    document: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def measured_ms(self) -> float | None:
        """What the mended form saves: of the first total, or of unpacking where the rule is about what precedes it."""
        if self.planted in BEFORE_INIT:
            return self.fetch_ms
        return None if self.measured is None else self.measured.saved_ms

    @property
    def inside(self) -> bool:
        """Whether the measured figure lies in the estimate's range."""
        if self.measured_ms is None or self.low_ms is None or self.high_ms is None:
            return False
        return self.low_ms <= self.measured_ms <= self.high_ms


class Bench:
    """Packages, made once, on one embedded stack."""

    def __init__(self, endpoint: str, folder: Path, rounds: int, keep: Path | None = None) -> None:
        self.connection = Connection(region=driving.REGION, endpoint_url=endpoint, local=True)
        self._endpoint = endpoint
        self._folder = folder
        self._rounds = rounds
        self._keep = keep
        self._zips: dict[str, Path] = {}

    def prove(self, name: str) -> Proof:
        """Run a variant and its mended form in turns, and diagnose the variant."""
        before, after = self.run(name)
        variant = compose.read(name)
        good = compose.mended(variant)
        document = self.diagnose(name)
        found = [(one["rule"], one.get("saving")) for one in document["findings"]]
        rules = [rule for rule, _ in found]
        rank = rules.index(variant.planted) + 1 if variant.planted in rules else 0
        saving = found[rank - 1][1] if rank else {}
        return Proof(
            variant=name,
            planted=variant.planted,
            rank=rank,
            others=tuple(rule for rule in rules if rule != variant.planted),
            low_ms=saving.get("low_ms"),
            likely_ms=saving.get("likely_ms"),
            high_ms=saving.get("high_ms"),
            measured=paired_saving(before, after),
            fetch_ms=self._fetching(variant, good) if variant.planted in BEFORE_INIT else 0.0,
            before_ms=median(before),
            after_ms=median(after),
            document=document,
        )

    def run(self, name: str) -> tuple[list[float], list[float]]:
        """The first totals of a variant and of its mended form, in ms."""
        variant = compose.read(name)
        good = compose.mended(variant)
        with ExitStack() as stack:
            url = stack.enter_context(driving.slow_server(variant.server_delay_ms)) if variant.server_delay_ms else ""
            driving.put(self.connection, name, variant, self._zip(variant), url)
            driving.put(self.connection, f"{name}-mended", good, self._zip(good), url)
            return _DRIVES[variant.drive](self, name, variant, good)

    def judged(self, name: str) -> list[str]:
        """The rules that find something worth changing in a variant after a few starts, first to last."""
        variant = compose.read(name)
        driving.put(self.connection, name, variant, self._zip(variant))
        for _ in range(self._rounds):
            driving.start(self.connection, name)
        return [one["rule"] for one in self.diagnose(name)["findings"]]

    def diagnose(self, name: str) -> dict[str, Any]:
        """What the command says, as it is run."""
        kept = ("--save", str(self._keep / f"{name}.json")) if self._keep else ()
        command = ("--local", "diagnose", name, "--since", "1h", "-o", "json", *kept)
        done = subprocess.run(
            [sys.executable, "-m", "monitor", *command],
            env=clean_environment(
                PYTHONPATH=str(Path(__file__).resolve().parents[2]), MONITOR_LOCAL_ENDPOINT=self._endpoint
            ),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def starts(self, name: str, _variant: compose.Variant, _good: compose.Variant) -> tuple[list[float], list[float]]:
        """Cold starts of both in turns, after one of each that fills the disk's cache; then some warm ones."""
        taken: dict[str, list[float]] = {name: [], f"{name}-mended": []}
        for turn in range(self._rounds + 1):
            # Whoever is first in a turn finds the machine otherwise than who follows.
            for one in sorted(taken, reverse=bool(turn % 2)):
                taken[one].append(_total(driving.start(self.connection, one)))
        for _ in range(_WARM):
            driving.invoke(self.connection, name, driving.good_event())
        before, after = taken.values()
        return before[1:], after[1:]

    def storm(self, name: str, variant: compose.Variant, good: compose.Variant) -> tuple[list[float], list[float]]:
        """What requests wait for that come after a bad one."""
        bad = driving.storm(self.connection, name, variant, self._rounds)
        well = driving.storm(self.connection, f"{name}-mended", good, self._rounds)
        return [_total(one) for one in bad[1:]], [_total(one) for one in well[1:]]

    def bursts(self, name: str, _variant: compose.Variant, good: compose.Variant) -> tuple[list[float], list[float]]:
        """What the requests of each burst wait for; a burst a minute, since traffic is looked at by the minute."""
        before: list[float] = []
        after: list[float] = []
        began = -61.0
        for turn in range(_BURSTS):
            time.sleep(max(0.0, 61 - (time.monotonic() - began)) if turn else 0.0)
            began = time.monotonic()
            before += [_total(one) for one in driving.burst(self.connection, name)]
            after += [_total(one) for one in driving.burst(self.connection, f"{name}-mended", warmed=good.warmed)]
        return before, after

    def _zip(self, variant: compose.Variant) -> Path:
        key = json.dumps([variant.build, variant.ballast_mb, variant.requirements, self._own(variant), variant.folder])
        if key not in self._zips:
            self._zips[key] = compose.package(variant, self._folder)
        return self._zips[key]

    @staticmethod
    def _own(variant: compose.Variant) -> str:
        return variant.name if (compose.HERE / variant.name / "app").is_dir() else ""

    def _fetching(self, variant: compose.Variant, good: compose.Variant) -> float:
        """How much more processor time unpacking takes here, in turns; nothing is downloaded on this machine."""
        differences = []
        for _ in range(5):
            took = [self._unpacking(self._zip(one)) for one in (variant, good)]
            differences.append(took[0] - took[1])
        return median(differences)

    def _unpacking(self, package: Path) -> float:
        """ms of processor time, in a process of its own: this one serves a stack."""
        with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else self._folder) as place:
            done = subprocess.run(
                [sys.executable, "-c", _UNPACK, str(package), place],
                cwd=Path(__file__).resolve().parents[2],
                capture_output=True,
                text=True,
                check=True,
            )
        return float(done.stdout)


_UNPACK = """
import sys, time
from pathlib import Path
from monitor.local.functions.unpack import unpack
began = time.process_time()
unpack(Path(sys.argv[1]), Path(sys.argv[2], "task"))
print((time.process_time() - began) * 1000)
"""
_DRIVES: dict[str, Callable[[Bench, str, compose.Variant, compose.Variant], tuple[list[float], list[float]]]] = {
    "starts": Bench.starts,
    "storm": Bench.storm,
    "bursts": Bench.bursts,
}


def _total(result: InvocationResult) -> float:
    assert result.function_error is None, result.payload
    return driving.first_total_ms(result)
