"""git as the judge of a patch."""

import os
import subprocess
import tempfile
from pathlib import Path


def git_applied(patch: str, name: str, before: str, *options: str) -> str:
    """What git makes of a file; it is asked for a check first."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(before.encode())
        Path(folder, "the.diff").write_bytes(patch.encode())
        environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        for more in (("--check",), ()):
            command = ["git", "apply", *options, *more, "the.diff"]
            subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        return path.read_bytes().decode()
