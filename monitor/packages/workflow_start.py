"""Start a package once under Lambda's runtime client, without calling its handler."""

import json
import re
import shutil
import uuid
import zipfile
from pathlib import Path

from monitor.aws.connection import Connection
from monitor.aws.deploy import Deployment, deploy, invoke
from monitor.console.temporary import temporary_folder
from monitor.kernel.budgets import START_S
from monitor.packages.model_plan import StartTrial

_MODULE = "_monitor_started"
_VARIABLE = "MONITOR_STARTED_HANDLER"
# Loads the handler as awslambdaric does, so that the init is the same; an invocation then calls this function.
_SOURCE = f"""
import importlib, os
_module, _, _name = os.environ["{_VARIABLE}"].rpartition(".")
_loaded = importlib.import_module(_module.replace("/", "."))
if not hasattr(_loaded, _name):
    raise ImportError(f"Runtime.HandlerNotFound: handler {{_name!r}} missing on module {{_module!r}}")


def started(event, context):
    return "started"
"""
# Errors of a package that lacks something, as opposed to an environment that does.
_DEFECTS = re.compile(
    r"ModuleNotFoundError|ImportError|Runtime\.ImportModuleError|Runtime\.HandlerNotFound|No module named"
    r"|cannot open shared object file|version `GLIBC|SyntaxError|UserCodeSyntaxError|PackageNotFoundError"
)


def try_start(connection: Connection, package: Path, handler: str, environment: dict[str, str]) -> StartTrial:
    """Start the zip `package` once on the stack of `connection`; the result says what its init did."""
    name = f"start-{uuid.uuid4().hex[:8]}"
    with temporary_folder() as folder:
        copy = folder / "package.zip"
        shutil.copyfile(package, copy)
        with zipfile.ZipFile(copy, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{_MODULE}.py", _SOURCE)
        variables = {**environment, _VARIABLE: handler}
        deploy(connection, Deployment(name, copy, f"{_MODULE}.started", 1024, START_S, variables))
        result = invoke(connection, name, b"{}")
    if result.function_error is None and result.report is not None:
        return StartTrial(handler, init_ms=result.report.init_ms)
    error = error_of(result.payload).replace(_MODULE, handler.rpartition(".")[0])
    return StartTrial(handler, error=error, is_defect=_DEFECTS.search(error) is not None)


def error_of(payload: bytes) -> str:
    """The error in the answer of an invocation, in one line."""
    try:
        answer = json.loads(payload)
        text = f"{answer.get('errorType') or 'error'}: {answer.get('errorMessage') or ''}"
    except (ValueError, AttributeError):
        text = payload.decode(errors="replace")
    return " ".join(text.split())[:300]
