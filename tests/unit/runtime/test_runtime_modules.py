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
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider
from aws_xray_sdk.core import xray_recorder

from monitor.runtime import instruments
from tests.fakes.runtime_api import Run, run_handler

ENTRY = "monitor.runtime.entry.lambda_handler"
CODE = "import sys\nLOADED = sorted(sys.modules)\ndef handler(event, context): return LOADED"

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
XRAY = """
core core.async_recorder core.context core.daemon_config core.emitters core.emitters.udp_emitter core.exceptions
core.exceptions.exceptions core.lambda_launcher core.models core.models.default_dynamic_naming
core.models.dummy_entities core.models.entity core.models.facade_segment core.models.http
core.models.noop_traceid core.models.segment core.models.subsegment core.models.throwable
core.models.trace_header core.models.traceid core.patcher core.plugins core.plugins.utils core.recorder
core.sampling core.sampling.local core.sampling.local.reservoir core.sampling.local.sampler
core.sampling.local.sampling_rule core.streaming core.streaming.default_streaming core.utils
core.utils.atomic_counter core.utils.compat core.utils.conversion core.utils.search_pattern
core.utils.stacktrace sdk_config version
"""
WRAPT = """
__wrapt__ _wrappers arguments caching decorators doc exceptions importer patches proxies signature
synchronization weakrefs wrappers
"""
OURS = """
runtime runtime.boot runtime.clock runtime.cold runtime.entry runtime.garbage runtime.imports
runtime.init runtime.instruments runtime.invoke runtime.lines runtime.load runtime.record runtime.spans runtime.tree
runtime.trim runtime.xray
"""
EXPECTED = {"aws_lambda_powertools", "aws_xray_sdk", "botocore", "monitor", "wrapt"} | {
    f"{package}.{name}"
    for package, names in (
        ("aws_lambda_powertools", POWERTOOLS),
        ("aws_xray_sdk", XRAY),
        ("monitor", OURS),
        ("wrapt", WRAPT),
    )
    for name in names.split()
}
# Of the standard library: what Powertools and the SDK use as they load, and what that brings.
STANDARD = {
    "_ast", "_bisect", "_blake2", "_contextvars", "_datetime", "_hashlib", "_locale", "_opcode", "_opcode_metadata",
    "_pydatetime", "_random", "_sha2", "_sha512", "_socket", "_struct", "_tokenize", "_typing", "array", "ast",
    "base64", "binascii", "bisect", "contextvars", "copy", "datetime", "dis", "errno", "fnmatch", "gc", "glob", "grp",
    "hashlib", "inspect", "ipaddress", "ntpath", "opcode", "pathlib", "pkgutil", "platform", "random",
    "select", "selectors", "socket", "statistics", "struct", "token", "tokenize", "typing", "urllib",
}  # fmt: skip
if sys.version_info >= (3, 14):
    STANDARD.add("fcntl")  # pathlib copies files by it


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], Run]:
    folder = tmp_path_factory.mktemp("package")
    (folder / "app.py").write_text(CODE)
    bare = run_handler("app.handler", folder, [{}])
    ours = run_handler(ENTRY, folder, [{}], env={"MONITOR_HANDLER": "app.handler"})
    return set(ours.results[0]) - set(bare.results[0]), ours


def test_the_runtime_loads_exactly_these_modules_of_packages(loaded: tuple[set[str], Run]) -> None:
    modules, _ = loaded
    packages = {name for name in modules if name.partition(".")[0] not in sys.stdlib_module_names}
    assert packages == EXPECTED


def test_the_runtime_loads_no_heavy_part_of_the_standard_library(loaded: tuple[set[str], Run]) -> None:
    modules, _ = loaded
    tops = {name.partition(".")[0] for name in modules} & sys.stdlib_module_names
    assert tops <= STANDARD


def test_the_stand_ins_were_not_needed_and_said_nothing(loaded: tuple[set[str], Run]) -> None:
    _, run = loaded
    assert [record for record in run.records if record.get("level") == "WARNING"] == []


def test_every_place_that_the_runtime_reaches_into_is_there() -> None:
    """A release that renames one fails here; in production it would cost the instrument, with a warning."""
    for name in instruments._COLD_FLAGS:
        assert importlib.import_module(name).is_cold_start in (True, False)
    assert callable(AmazonCloudWatchEMFProvider.add_cold_start_metric)
    assert isinstance(Metrics(namespace="n", service="s").provider, AmazonCloudWatchEMFProvider)
    plain = lambda event, context: None  # noqa: E731
    assert instruments._decorators(plain) == set()
    assert instruments._decorators(Logger(service="s").inject_lambda_context(plain)) == {instruments._LOGGED}
    both = Tracer(service="s", disabled=True)
    decorated = both.capture_lambda_handler(Logger(service="s").inject_lambda_context(plain))
    assert instruments._decorators(functools.partial(decorated)) == {instruments._LOGGED, instruments._TRACED}
    assert xray_recorder.emitter.ip
    assert xray_recorder.emitter.port


def test_what_was_kept_out_works_when_it_is_asked_for(package: Callable[..., Path]) -> None:
    code = (
        "import asyncio, importlib.metadata, wrapt\n"
        "from aws_lambda_powertools import Logger\nfrom aws_lambda_powertools.utilities import jmespath_utils\n"
        "logger = Logger(service='own')\n"
        "@wrapt.synchronized\nasync def one(): return 1\n"
        "@logger.inject_lambda_context(correlation_id_path='headers.id')\n"
        "def handler(event, context):\n"
        "    wrapt.discover_post_import_hooks('nobody.registers.this')\n"
        "    return [asyncio.run(one()), logger.get_correlation_id(), importlib.metadata.version('wrapt') != '',\n"
        "            jmespath_utils.query(data={'a': 5}, envelope='a'), type(asyncio).__name__]"
    )
    run = run_handler(ENTRY, package(app=code), [{"headers": {"id": "c-1"}}], env={"MONITOR_HANDLER": "app.handler"})
    assert run.results == [[1, "c-1", True, 5, "module"]]


CHANGED = {
    "needs a part of one while it loads": ("import asyncio\nasyncio.Lock", "needs asyncio while it loads"),
    "cannot load with one": (
        "import asyncio\nif type(asyncio).__name__ != 'module': raise TypeError('a stand-in')",
        "does not load without asyncio",
    ),
}


@pytest.mark.parametrize(("source", "says"), CHANGED.values(), ids=CHANGED.keys())
def test_a_library_that_has_changed_is_loaded_as_it_is_with_one_warning(tmp_path: Path, source: str, says: str) -> None:
    (tmp_path / "changed.py").write_text(source)
    script = (
        "import sys\nfrom monitor.runtime import trim\n"
        "trim.import_module('changed'); trim.import_module('changed')\nimport asyncio\n"
        "assert asyncio.Lock and type(asyncio).__name__ == 'module'\n"
        "try: trim.import_module('absent')\nexcept ModuleNotFoundError: print('absent')"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    warning, absent = done.stdout.splitlines()
    assert done.stderr == ""
    assert says in json.loads(warning)["message"]
    assert absent == "absent"
