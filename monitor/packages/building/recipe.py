"""How to build a package."""

import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from monitor.packages.building.declared import Choice
from monitor.packages.model_dependencies import BuildTarget

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def architecture_here() -> str:
    """The processor of this machine, as Lambda names it."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to build.

    `installer` is auto, uv, pip, or here: the distributions of this environment, without the network. `strip` is none,
    safe or tried. `allow_build` lets code of the project and of source distributions run. `check` refuses a package
    whose distributions contradict each other. `handler` is imported where imports are compared. `cache` is a folder for
    installed dependencies; with it, what `instrument` needs comes from this environment. `deployed` says that monitor
    deploys the package too, so that no note is about how to. `optimizations` is a file that `monitor optimize` wrote.
    `say` tells the user what happens next.
    """

    python: str = HERE
    architecture: str = "x86_64"
    installer: str = "auto"
    without_sdk: bool = False
    strip: str = "safe"
    bytecode: bool = True
    instrument: bool = False
    choice: Choice = field(default_factory=Choice)
    allow_build: bool = True
    follow_links: bool = False
    check: bool = True
    handler: str = ""
    cache: Path | None = None
    deployed: bool = False
    optimizations: Path | None = None
    say: Callable[[str], None] = field(default=lambda _text: None)

    @property
    def target(self) -> BuildTarget:
        """Where the package runs."""
        return BuildTarget(self.python, self.architecture)

    @property
    def runs_here(self) -> bool:
        """Whether this Python and processor are the function's."""
        return (self.python, self.architecture) == (HERE, architecture_here())
