"""Exactly what the runtime loads: a new release of a library that needs more is seen here, not in production."""

import functools
import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_xray_sdk.core import xray_recorder

from monitor.runtime import instruments, start_metrics
from tests.fakes.runtime_api import run_handler

ENTRY = "monitor.runtime.entry.lambda_handler"
LOADED = "import sys\nLOADED = sorted(sys.modules)\ndef handler(event, context): return LOADED"
USING = "from monitor.runtime import logger, metrics\n"

# Of aws-lambda-powertools, for a logger and metrics.
POWERTOOLS = """
logging logging.buffer logging.buffer.cache logging.buffer.config logging.buffer.functions
logging.constants logging.exceptions logging.filters logging.formatter logging.lambda_context logging.logger
metrics metrics.base metrics.exceptions metrics.functions metrics.metrics metrics.provider metrics.provider.base
metrics.provider.cloudwatch_emf metrics.provider.cloudwatch_emf.cloudwatch
metrics.provider.cloudwatch_emf.constants metrics.provider.cloudwatch_emf.exceptions
metrics.provider.cloudwatch_emf.metric_properties metrics.provider.cold_start package_logger shared
shared.constants shared.functions shared.lazy_import shared.types shared.user_agent shared.version tracing
tracing.extensions tracing.tracer utilities warnings
"""
OURS = """
boot clock cold daemon entry frames garbage imports init invoke libraries lines load record segments settings spans
start_metrics tree
"""


def _names(package: str, names: str) -> set[str]:
    return {package} | {f"{package}.{name}" for name in names.split()}


RUNTIME = {"monitor"} | _names("monitor.runtime", OURS)
# The user agent of Powertools brings botocore's top package, which is small.
INSTRUMENTS = {"botocore", "monitor.runtime.instruments", "monitor.runtime.trim"}
# Of the standard library: the runtime's own needs, and what Powertools uses as it loads.
OF_THE_RUNTIME = {"_socket", "_contextvars", "contextvars", "binascii", "zlib", "gc"}
OF_POWERTOOLS = {
    "_bisect", "_blake2", "_datetime", "_hashlib", "_pydatetime", "_random", "_sha2", "_sha512", "_struct", "_typing",
    "base64", "bisect", "copy", "datetime", "hashlib", "numbers", "random", "statistics", "struct", "typing",
}  # fmt: skip


def _loaded(folder: Path, code: str) -> set[str]:
    """The modules that are loaded as the handler's module is, in addition to those of a bare start."""
    (folder / "app.py").write_text(code)
    (folder / "bare.py").write_text(LOADED)
    bare = run_handler("bare.handler", folder, [{}])
    ours = run_handler(ENTRY, folder, [{}], env={"MONITOR_HANDLER": "app.handler"})
    assert [record for record in ours.records if record.get("level") == "WARNING"] == []
    return set(ours.results[0]) - set(bare.results[0]) - {"app", "bare"}


def _split(modules: set[str]) -> tuple[set[str], set[str]]:
    """Of packages, by name; and of the standard library, by top-level name."""
    tops = {name for name in modules if name.partition(".")[0] in sys.stdlib_module_names}
    return modules - tops, {name.partition(".")[0] for name in tops}


def test_the_runtime_alone_loads_exactly_these_modules(tmp_path: Path) -> None:
    packages, standard = _split(_loaded(tmp_path, LOADED))
    assert packages == RUNTIME
    assert standard <= OF_THE_RUNTIME


def test_a_logger_and_metrics_load_exactly_these_modules_in_addition(tmp_path: Path) -> None:
    packages, standard = _split(_loaded(tmp_path, USING + LOADED))
    assert packages - RUNTIME == INSTRUMENTS | _names("aws_lambda_powertools", POWERTOOLS)
    assert standard <= OF_THE_RUNTIME | OF_POWERTOOLS


def test_every_place_that_the_runtime_reaches_into_is_there() -> None:
    """A release that renames one fails here; in production it would cost the instrument, with a warning."""
    assert importlib.import_module(instruments._LOGGER_MODULE).is_cold_start in (True, False)
    assert importlib.import_module(start_metrics._COUNTED).is_cold_start in (True, False)
    assert {"_metrics", "_dimensions", "_metadata", "_default_dimensions"} <= vars(Metrics).keys()
    assert callable(Logger._get_logger)
    assert callable(Logger._init_logger)
    plain = lambda event, context: None  # noqa: E731
    assert instruments._decorators(plain) == set()
    assert instruments._decorators(Logger(service="s").inject_lambda_context(plain)) == {instruments._LOGGED}
    both = Tracer(service="s", disabled=True)
    decorated = both.capture_lambda_handler(Logger(service="s").inject_lambda_context(plain))
    assert instruments._decorators(functools.partial(decorated)) == {instruments._LOGGED, instruments._TRACED}
    assert hasattr(xray_recorder.context, "_local")


def test_what_was_kept_out_works_when_it_is_asked_for(package: Callable[..., Path]) -> None:
    code = (
        "import sys\nfrom monitor.runtime import logger, tracer\nimport aws_lambda_powertools as powertools\n"
        "from aws_lambda_powertools.logging import formatter\nfrom aws_lambda_powertools.shared import functions\n"
        "from aws_lambda_powertools.utilities import jmespath_utils\nimport inspect, pathlib\n"
        "logger = type(logger).__mro__[1](service='own')\n"
        "@tracer.capture_method\ndef plain(): return 1\n"
        "@logger.inject_lambda_context(correlation_id_path='headers.id')\n"
        "def handler(event, context):\n"
        "    return [logger.get_correlation_id(), jmespath_utils.query(data={'a': 5}, envelope='a'), plain(),\n"
        "            type(powertools.PACKAGE_PATH) is type(pathlib.Path()), str(powertools.PACKAGE_PATH.name),\n"
        "            functions.abs_lambda_path('x').endswith('/x'),\n"
        "            formatter.RESERVED_FORMATTER_CUSTOM_KEYS\n"
        "                == inspect.getfullargspec(formatter.LambdaPowertoolsFormatter).args[1:],\n"
        "            [type(sys.modules[name]).__name__ for name in (jmespath_utils.__name__, 'inspect', 'pathlib')]]"
    )
    run = run_handler(ENTRY, package(app=code), [{"headers": {"id": "c-1"}}], env={"MONITOR_HANDLER": "app.handler"})
    assert run.results == [["c-1", 5, 1, True, "aws_lambda_powertools", True, True, ["module"] * 3]]
    assert [record for record in run.records if record.get("level") == "WARNING"] == []


def test_what_powertools_does_not_have_is_still_an_attribute_error(package: Callable[..., Path]) -> None:
    code = (
        "from monitor.runtime import logger\nimport aws_lambda_powertools\n"
        "def handler(event, context): return [hasattr(aws_lambda_powertools, 'nothing'), aws_lambda_powertools.nothing]"
    )
    run = run_handler(ENTRY, package(app=code), [{}], env={"MONITOR_HANDLER": "app.handler"})
    assert [error["errorMessage"] for error in run.errors] == [
        "module 'aws_lambda_powertools' has no attribute 'nothing'"
    ]


def test_stand_ins_stay_within_powertools(package: Callable[..., Path]) -> None:
    code = (
        "from monitor.runtime import logger, metrics\nimport sys\n"
        "def handler(event, context):\n"
        "    return sorted(name for name, module in list(sys.modules.items())\n"
        "                  if any(type(value).__module__ == 'monitor.runtime.trim' for value in vars(module).values()))"
    )
    (holding,) = run_handler(ENTRY, package(app=code), [{}], env={"MONITOR_HANDLER": "app.handler"}).results
    assert [name for name in holding if not name.startswith(("aws_lambda_powertools", "monitor.runtime.trim"))] == []


JMESPATH = "aws_lambda_powertools.utilities.jmespath_utils"
CHANGED = {
    "needs a part of one while it loads": (
        f"import {JMESPATH} as utils\nutils.query",
        f"needs {JMESPATH}",
    ),
    "cannot load with one": (
        f"import importlib\nutils = importlib.import_module('{JMESPATH}')\n"
        "if type(utils).__name__ != 'module': raise TypeError('a stand-in')",
        f"does not load without {JMESPATH}",
    ),
}


@pytest.mark.parametrize(("source", "says"), CHANGED.values(), ids=CHANGED.keys())
def test_a_library_that_has_changed_is_loaded_as_it_is_with_one_warning(tmp_path: Path, source: str, says: str) -> None:
    (tmp_path / "changed.py").write_text(source)
    script = (
        "import sys\nfrom monitor.runtime import trim\n"
        "trim.import_module('changed'); trim.import_module('changed')\n"
        f"import {JMESPATH} as utils\n"
        "assert utils.query and type(utils).__name__ == 'module'\n"
        "try: trim.import_module('absent')\nexcept ModuleNotFoundError: print('absent')"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    warning, absent = done.stdout.splitlines()
    assert done.stderr == ""
    assert says in json.loads(warning)["message"]
    assert absent == "absent"
