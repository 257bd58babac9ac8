"""Handlers under AWS's own runtime client, instrumented: what Lambda, the log and the metrics get to see."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.runtime_api import ARN, FUNCTION_NAME, SAMPLED, TRACE_ID, request_id, run_handler

ENTRY = "monitor.runtime.entry.lambda_handler"
ROOT = Path(__file__).resolve().parents[3]
Package = Callable[..., Path]

SHADOW = "raise ModuleNotFoundError(\"No module named '{0}'\", name='{0}')"


def named(handler: str, **env: str) -> dict[str, str]:
    return {"MONITOR_HANDLER": handler, **env}


def test_the_handler_s_result_and_context_arrive_unchanged(package: Package) -> None:
    code = "def handler(event, context):\n    return [event, context.aws_request_id, context.function_name]"
    run = run_handler(ENTRY, package(app=code), [{"ảnh": "đẹp"}], env=named("app.handler"))
    assert run.results == [[{"ảnh": "đẹp"}, request_id(1), FUNCTION_NAME]]
    assert run.stderr == ""


def test_a_cold_start_is_counted_once_and_not_for_warm_invocations(package: Package) -> None:
    code = "def handler(event, context):\n    return 1"
    run = run_handler(ENTRY, package(app=code), [{}, {}, {}], env=named("app.handler"))
    (record,) = run.emf("ColdStart")
    assert record["function_name"] == FUNCTION_NAME
    assert record["service"] == FUNCTION_NAME
    assert record["ColdStart"] == [1.0]
    (directive,) = record["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "LambdaMonitor"
    assert directive["Dimensions"] == [["function_name", "service"]]
    assert {"Name": "ColdStart", "Unit": "Count"} in directive["Metrics"]
    assert {metric["Name"] for metric in directive["Metrics"]} == {
        "ObservedInitDuration",
        "ImportDuration",
        "ColdStart",
    }


def test_a_cold_start_that_raises_is_counted_and_the_next_success_is_not(package: Package) -> None:
    code = "def handler(event, context):\n    if event['fail']: raise KeyError('first')\n    return 1"
    run = run_handler(ENTRY, package(app=code), [{"fail": 1}, {"fail": 0}], env=named("app.handler"))
    assert [error["errorType"] for error in run.errors] == ["KeyError"]
    assert run.results == [1]
    lines = run.stdout.splitlines()
    cold = next(index for index, line in enumerate(lines) if '"ColdStart"' in line)
    failure = next(index for index, line in enumerate(lines) if line.startswith("[ERROR] KeyError"))
    assert len(run.emf("ColdStart")) == 1
    assert cold < failure


def test_nothing_is_a_cold_start_under_provisioned_concurrency(package: Package) -> None:
    code = "from monitor.runtime import logger\ndef handler(event, context):\n    logger.info('hello')\n    return 1"
    env = named("app.handler", AWS_LAMBDA_INITIALIZATION_TYPE="provisioned-concurrency")
    run = run_handler(ENTRY, package(app=code), [{}], env=env)
    assert run.emf("ColdStart") == []
    assert run.messages("hello")[0]["cold_start"] is False
    (record,) = run.messages("monitor.init")
    assert record["monitor_init"]["initialization_type"] == "provisioned-concurrency"


def test_a_log_record_carries_the_invocation(package: Package) -> None:
    code = (
        "from monitor.runtime import logger\n"
        "def handler(event, context):\n    logger.info('xin chào', extra={'order': 7})\n    return 1"
    )
    run = run_handler(ENTRY, package(app=code), [{}, {}], env=named("app.handler"))
    first, second = run.messages("xin chào")
    assert first["cold_start"] is True
    assert second["cold_start"] is False
    assert first["function_request_id"] == request_id(1)
    assert second["function_request_id"] == request_id(2)
    assert first["function_name"] == FUNCTION_NAME
    assert first["function_arn"] == ARN
    assert first["service"] == FUNCTION_NAME
    assert first["xray_trace_id"] == TRACE_ID
    assert first["order"] == 7


def test_a_logger_made_while_the_handler_runs_carries_the_invocation_too(package: Package) -> None:
    code = "def handler(event, context):\n    from monitor.runtime import logger\n    logger.info('late')\n    return 1"
    run = run_handler(ENTRY, package(app=code), [{}, {}], env=named("app.handler"))
    assert [record["cold_start"] for record in run.messages("late")] == [True, False]
    assert [record["function_request_id"] for record in run.messages("late")] == [request_id(1), request_id(2)]


def test_one_cold_flag_serves_the_application_s_own_powertools_too(package: Package) -> None:
    code = (
        "from aws_lambda_powertools import Logger, Metrics\n"
        "logger = Logger(service='own')\nmetrics = Metrics(namespace='Own', service='own')\n"
        "@logger.inject_lambda_context\n@metrics.log_metrics(capture_cold_start_metric=True)\n"
        "def handler(event, context):\n"
        "    logger.info('mine')\n    metrics.add_metric('Orders', 'Count', 2)\n    return 1"
    )
    run = run_handler(ENTRY, package(app=code), [{}, {}], env=named("app.handler"))
    assert [record["cold_start"] for record in run.messages("mine")] == [True, False]
    assert [record["service"] for record in run.messages("mine")] == ["own", "own"]
    spaces = [record["_aws"]["CloudWatchMetrics"][0]["Namespace"] for record in run.emf("ColdStart")]
    assert spaces == ["LambdaMonitor", "Own"]
    assert [record["Orders"] for record in run.emf("Orders")] == [[2.0], [2.0]]


def test_a_cold_start_is_counted_once_in_a_namespace_that_both_use(package: Package) -> None:
    code = (
        "from aws_lambda_powertools import Metrics\nmetrics = Metrics()\n"
        "@metrics.log_metrics(capture_cold_start_metric=True)\n"
        "def handler(event, context):\n    metrics.add_metric('Orders', 'Count', 2)\n    return 1"
    )
    env = named("app.handler", POWERTOOLS_METRICS_NAMESPACE="Shop", POWERTOOLS_SERVICE_NAME="orders")
    run = run_handler(ENTRY, package(app=code), [{}], env=env)
    (record,) = run.emf("ColdStart")
    assert record["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Shop"
    assert record["service"] == "orders"


def test_the_application_s_logger_keeps_its_own_level_and_keys(package: Package) -> None:
    code = (
        "from aws_lambda_powertools import Logger\n"
        "logger = Logger(level='DEBUG', use_rfc3339=True, utc=True, team='images')\n"
        "def handler(event, context):\n    logger.debug('fine')\n    return 1"
    )
    env = named("app.handler", POWERTOOLS_SERVICE_NAME="same")
    run = run_handler(ENTRY, package(app=code), [{}], env=env)
    (record,) = run.messages("fine")
    assert record["level"] == "DEBUG"
    assert record["team"] == "images"
    assert record["timestamp"].endswith("+00:00")


@pytest.mark.parametrize("fails", [False, True])
def test_business_metrics_are_written_after_each_invocation(package: Package, fails: bool) -> None:
    code = (
        "from monitor.runtime import metrics\ndef handler(event, context):\n"
        "    metrics.add_metric('Images', 'Count', 3)\n    if event['fails']: raise ValueError('no')\n    return 1"
    )
    run = run_handler(ENTRY, package(app=code), [{"fails": fails}] * 2, env=named("app.handler"))
    assert [record["Images"] for record in run.emf("Images")] == [[3.0], [3.0]]
    assert len(run.errors) == (2 if fails else 0)


def test_an_exception_reaches_lambda_as_the_handler_raised_it(package: Package) -> None:
    code = "def deeper():\n    raise LookupError('gone')\ndef handler(event, context):\n    deeper()"
    run = run_handler(ENTRY, package(app=code), [{}], env=named("app.handler"))
    (error,) = run.errors
    assert (error["errorType"], error["errorMessage"]) == ("LookupError", "gone")
    frames = "".join(error["stackTrace"])
    assert "in deeper" in frames
    assert "aws_lambda_powertools" not in frames
    assert "aws_xray_sdk" not in frames


LOADING = [
    ("nowhere.handler", "def handler(e, c): pass", "Runtime.ImportModuleError"),
    ("app.handler", "import not_installed", "Runtime.ImportModuleError"),
    ("app.absent", "def handler(e, c): pass", "Runtime.HandlerNotFound"),
    ("app", "def handler(e, c): pass", "Runtime.MalformedHandlerName"),
    ("app.handler", "def handler(e, c)", "Runtime.UserCodeSyntaxError"),
    ("app.handler", "raise RuntimeError('no settings')", "RuntimeError"),
]


@pytest.mark.parametrize(("handler", "code", "error_type"), LOADING)
def test_a_handler_that_cannot_be_loaded_fails_exactly_as_without_the_runtime(
    package: Package, handler: str, code: str, error_type: str
) -> None:
    folder = package(app=code)
    plain = run_handler(handler, folder, [{}])
    ours = run_handler(ENTRY, folder, [{}], env=named(handler))
    assert plain.init_error is not None
    assert ours.init_error is not None
    assert ours.init_error["errorType"] == plain.init_error["errorType"] == error_type
    assert ours.init_error["errorMessage"] == plain.init_error["errorMessage"]
    assert [record for record in ours.records if record.get("level") != "INFO"] == []
    (record,) = ours.messages("monitor.init")
    assert "MONITOR_HANDLER" in record["monitor_init"]["error"]["hint"]
    assert record["monitor_init"]["error"]["type"] == error_type
    assert record["monitor_init"]["error"]["module"] == handler.partition(".")[0]
    assert record["monitor_init"]["phases"][-1]["name"] == "application"


@pytest.mark.parametrize(("handler", "code", "error_type"), LOADING[:4])
def test_without_the_runtime_client_the_user_s_module_is_named_too(
    package: Package, handler: str, code: str, error_type: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import monitor.runtime.entry"],
        cwd=package(app=code),
        env={"MONITOR_HANDLER": handler, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 1
    assert "ImportError: " in done.stderr.splitlines()[-1]
    assert handler.partition(".")[0] in done.stderr.splitlines()[-1]


def test_a_missing_dependency_is_told_apart_from_a_missing_handler(package: Package) -> None:
    run = run_handler(ENTRY, package(app="import not_installed"), [{}], env=named("app.handler"))
    (record,) = run.messages("monitor.init")
    assert record["monitor_init"]["error"]["hint"].startswith("add the distribution that provides 'not_installed'")


def test_the_entry_point_as_its_own_handler_is_explained(package: Package) -> None:
    folder = package(lambda_function="from monitor.runtime.entry import lambda_handler")
    run = run_handler(ENTRY, folder, [{}], env=named("lambda_function.lambda_handler"))
    (record,) = run.messages("monitor.init")
    assert record["monitor_init"]["error"]["hint"].startswith("MONITOR_HANDLER leads back to the entry point")
    assert run.init_error is not None


def test_an_async_handler_fails_as_without_the_runtime(package: Package) -> None:
    folder = package(app="async def handler(event, context): return 1")
    plain = run_handler("app.handler", folder, [{}])
    ours = run_handler(ENTRY, folder, [{}], env=named("app.handler"))
    assert [error["errorType"] for error in plain.errors] == ["Runtime.MarshalError"]
    assert ours.errors == plain.errors


CALLABLES = {
    "object": "class Handler:\n    def __call__(self, event, context): return event['n']\nhandler = Handler()",
    "partial": (
        "import functools\ndef add(x, event, context): return x + event['n']\nhandler = functools.partial(add, 0)"
    ),
    "method": "class H:\n    def run(self, event, context): return event['n']\nhandler = H().run",
    "lambda": "handler = lambda event, context: event['n']",
}


@pytest.mark.parametrize("code", CALLABLES.values(), ids=CALLABLES.keys())
def test_anything_callable_is_a_handler(package: Package, code: str) -> None:
    run = run_handler(ENTRY, package(app=code), [{"n": 5}], env=named("app.handler"))
    assert run.results == [5]
    assert "## handler" in [document["name"] for document in run.datagrams]


def test_a_handler_that_uses_no_instrument_loads_none(package: Package) -> None:
    shadows = {name: SHADOW.format(name) for name in ("aws_lambda_powertools", "aws_xray_sdk", "wrapt", "botocore")}
    run = run_handler(
        ENTRY, package(app="def handler(event, context): return 1", **shadows), [{}, {}], env=named("app.handler")
    )
    assert run.results == [1, 1]
    assert [record for record in run.records if record.get("level") == "WARNING"] == []
    assert [span["name"] for span in run.datagrams if not span["name"].startswith("init: ")] == ["## handler"] * 2


def test_without_powertools_the_import_of_an_instrument_fails_as_any_other(package: Package) -> None:
    folder = package(
        app="from monitor.runtime import logger\ndef handler(event, context): return 1",
        aws_lambda_powertools=SHADOW.format("aws_lambda_powertools"),
    )
    run = run_handler(ENTRY, folder, [{}], env=named("app.handler"))
    assert run.init_error is not None
    assert run.init_error["errorMessage"] == "Unable to import module 'app': No module named 'aws_lambda_powertools'"


def test_outside_lambda_the_tracer_is_off_and_the_sdk_not_loaded(package: Package) -> None:
    code = (
        "import sys\nfrom monitor.runtime import tracer\n"
        "loaded = 'botocore.session' in sys.modules\n"
        "def handler(event, context): return tracer.disabled"
    )
    env = named("app.handler", LAMBDA_TASK_ROOT="", AWS_XRAY_SDK_ENABLED="false")
    run = run_handler(ENTRY, package(app=code), [{}], env=env)
    assert run.results == [True]
    assert run.datagrams == []


def test_a_closed_stdout_and_a_broken_instrument_do_not_change_the_result(package: Package) -> None:
    code = (
        "import sys\nfrom monitor.runtime import metrics\n"
        "def handler(event, context):\n"
        "    metrics.add_metric('Images', 'Count', 1)\n"
        "    if event['close']: sys.stdout.stream.close()\n    return event['n']"
    )
    events = [{"close": False, "n": 1}, {"close": True, "n": 2}, {"close": False, "n": 3}]
    run = run_handler(ENTRY, package(app=code), events, env=named("app.handler"))
    assert run.results == [1, 2, 3]


def test_a_context_that_the_logger_cannot_read_does_not_stop_the_handler(package: Package) -> None:
    code = (
        "import awslambdaric.bootstrap as bootstrap\nbootstrap.create_lambda_context = lambda *a: None\n"
        "from monitor.runtime import logger\n"
        "def handler(event, context): return [event, context]"
    )
    run = run_handler(ENTRY, package(app=code), [7, 8], env=named("app.handler"))
    assert run.results == [[7, None], [8, None]]
    assert [record["message"] for record in run.records if record.get("level") == "WARNING"] == [
        "monitor: the logger's context failed",
    ]


def test_the_root_lambda_function_is_the_entry_point(package: Package) -> None:
    root = ROOT / "lambda_function.py"
    folder = package(app="def handler(e, c): return 1", lambda_function=root.read_text(encoding="utf-8"))
    run = run_handler("lambda_function.lambda_handler", folder, [{}], env=named("app.handler"))
    assert run.results == [1]
    assert len(run.emf("ColdStart")) == 1


def test_powertools_variables_apply_to_the_runtime_s_instruments(package: Package) -> None:
    env = named(
        "app.handler",
        POWERTOOLS_LOGGER_LOG_EVENT="true",
        POWERTOOLS_TRACER_CAPTURE_RESPONSE="true",
        POWERTOOLS_METRICS_DISABLED="true",
        POWERTOOLS_SERVICE_NAME="orders",
    )
    code = "from monitor.runtime import logger\ndef handler(event, context): return {'secret': 1}"
    run = run_handler(ENTRY, package(app=code), [{"a": 1}], env=env, trace_header=SAMPLED)
    assert len([record for record in run.records if record.get("message") == {"a": 1}]) == 1
    assert [record for record in run.records if "_aws" in record] == []
    (span,) = [document for document in run.datagrams if document["name"] == "## handler"]
    assert span["metadata"] == {"orders": {"handler response": {"secret": 1}}}
    assert span["annotations"] == {"ColdStart": True, "Service": "orders"}
