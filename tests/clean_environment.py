"""The environment of the commands that tests start: an empty home of their own, and nothing of the developer's."""

import atexit
import os
import shutil
import tempfile

# Never a fixed path: what one command writes into its home (Chromium does) must not be there for the next run.
HOME = tempfile.mkdtemp(prefix="monitor-home-")
atexit.register(shutil.rmtree, HOME, ignore_errors=True)


def clean_environment(**more: str) -> dict[str, str]:
    """PATH, an empty HOME, no look for credentials on a machine of EC2; and `more`."""
    return {"PATH": os.environ["PATH"], "HOME": HOME, "AWS_EC2_METADATA_DISABLED": "true", **more}
