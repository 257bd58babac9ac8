"""Ten planted causes of slow starts: is each ranked first, and is the measured saving inside its estimate?

python benchmarks/diagnose.py [--rounds N] [VARIANT ...]

Each variant of the example (tests/variants/) and its fixed form are started in turns on an embedded stack; then
`monitor diagnose` judges the variant by what it logged, and its estimate is set beside the measured difference of the
first totals (init + first invocation), the median of the pairs. The clean variant is to have no finding.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from monitor.local.server.stack import Stack, StackOptions
from tests.variants import compose
from tests.variants.proof import Bench, Proof


def row(proof: Proof) -> str:
    """A line of the table, as Markdown."""
    assert proof.measured is not None
    report = f"{proof.measured.saved_ms:,.0f} ({proof.measured.low_ms:,.0f} to {proof.measured.high_ms:,.0f})"
    measured = f"{proof.fetch_ms:,.0f} of unpacking; first call {report}" if proof.fetch_ms else report
    if proof.planted is None:
        said = "nothing is worth changing" if not proof.others else "NOT SILENT: " + ", ".join(proof.others)
        return f"| {proof.variant} | {said} | | {measured} | |"
    place = {0: "NOT FOUND", 1: "first"}.get(proof.rank, f"NUMBER {proof.rank}")
    others = f" (then {', '.join(proof.others)})" if proof.others else ""
    estimate = ""
    if proof.likely_ms is not None:
        estimate = f"{proof.low_ms:,.0f} to {proof.high_ms:,.0f}, likely {proof.likely_ms:,.0f}"
    inside = "yes" if proof.inside else "NO"
    return f"| {proof.variant} | {proof.planted}: {place}{others} | {estimate} | {measured} | {inside} |"


def main() -> None:
    """Print the table, and how many of the planted causes are first and inside."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--no-bursts", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="save what was gathered of each variant there")
    parser.add_argument("variants", nargs="*", metavar="VARIANT")
    options = parser.parse_args()
    wanted = options.variants or compose.names()
    proofs = []
    print(
        "| variant | planted cause | estimate, ms | saved by the fix, ms (95% interval) | within the range |\n"
        "|---|---|---|---|---|"
    )
    own = Stack(StackOptions(access_key="local"))
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder, own as stack:
        stack.start()
        bench = Bench(stack.endpoint, Path(folder), options.rounds, options.keep)
        for name in wanted:
            if options.no_bursts and compose.read(name).drive == "bursts":
                continue
            proofs.append(bench.prove(name))
            print(row(proofs[-1]), flush=True)
    planted = [proof for proof in proofs if proof.planted is not None]
    first, inside = sum(proof.rank == 1 for proof in planted), sum(proof.inside for proof in planted)
    print(f"\n{first} of {len(planted)} ranked first; {inside} of {len(planted)} inside the estimate's range")


if __name__ == "__main__":
    main()
