"""What a sandbox sees: the runtime's folder, and the environment variables of a Lambda function."""

import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from monitor.errors import UsageError
from monitor.local.function_spec import FunctionSpec
from monitor.local.spawner import TELEMETRY_FD

# What a managed Python runtime has in /var/runtime.
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
INTERPRETER = os.path.realpath(sys.executable)
RUNTIME_NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"
# Of the platform; a function cannot set them, and Lambda refuses those that it reserves.
_TASK, _OPT = "/var/task", "/opt"


def build_runtime_dir(target: Path) -> None:
    """Fill `target`, the stand-in for /var/runtime, with links to this environment's copies and our main.

    Raises UsageError when awslambdaric is not installed; a missing other one is left out.
    """
    target.mkdir(parents=True)
    for name in _RUNTIME_DISTRIBUTIONS:
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:
            if name == "awslambdaric":
                raise UsageError("awslambdaric is not installed", "pip install 'lambda-monitor[local]'") from None
            continue
        located = {file.parts[0]: Path(str(file.locate())) for file in files if file.parts[0] not in ("..", "bin")}
        for top in located:
            source = Path(str(distribution(name).locate_file(top)))
            link = target / top
            if top != "__pycache__" and source.exists() and not link.exists():
                link.symlink_to(source)
    shutil.copyfile(Path(__file__).with_name("sandbox_main.py"), target / "sandbox_main.py")


@dataclass(frozen=True, slots=True)
class SandboxPaths:
    """The folders of one environment, as the function sees them."""

    task_root: Path
    layers_root: Path
    runtime_root: Path
    home: Path
    tmp: Path


def build_environment(
    spec: FunctionSpec, paths: SandboxPaths, *, runtime_api: str, endpoint: str, xray_address: str, log_stream: str
) -> dict[str, str]:
    """The variables of a function's process (AWS Lambda developer guide, "Defined runtime environment variables").

    The function's own come over Lambda's defaults but not over what identifies the sandbox; /var/task and
    /opt in its PYTHONPATH are read as the folders that stand for them.
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
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{RUNTIME_NAME}",
        "AWS_REGION": spec.tenant.region,
        "AWS_DEFAULT_REGION": spec.tenant.region,
        # The access key names the account to the emulator; nothing verifies the secret.
        "AWS_ACCESS_KEY_ID": spec.tenant.access_key,
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
    """PYTHONPATH with Lambda's folders -> with the ones that stand for them here."""
    roots = ((_TASK, paths.task_root), (_OPT, paths.layers_root), ("/var/runtime", paths.runtime_root))
    return os.pathsep.join(_translated(entry, roots) for entry in value.split(":") if entry)


def _translated(entry: str, roots: Iterable[tuple[str, Path]]) -> str:
    for root, place in roots:
        if entry == root or entry.startswith(root + "/"):
            return str(place) + entry[len(root) :]
    return entry


def command(paths: SandboxPaths, handler: str) -> list[str]:
    """The process of a sandbox. `-S`: no site-packages but the runtime's, whatever this interpreter has."""
    return [INTERPRETER, "-S", str(paths.runtime_root / "sandbox_main.py"), handler]


def runtime_label(requested: str) -> str:
    """The runtime version for INIT_START; says so when the function asks for another Python than this one."""
    here = f"python:{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    return here if requested == RUNTIME_NAME else f"{here} (here in place of {requested})"
