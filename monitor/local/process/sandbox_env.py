"""The runtime folder and the environment variables of a sandbox."""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from monitor.errors import UsageError
from monitor.local.functions.function_spec import FunctionSpec
from monitor.local.process.spawner import TELEMETRY_FD

# The distributions that a managed Python runtime has in /var/runtime.
_RUNTIME_DISTRIBUTIONS = (
    "awslambdaric",
    "simplejson",
    "snapshot-restore-py",
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "python-dateutil",
    "urllib3",
    "six",
)
_COMPILED = (".so", ".pyd")
# Lambda's folders, as a function's PYTHONPATH names them.
_TASK, _OPT = "/var/task", "/opt"


def build_runtime_dir(target: Path, *, compiled: bool = True) -> None:
    """Create `target`, which replaces /var/runtime, with links to this environment's packages and sandbox_main.py.

    Without `compiled`, for another Python version, awslambdaric's C client is replaced by one in Python. Raises
    UsageError when awslambdaric is not installed; other missing distributions are left out.
    """
    target.mkdir(parents=True)
    for name in _RUNTIME_DISTRIBUTIONS:
        try:
            found = distribution(name)
        except PackageNotFoundError:
            if name == "awslambdaric":
                raise UsageError("awslambdaric is not installed", "pip install 'lambda-monitor[local]'") from None
            continue
        for top in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "bin", "__pycache__")}:
            source = Path(str(found.locate_file(top)))
            link = target / top
            if source.exists() and not link.exists() and (compiled or source.suffix not in _COMPILED):
                link.symlink_to(source)
    here = Path(__file__)
    scripts = {"sandbox_main.py": "sandbox_main.py"}
    if not compiled:
        scripts["runtime_client_shim.py"] = "runtime_client.py"
    for script, name in scripts.items():
        shutil.copyfile(here.with_name(script), target / name)
        (target / name).chmod(0o444)
    # All functions share this folder: none may replace what the next one starts with.
    target.chmod(0o555)


@dataclass(frozen=True, slots=True)
class SandboxPaths:
    """The folders of one environment."""

    task_root: Path
    layers_root: Path
    runtime_root: Path
    home: Path
    tmp: Path


def build_environment(
    spec: FunctionSpec,
    paths: SandboxPaths,
    *,
    runtime_name: str,
    runtime_api: str,
    endpoint: str,
    xray_address: str,
    log_stream: str,
    access_key: str,
) -> dict[str, str]:
    """The variables of a function's process (AWS Lambda developer guide, "Defined runtime environment variables").

    The function's own variables override Lambda's defaults, but not the reserved variables. /var/task and /opt in its
    PYTHONPATH are translated to the folders used here.
    """
    env = {
        "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "LD_LIBRARY_PATH": f"{paths.task_root}:{paths.task_root}/lib:{paths.layers_root}/lib",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": str(paths.runtime_root),
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "HOME": str(paths.home),
        "TMPDIR": str(paths.tmp),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint,
    }
    own = dict(spec.environment)
    if "PYTHONPATH" in own:
        own["PYTHONPATH"] = translate_path(own["PYTHONPATH"], paths)
    env |= own
    env |= {
        "_HANDLER": spec.handler,
        "_LAMBDA_TELEMETRY_LOG_FD": str(TELEMETRY_FD),
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime_name}",
        "AWS_REGION": spec.tenant.region,
        "AWS_DEFAULT_REGION": spec.tenant.region,
        # The stack checks the access key; nothing checks the secret key.
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        "AWS_XRAY_DAEMON_ADDRESS": xray_address,
        "_AWS_XRAY_DAEMON_ADDRESS": xray_address.partition(":")[0],
        "_AWS_XRAY_DAEMON_PORT": xray_address.partition(":")[2],
        "LAMBDA_TASK_ROOT": str(paths.task_root),
        "LAMBDA_RUNTIME_DIR": str(paths.runtime_root),
        "MONITOR_LAYERS_ROOT": str(paths.layers_root),
    }
    if spec.json_logs:
        env |= {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": spec.application_log_level}
    return env


def translate_path(value: str, paths: SandboxPaths) -> str:
    """Replace Lambda's folders in a PYTHONPATH by the folders used here."""
    roots = ((_TASK, paths.task_root), (_OPT, paths.layers_root), ("/var/runtime", paths.runtime_root))
    return os.pathsep.join(_translated(entry, roots) for entry in value.split(":") if entry)


def _translated(entry: str, roots: Iterable[tuple[str, Path]]) -> str:
    for root, place in roots:
        if entry == root or entry.startswith(root + "/"):
            return str(place) + entry[len(root) :]
    return entry
