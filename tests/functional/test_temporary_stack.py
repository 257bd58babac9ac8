"""The embedded stack that a command runs for itself."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

SCRIPT = """
import json, os, sys
from pathlib import Path
from monitor.aws.deploy import Deployment, deploy, invoke
from monitor.console.embedded_stack import temporary_stack

before = dict(os.environ)
with temporary_stack() as connection:
    deploy(connection, Deployment("f", Path(sys.argv[1]), "lambda_function.lambda_handler"))
    region = json.loads(invoke(connection, "f", b"{}").payload)
print(json.dumps({"function": region, "connection": connection.region, "same": dict(os.environ) == before}))
"""


def test_its_functions_see_its_region_and_the_process_s_environment_stays_as_it_was(tmp_path: Path) -> None:
    package = tmp_path / "function.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("lambda_function.py", "import os\nlambda_handler = lambda e, c: os.environ['AWS_REGION']\n")
    # A process holds one stack at most, and this one may hold one already.
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(package)],
        env={**os.environ, "AWS_REGION": "eu-north-1", "MONITOR_STATE_HOME": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == {"function": told["connection"], "connection": "ap-southeast-1", "same": True}
