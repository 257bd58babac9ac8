"""`monitor coldstarts --from FILE`: one test an option, by what it changes in the output."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.coldstarts.analyze_figures import COLD_START_FIGURES
from monitor.errors import CheckFailedError, UsageError
from monitor.main import cli

PROFILE = (
    "import time: self [us] | cumulative | imported package\n"
    "import time:     90000 |      90000 |   botocore\nimport time:      2000 |      92000 | boto3\n"
)


def report(number: int, at: str, *, init_ms: float | None = None, version: str = "7", memory: int = 512) -> str:
    head = f"2026-11-23T{at}.000000+00:00 2026/11/23/[{version}]{number:04x} "
    init = "" if init_ms is None else f"Init Duration: {init_ms} ms\t"
    return (
        f"{head}START RequestId: r{number} Version: {version}\n"
        f"{head}REPORT RequestId: r{number}\tDuration: 10 ms\tBilled Duration: 10 ms\tMemory Size: {memory} MB"
        f"\tMax Memory Used: 90 MB\t{init}\n"
    )


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = tmp_path / "log"
    cold = [report(number, f"09:00:{number:02d}", init_ms=400 + number) for number in range(10)]
    cold += [report(100 + number, f"10:00:{number:02d}", init_ms=900 + number, version="8") for number in range(10)]
    warm = [report(200 + number, f"10:01:{number:02d}", version="8", memory=1024) for number in range(20)]
    path.write_text("".join(cold + warm), encoding="utf-8")
    return str(path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["coldstarts", *arguments], standalone_mode=False, env={"COLUMNS": "140"})


def durable(number: int, execution: str, at: str, *, init_ms: float | None = None, stream: str = "") -> str:
    """An invocation of a durable execution in a stream of its own, or in one that is given."""
    head = f"2026-11-23T{at}.000000+00:00 2026/11/23/[7]{stream or format(number, '04x')} "
    request_id = f"{number:08x}-1c2d-4e3f-8a9b-0123456789ab"
    arn = f"arn:aws:lambda:eu-west-1:123456789012:function:pay:7/durable-execution/{execution}"
    logged = json.dumps({"level": "INFO", "message": "step", "executionArn": arn, "requestId": request_id})
    init = "" if init_ms is None else f"\tInit Duration: {init_ms} ms"
    figures = "Duration: 10 ms\tBilled Duration: 10 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB"
    return (
        f"{head}START RequestId: {request_id} Version: 7\n{head}{logged}\n"
        f"{head}END RequestId: {request_id}\n{head}REPORT RequestId: {request_id}\t{figures}{init}\n"
    )


@pytest.mark.parametrize("in_order", [True, False])
def test_a_replay_of_a_durable_execution_is_no_invocation_and_no_cold_start(tmp_path: Path, in_order: bool) -> None:
    parts = [
        durable(1, "order-7/id-a", "09:00:00", init_ms=400),
        durable(2, "order-8/id-b", "09:01:00", stream="0001"),
        durable(3, "order-7/id-a", "10:00:00", init_ms=500),
        durable(4, "order-7/id-a", "11:00:00", stream="0003"),
        durable(5, "order-8/id-b", "11:00:30", init_ms=600),
        report(6, "11:01:00", init_ms=700),
    ]
    log = tmp_path / "log"
    # As an export to S3 has them, one stream after the other in any order.
    log.write_text("".join(parts if in_order else [parts[4], *parts[2:4], *parts[:2], parts[5]]), encoding="utf-8")
    found = json.loads(run("--from", str(log), "--by", "version", "-o", "json").stdout)
    (summary,), (group,) = found["summaries"], found["groups"]
    assert (summary["invocations"], summary["cold_starts"], summary["replays"]) == (3, 2, 3)
    assert [one["init_ms"] for one in found["cold_starts"]] == [400.0, 700.0]
    assert summary["by_kind"] == {"on-demand": 2, "durable-replay": 2}
    assert (group["invocations"], group["cold_starts"], summary["warm_duration"]["count"]) == (3, 2, 1)
    text = run("--from", str(log)).stdout
    assert "2 cold starts in 3 invocations (66.7%)" in text
    assert "left out: 3 replays of durable executions, for which nobody waited" in text


HEAD = "2026-11-23T09:00:00.000000+00:00 2026/11/23/[7]0001 "
STARTED = (
    "EXTENSION\tName: lambda-adapter\tState: Ready\tEvents: []",
    json.dumps({"type": "platform.extension", "record": {"name": "lambda-adapter", "state": "Ready", "events": []}}),
    "INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)",
    " * Running on http://127.0.0.1:8080",
    "[2026-11-23 09:00:00 +0000] [9] [INFO] Listening at: http://0.0.0.0:8080 (9)",
)


@pytest.mark.parametrize("line", STARTED)
def test_a_function_that_starts_a_web_server_is_named_as_a_web_function(tmp_path: Path, line: str) -> None:
    log = tmp_path / "log"
    init = f"{HEAD}INIT_START Runtime Version: python:3.13.v60\tRuntime Version ARN: arn:aws:lambda:::runtime:01\n"
    log.write_text(f"{init}{HEAD}{line}\n{report(1, '09:00:03', init_ms=2700)}", encoding="utf-8")
    assert "this is a web function: its init includes the wait until its server" in run("--from", str(log)).stdout
    # Inside an invocation, the function only mentions an address.
    log.write_text(report(1, "09:00:03", init_ms=2700).replace("Z", "").replace("\n", f"\n{HEAD}see {line}\n", 1))
    assert "web function" not in run("--from", str(log)).stdout


def test_events_of_lambdas_web_functions_are_said_not_to_be_counted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    event = json.dumps({"type": "platform.invokeReport", "record": {"requestId": "r", "metrics": {"durationMs": 3}}})
    log.write_text(f"{HEAD}{event}\n{HEAD}{event}\n", encoding="utf-8")
    refused = run("--from", str(log)).exception
    assert isinstance(refused, UsageError)
    assert "contains only events of a web function" in str(refused)
    log.write_text(f"{HEAD}{event}\n{report(1, '09:00:03')}", encoding="utf-8")
    assert "not counted: 1 event of a web function" in run("--from", str(log)).stderr


def test_by_version_gives_each_its_counts_and_init(log: str) -> None:
    groups = json.loads(run("--from", log, "--by", "version", "-o", "json").stdout)["groups"]
    assert [(one["label"], one["invocations"], one["cold_starts"], one["init"]["p50"]) for one in groups] == [
        ("7", 10, 10, 404.5), ("8", 30, 10, 904.5),
    ]  # fmt: skip


def test_by_memory_and_by_hour_and_by_kind(log: str) -> None:
    for by, labels in (
        ("memory", [("512 MB", 20), ("1024 MB", 20)]),
        ("hour", [("1795424400000", 10), ("1795428000000", 30)]),
        ("kind", [("on-demand", None)]),
    ):
        groups = json.loads(run("--from", log, "--by", by, "-o", "json").stdout)["groups"]
        assert [(one["label"], one["invocations"]) for one in groups] == labels
    assert "2026-11-23 09:00" in run("--from", log, "--by", "hour", "--utc").stdout


def test_compare_with_another_file_says_what_changed_and_by_which_test(log: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("".join(report(n, f"08:00:{n:02d}", init_ms=200 + n) for n in range(12)), encoding="utf-8")
    text = run("--from", log, "--compare", str(other)).stdout
    assert "more than noise (Mann-Whitney U, p" in text
    # The middle of 200..211 is 205.5; between the tenth and eleventh of 400..409, 900..909 lies 654.5.
    assert "+218%" in text
    (found,) = json.loads(run("--from", log, "--compare", str(other), "-o", "json").stdout)["comparisons"]
    assert found["init"]["before"] == 205.5


def test_a_comparison_says_that_the_runtime_changed_between_its_sides(log: str, tmp_path: Path) -> None:
    def with_runtime(name: str, version: str, hour: int) -> str:
        lines = []
        for number in range(12):
            at = f"{hour:02d}:00:{number:02d}"
            init = (
                f"INIT_START Runtime Version: python:3.12.{version}\tRuntime Version ARN: arn:aws:lambda:x::runtime:1"
            )
            head = f"2026-11-23T{at}.000000+00:00 2026/11/23/[7]{number:04x} "
            lines.append(f"{head}{init}\n" + report(number, at, init_ms=200 + number))
        path = tmp_path / name
        path.write_text("".join(lines), encoding="utf-8")
        return str(path)

    before, after = with_runtime("before", "v45", 8), with_runtime("after", "v46", 9)
    done = run("--from", after, "--compare", before)
    assert "several versions of the runtime (python:3.12.v45 since" in done.stderr
    found = json.loads(run("--from", after, "--compare", before, "-o", "json").stdout)["runtimes"]
    assert [[version for version, _ in versions] for versions in found.values()] == [
        ["python:3.12.v45", "python:3.12.v46"]
    ]
    assert "versions of the runtime" not in run("--from", after, "--compare", after).stderr


def test_list_shows_the_slowest_with_their_ids(log: str) -> None:
    text = run("--from", log, "--list", "--slowest", "2").stdout
    assert text.count("request r") == 2
    assert "request r109" in text
    assert "stream 2026/11/23/[8]006d" in text


def test_a_file_s_cost_follows_from_the_region_and_the_architecture(log: str) -> None:
    known = ("--region", "eu-west-1", "--architecture", "arm64")
    (summary,) = json.loads(run("--from", log, *known, "-o", "json").stdout)["summaries"]
    # 20 cold invocations, billed 10 ms each at half a GB, and their requests.
    assert summary["cost_usd"] == pytest.approx(20 * (0.010 * 0.5 * 0.0000133334 + 0.0000002))
    assert json.loads(run("--from", log, "-o", "json").stdout)["summaries"][0]["cost_usd"] is None


def test_csv_has_a_row_a_function(log: str) -> None:
    heading, row = run("--from", log, "-o", "csv").stdout.splitlines()
    assert dict(zip(heading.split(","), row.split(","), strict=True))["cold_starts"] == "20"


def test_imports_from_pythonprofileimporttime_as_table_tree_and_files(tmp_path: Path) -> None:
    path, saved, scope = tmp_path / "log", tmp_path / "saved.json", tmp_path / "scope.json"
    path.write_text(PROFILE * 2, encoding="utf-8")
    done = run("--from", str(path), "--imports", "--save", str(saved), "--speedscope", str(scope))
    assert "imports take 92.0 ms (mean of 2 cold starts, import profiles)" in done.stdout
    assert json.loads(scope.read_text(encoding="utf-8"))["profiles"][0]["endValue"] == 92.0
    tree = run("--from", str(path), "--tree").stdout.splitlines()
    assert [line.split()[0] for line in tree[3:]] == ["boto3", "botocore"]
    path.write_text(PROFILE.replace("90000", "30000").replace("92000", "32000"), encoding="utf-8")
    changed = run("--from", str(path), "--diff", str(saved)).stdout
    assert "92.0 ms before, 32.0 ms now (-60.0 ms)" in changed


def test_distributions_are_named_by_a_folder_of_packages(tmp_path: Path) -> None:
    info = tmp_path / "site" / "Pillow-12.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: Pillow\nVersion: 12\n", encoding="utf-8")
    (info / "RECORD").write_text("PIL/__init__.py,,\n", encoding="utf-8")
    (tmp_path / "site" / "PIL").mkdir()
    (tmp_path / "site" / "PIL" / "__init__.py").touch()
    path = tmp_path / "log"
    path.write_text("import time:  5000 |  5000 | PIL.Image\n", encoding="utf-8")
    assert "Pillow" in run("--from", str(path), "--packages", str(tmp_path / "site")).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "FILE", "x"), "cannot be used together"),
        (("--from", "/nonexistent/log"), "cannot be read"),
        (("--from", "FILE", "--diff", "/nonexistent/log"), "cannot be read"),
        (("--from", "FILE", "--imports"), "no init record and no import profile"),
        ((), "no TARGET was given"),
    ],
)
def test_wrong_input_is_named(arguments: tuple[str, ...], said: str, log: str) -> None:
    done = run(*(log if one == "FILE" else one for one in arguments or ("--region", "eu-west-1")))
    assert said in str(done.exception)


@pytest.mark.parametrize(("most", "code"), [("100", 1), ("5000", 0)])
def test_a_comparison_is_a_gate_as_the_plain_run_is(log: str, tmp_path: Path, most: str, code: int) -> None:
    other = tmp_path / "other"
    other.write_text("".join(report(n, f"08:00:{n:02d}", init_ms=200 + n) for n in range(12)), encoding="utf-8")
    gate = ("--fail-over", f"p99_init_ms > {most}")
    for extra in ((), ("--compare", str(other)), ("--compare", str(other), "-o", "json")):
        done = run("--from", log, *extra, *gate)
        assert done.stdout
        assert isinstance(done.exception, CheckFailedError) is bool(code), extra


@pytest.mark.parametrize(
    "given",
    [
        ("--imports", "--by", "version"), ("--imports", "--list"), ("--imports", "--engine", "scan"),
        ("--imports", "--fail-over", "errors > 1"), ("--imports", "--compare", "1d"), ("--tree", "--list"),
        ("--compare", "x", "--list"), ("--compare", "x", "--engine", "scan"), ("--slowest", "3"), ("--top", "3"),
        ("--list", "-o", "json"), ("--by", "version", "-o", "csv"), ("--profile-env", "A=b"),
        ("--diff", "x", "--tree"), ("--profile-package", "--since", "1d"), ("--from", "x", "--yes"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_options_that_would_have_no_effect_are_refused(given: tuple[str, ...]) -> None:
    failed = run("f", *given) if "--from" not in given else run(*given)
    assert isinstance(failed.exception, UsageError)
    assert "has no effect with" in failed.exception.message
    assert failed.exception.hint


def test_csv_json_and_conditions_call_a_figure_by_one_name(log: str) -> None:
    heading, _ = run("--from", log, "-o", "csv").stdout.splitlines()
    assert heading.split(",") == ["function", "region", "profile", *COLD_START_FIGURES]
    (summary,) = json.loads(run("--from", log, "-o", "json").stdout)["summaries"]
    assert {"function", "region", "profile"} <= summary.keys()
    for name in COLD_START_FIGURES:
        assert not isinstance(run("--from", log, "--fail-over", f"{name} < -1").exception, UsageError)


def test_by_deployment_names_published_versions(log: str) -> None:
    groups = json.loads(run("--from", log, "--by", "deployment", "-o", "json").stdout)["groups"]
    assert [(one["label"], one["invocations"]) for one in groups] == [("version 7", 10), ("version 8", 30)]
