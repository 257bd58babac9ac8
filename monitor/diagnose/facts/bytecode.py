"""Which modules have no bytecode, and how long compiling them can take."""

from monitor.diagnose.facts.common import module_files
from monitor.packages.model import PackageReport

# The limit of the compile time by source size: 0.1 to 1 µs a byte on the development machine, and three times that on a
# shared CPU. Without it, half of an init spent in the runtime's SDK would be attributed to a handler of a few lines.
US_A_BYTE, MOST_US_A_BYTE = 1.0, 3.0


def most_compiled_ms(size_bytes: int) -> float:
    """The longest that compiling a file of this size takes."""
    return size_bytes / 1000 * MOST_US_A_BYTE


def without_bytecode(report: PackageReport, python: str) -> dict[str, str]:
    """The modules without a `.pyc` for this Python version, each with its file."""
    names = {file.name for container in report.containers for file in container.files}
    tag = f".cpython-{python.replace('.', '')}.pyc"
    return {
        module: name
        for module, name in module_files(report).items()
        if f"{name}c" not in names and _cached(name, tag) not in names
    }


def _cached(name: str, tag: str) -> str:
    folder, slash, leaf = name.rpartition("/")
    return f"{folder}{slash}__pycache__/{leaf.removesuffix('.py')}{tag}"
