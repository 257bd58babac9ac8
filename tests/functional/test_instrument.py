"""`monitor instrument` over the wire: plans, wraps, unwraps and refuses functions on the embedded stack."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import invoke, wait_until_active
from monitor.instrument import workflow
from monitor.instrument.model import InstrumentAction
from monitor.packages.building.installed import runtime_entries
from tests.functional.conftest import Run, zip_of

ENTRY = "monitor.runtime.entry.lambda_handler"
PLAIN = "def lambda_handler(event, context):\n    return {'n': event['n'], 'handler': 'own'}\n"
ROLE = "arn:aws:iam::000000000000:role/lambda-monitor-local"
RUNTIME = "python3.11"
SECRET = "hunter2-do-not-show"

Make = Callable[..., str]


@pytest.fixture(scope="module")
def layer(connection: Connection) -> str:
    """A layer that holds the runtime."""
    files = {f"python/{entry.name}": entry.path.read_text("utf-8") for entry in runtime_entries()}
    return publish(connection, "lambda-monitor", files)


def publish(connection: Connection, name: str, files: dict[str, str], **more: Any) -> str:
    answer = connection.call(
        "lambda", "PublishLayerVersion", LayerName=name, Content={"ZipFile": zip_of(files)}, **more
    )
    return str(answer["LayerVersionArn"])


@pytest.fixture
def make(connection: Connection, request: pytest.FixtureRequest) -> Make:
    """Creates a function of the given files, named for the test; returns its name."""
    count = 0

    def create(files: dict[str, str] | None = None, **configuration: Any) -> str:
        nonlocal count
        count += 1
        name = f"wrap-{abs(hash(request.node.name)) % 10**8}-{count}"
        wanted = {
            "FunctionName": name,
            "Handler": "lambda_function.lambda_handler",
            "Runtime": RUNTIME,
            "Role": ROLE,
            "Code": {"ZipFile": zip_of(files or {"lambda_function.py": PLAIN})},
            **configuration,
        }
        connection.call("lambda", "CreateFunction", **{key: value for key, value in wanted.items() if value})
        wait_until_active(connection, name)
        return name

    return create


def settings(connection: Connection, name: str) -> dict[str, Any]:
    """All of the configuration but what every update changes."""
    answer = connection.call("lambda", "GetFunctionConfiguration", FunctionName=name)
    moving = {"ResponseMetadata", "RevisionId", "LastModified", "State", "StateReason", "StateReasonCode"}
    found = {key: value for key, value in answer.items() if key not in moving and not key.startswith("LastUpdate")}
    if not (found.get("Environment") or {}).get("Variables"):
        found.pop("Environment", None)  # the emulator tells apart an empty one and none
    return found


def update(connection: Connection, name: str, **wanted: Any) -> None:
    connection.call("lambda", "UpdateFunctionConfiguration", FunctionName=name, **wanted)
    wait_until_active(connection, name)


def test_a_plan_is_a_diff_and_changes_nothing(monitor: Run, connection: Connection, make: Make, layer: str) -> None:
    name = make(Environment={"Variables": {"TOKEN": SECRET, "OTHER": "x"}})
    before = settings(connection, name)
    done = monitor("instrument", name, "--layer", layer, "--local")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == f"{name}  ap-southeast-1  would be wrapped"
    assert "  Handler        - lambda_function.lambda_handler" in lines
    assert f"                 + {ENTRY}" in lines
    assert "  Environment    + MONITOR_HANDLER=lambda_function.lambda_handler" in lines
    assert "                   2 other variables stay as they are" in lines
    assert f"  Layers         + {layer}" in lines
    assert "  TracingConfig  - PassThrough" in lines
    assert "                 + Active" in lines
    assert "no changes made" in done.err
    assert SECRET not in done.out + done.err
    assert settings(connection, name) == before


def test_a_wrapped_function_answers_as_before_and_leaves_its_init_record(
    monitor: Run, connection: Connection, make: Make, layer: str
) -> None:
    name = make()
    before = settings(connection, name)
    own = invoke(connection, name, b'{"n": 1}').payload
    done = monitor("instrument", name, "--layer", layer, "--apply", "--local")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1] == f"{name}  ap-southeast-1  wrapped, in force"
    wrapped = settings(connection, name)
    assert wrapped["Handler"] == ENTRY
    assert wrapped["Environment"]["Variables"]["MONITOR_HANDLER"] == "lambda_function.lambda_handler"
    assert [one["Arn"] for one in wrapped["Layers"]] == [layer]
    assert wrapped["TracingConfig"] == {"Mode": "Active"}
    assert json.loads(invoke(connection, name, b'{"n": 1}').payload) == json.loads(own) == {"n": 1, "handler": "own"}
    starts = monitor("coldstarts", name, "--local", "-o", "json")
    assert starts.code == 0, starts.err
    assert "opt/python" in starts.out  # where the runtime itself was imported from
    undone = monitor("instrument", name, "--undo", "--apply", "--local")
    assert undone.code == 0, undone.err
    assert undone.out.splitlines()[-1] == f"{name}  ap-southeast-1  unwrapped, in force"
    assert settings(connection, name) == before
    assert json.loads(invoke(connection, name, b'{"n": 2}').payload) == {"n": 2, "handler": "own"}


def test_undo_keeps_what_was_changed_in_between(monitor: Run, connection: Connection, make: Make, layer: str) -> None:
    other = publish(connection, "other", {"python/other.py": ""})
    later = publish(connection, "later", {"python/later.py": ""})
    name = make(
        {"lambda_function.py": PLAIN, "second.py": PLAIN},
        Layers=[other],
        Environment={"Variables": {"MONITOR_HANDLER": "left.over", "KEPT": "1", "CHANGED": "old"}},
    )
    assert monitor("instrument", name, "--layer", layer, "--apply", "--local").code == 0
    variables = settings(connection, name)["Environment"]["Variables"]
    update(
        connection,
        name,
        MemorySize=256,
        Timeout=7,
        Layers=[other, layer, later],
        Environment={
            "Variables": {**variables, "CHANGED": "new", "ADDED": "2", "MONITOR_HANDLER": "second.lambda_handler"}
        },
    )
    done = monitor("instrument", name, "--undo", "--apply", "--local")
    assert done.code == 0, done.err
    after = settings(connection, name)
    assert after["Handler"] == "second.lambda_handler"
    assert after["Environment"]["Variables"] == {
        "MONITOR_HANDLER": "left.over",
        "KEPT": "1",
        "CHANGED": "new",
        "ADDED": "2",
    }
    assert [one["Arn"] for one in after["Layers"]] == [other, later]
    assert after["TracingConfig"] == {"Mode": "PassThrough"}
    assert (after["MemorySize"], after["Timeout"]) == (256, 7)


def test_undo_leaves_a_handler_and_tracing_that_somebody_else_has_set_since(
    monitor: Run, connection: Connection, make: Make, layer: str
) -> None:
    name = make(TracingConfig={"Mode": "Active"})
    assert monitor("instrument", name, "--layer", layer, "--apply", "--local").code == 0
    update(connection, name, Handler="lambda_function.lambda_handler")
    done = monitor("instrument", name, "--undo", "--apply", "--local")
    assert done.code == 0, done.err
    assert "note: the handler was changed since, to lambda_function.lambda_handler: it stays" in done.out
    after = settings(connection, name)
    assert after["TracingConfig"] == {"Mode": "Active"}
    assert not (after.get("Environment") or {}).get("Variables")
    assert not after.get("Layers")


def test_nothing_is_applied_to_a_function_that_was_changed_since_the_plan(
    connection: Connection, make: Make, layer: str
) -> None:
    name = make()
    prepared = workflow.prepare(connection, name, workflow.Options(layer))
    update(connection, name, Description="changed meanwhile")
    before = settings(connection, name)
    outcome = workflow.apply(prepared)
    assert outcome.error == f"{name} was changed since the plan was made: nothing was done"
    assert outcome.exit_code == 3
    assert settings(connection, name) == before


OWN_MONITOR = {"lambda_function.py": PLAIN, "monitor/__init__.py": ""}
BIG = {"Environment": {"Variables": {f"NAME_{number}": "x" * 400 for number in range(9)} | {"LAST": "y" * 300}}}
REFUSED: dict[str, tuple[dict[str, str] | None, dict[str, Any], str]] = {
    "async def": (
        {"lambda_function.py": "async def lambda_handler(event, context):\n    return 1\n"},
        {},
        "Runtime.MarshalError",
    ),
    "a monitor of its own": (OWN_MONITOR, {}, "its own top-level `monitor`"),
    "a monitor module of its own": ({"lambda_function.py": PLAIN, "monitor.py": ""}, {}, "top-level `monitor`"),
    "another runtime": (None, {"Runtime": "nodejs22.x"}, "its runtime is nodejs22.x"),
    "an old Python": (None, {"Runtime": "python3.10"}, "needs Python 3.11"),
    "another wrapper": (None, {"Handler": "datadog_lambda.handler.handler"}, "already wrapped by another library"),
    "the entry point": (None, {"Handler": ENTRY}, "already the instrumented entry point"),
    "the entry point, re-exported": (
        {"lambda_function.py": "from monitor.runtime.entry import lambda_handler as lambda_handler\n"},
        {},
        "already imports the instrumented entry point",
    ),
    "no room in the environment": (None, BIG, "more than Lambda's 4 KB"),
    "an image": (
        None,
        {"PackageType": "Image", "Code": {"ImageUri": "000000000000.dkr.ecr.ap-southeast-1.amazonaws.com/x:1"},
         "Handler": None, "Runtime": None},
        "container image",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "configuration", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_done_safely_is_refused_with_the_reason(
    connection: Connection,
    make: Make,
    layer: str,
    files: dict[str, str] | None,
    configuration: dict[str, Any],
    reason: str,
) -> None:
    name = make(files, **configuration)
    before = settings(connection, name)
    prepared = workflow.prepare(connection, name, workflow.Options(layer))
    assert prepared.plan.action is InstrumentAction.REFUSE
    assert prepared.plan.exit_code == 3
    assert reason in prepared.plan.reason
    assert workflow.apply(prepared).error == prepared.plan.reason
    assert settings(connection, name) == before


def test_a_sixth_layer_is_refused(monitor: Run, connection: Connection, make: Make, layer: str) -> None:
    five = [publish(connection, f"five-{number}", {f"python/n{number}.py": ""}) for number in range(5)]
    done = monitor("instrument", make(Layers=five), "--layer", layer, "--apply", "--local")
    assert done.code == 3
    assert "it has no room for a layer: it has 5 of 5" in done.out


def test_a_second_time_is_refused_and_so_is_undoing_nothing(monitor: Run, make: Make, layer: str) -> None:
    name = make()
    undone = monitor("instrument", name, "--undo", "--apply", "--local")
    assert undone.code == 3
    assert "monitor instrument has not wrapped it" in undone.out
    assert monitor("instrument", name, "--layer", layer, "--apply", "--local").code == 0
    again = monitor("instrument", name, "--layer", layer, "--apply", "--local")
    assert again.code == 3
    assert "monitor instrument has already wrapped it" in again.out


def test_without_the_runtime_anywhere_it_says_where_to_get_it(monitor: Run, make: Make) -> None:
    done = monitor("instrument", make(), "--local")
    assert done.code == 3
    assert "monitor.runtime is not in its package or layers" in done.out
    # Without --local the command would publish to the account of the shell.
    assert "hint: publish one with `monitor --local layer publish --apply`" in done.out


def test_a_runtime_in_the_package_or_in_a_layer_that_is_there_needs_no_other(
    monitor: Run, connection: Connection, make: Make, layer: str
) -> None:
    inside = {entry.name: entry.path.read_text("utf-8") for entry in runtime_entries()}
    brings = make({"lambda_function.py": PLAIN, **inside})
    assert monitor("instrument", brings, "--apply", "--local").code == 0
    assert not settings(connection, brings).get("Layers")
    assert json.loads(invoke(connection, brings, b'{"n": 3}').payload)["n"] == 3
    both = monitor("instrument", make({"lambda_function.py": PLAIN, **inside}), "--layer", layer, "--local")
    assert "takes precedence over the layer's" in both.out
    attached = make(Layers=[layer])
    assert monitor("instrument", attached, "--apply", "--local").code == 0
    assert monitor("instrument", attached, "--undo", "--apply", "--local").code == 0
    assert [one["Arn"] for one in settings(connection, attached)["Layers"]] == [layer]


def test_a_layer_that_is_for_another_runtime_or_is_no_layer_is_refused(
    monitor: Run, connection: Connection, make: Make
) -> None:
    files = {f"python/{entry.name}": entry.path.read_text("utf-8") for entry in runtime_entries()}
    other = publish(connection, "for-another", files, CompatibleRuntimes=["python3.13"])
    name = make()
    assert (
        "the layer is not for its runtime python3.11, but for python3.13"
        in monitor("instrument", name, "--layer", other, "--local").out
    )
    update(connection, name, Layers=[other])
    newer = publish(connection, "for-another", files)
    assert (
        f"it has another version of that layer ({other})"
        in monitor("instrument", name, "--layer", newer, "--local").out
    )
    wrong = monitor("instrument", name, "--layer", "lambda-monitor:3", "--local")
    assert wrong.code == 2
    assert "is not the ARN of a layer version" in wrong.err


def test_several_functions_each_have_their_own_outcome(
    monitor: Run, connection: Connection, make: Make, layer: str
) -> None:
    good, bad, fine = make(), make(OWN_MONITOR), make()
    pattern = good.rsplit("-", 1)[0] + "-*"
    done = monitor("instrument", pattern, "--layer", layer, "--apply", "--local", "-o", "json")
    assert done.code == 3
    assert {plan["function"]: plan["action"] for plan in done.json["plans"]} == {
        good: "wrap",
        bad: "refuse",
        fine: "wrap",
    }
    assert [one["function"] for one in done.json["outcomes"]] == [good, fine]
    assert settings(connection, good)["Handler"] == settings(connection, fine)["Handler"] == ENTRY
    assert "1 refused, 2 done" in done.err


def test_no_output_holds_the_value_of_a_variable(monitor: Run, make: Make, layer: str) -> None:
    name = make(Environment={"Variables": {"PASSWORD": SECRET}})
    for arguments in (("--layer", layer), ("--layer", layer, "--apply"), ("--undo",)):
        for output in ("text", "json"):
            done = monitor("instrument", name, *arguments, "--local", "--debug", "-o", output)
            assert SECRET not in done.out + done.err


def role(connection: Connection, name: str, actions: list[str]) -> str:
    trust = {"Version": "2012-10-17", "Statement": []}
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    arn = connection.call("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    connection.call("iam", "PutRolePolicy", RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    return str(arn)


def test_a_role_that_may_not_send_traces_is_told_and_stops_active_tracing(
    monitor: Run, connection: Connection, make: Make, layer: str
) -> None:
    name = make(Role=role(connection, "logs-only", ["logs:*"]))
    done = monitor("instrument", name, "--layer", layer, "--apply", "--local")
    assert done.code == 3
    assert "! logs-only lacks xray:PutTraceSegments, xray:PutTelemetryRecords" in done.out
    assert "not done: Lambda refuses active tracing" in done.out
    assert settings(connection, name)["Handler"] == "lambda_function.lambda_handler"
    without = monitor("instrument", name, "--layer", layer, "--apply", "--no-tracing", "--local")
    assert without.code == 0, without.err
    assert settings(connection, name)["TracingConfig"] == {"Mode": "PassThrough"}


def test_a_role_that_may_do_all_is_said_to_and_one_that_is_not_there_too(
    monitor: Run, connection: Connection, make: Make, layer: str
) -> None:
    arn = role(connection, "all-of-it", ["logs:*", "xray:Put*"])
    assert (
        "all-of-it has all permissions needed" in monitor("instrument", make(Role=arn), "--layer", layer, "--local").out
    )
    gone = monitor("instrument", make(), "--layer", layer, "--local").out
    assert "lambda-monitor-local: its permissions could not be read (there is no such role)" in gone


def test_a_version_an_alias_and_a_log_group_are_no_functions_to_change(monitor: Run, make: Make) -> None:
    name = make()
    for target, reason in ((f"{name}:live", "cannot be changed"), ("/aws/lambda/x", "is not a function")):
        done = monitor("instrument", target, "--local")
        assert done.code == 2
        assert reason in done.err
    assert monitor("instrument", "--local").code == 2
    assert monitor("instrument", name, "--undo", "--no-tracing", "--local").code == 2
    missing = monitor("instrument", f"{name}x", "--local")
    assert missing.code == 3
    assert f"did you mean '{name}'" in missing.err


def test_the_runtime_s_layer_that_package_layers_builds_is_enough(
    monitor: Run, connection: Connection, make: Make, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "lambda_function.py").write_text(PLAIN, encoding="utf-8")
    done = monitor(
        "package", "layers", str(project), "--instrument", "--installer", "here", "--out", str(tmp_path), "-o", "json"
    )
    assert done.code == 0, done.err
    content = {"ZipFile": (tmp_path / "layer-runtime.zip").read_bytes()}
    arn = connection.call("lambda", "PublishLayerVersion", LayerName="runtime", Content=content)["LayerVersionArn"]
    name = make()
    assert monitor("instrument", name, "--layer", arn, "--apply", "--local").code == 0
    assert invoke(connection, name, b'{"n": 1}').function_error is None
    assert monitor("coldstarts", name, "-o", "json", "--local").json["cold_starts"][0]["init_record"]["imports"]
