"""`monitor diagnose` on files: one test an option, by what it changes; and what is left behind when it goes wrong."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.diagnose import command_try
from monitor.diagnose.model import Diagnosis
from monitor.errors import CheckFailedError, MonitorError, UsageError
from monitor.main import cli

PROFILE = (
    "import time: self [us] | cumulative | imported package\n"
    "import time:     90000 |      90000 |   botocore\nimport time:      2000 |      92000 | boto3\n"
)


def cold(number: int, init_ms: float, stream: str = "") -> str:
    head = f"2026-11-22T09:00:{number:02d}.000000+00:00 2026/11/22/[7]{stream or f'{number:04x}'} "
    profile = "".join(head + line + "\n" for line in PROFILE.splitlines())
    return (
        f"{profile}{head}START RequestId: r{number} Version: 7\n"
        f"{head}REPORT RequestId: r{number}\tDuration: 10 ms\tBilled Duration: 10 ms\tMemory Size: 512 MB"
        f"\tMax Memory Used: 90 MB\tInit Duration: {init_ms} ms\t\n"
    )


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = tmp_path / "log"
    path.write_text("".join(cold(number, 400 + number) for number in range(20)), encoding="utf-8")
    return str(path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["diagnose", *arguments], standalone_mode=False, env={"COLUMNS": "120"})


def test_lines_at_hand_give_the_number_and_where_it_goes(log: str) -> None:
    result = run("--from", log)
    assert result.exit_code == 0, result.exception
    assert "A first call takes 420 ms" in result.stdout
    assert "import botocore" in result.stdout
    assert "configuration" in result.stderr


def test_json_is_one_document_of_stable_fields(log: str) -> None:
    found = json.loads(run("--from", log, "-o", "json").stdout)
    assert found["headline"]["first_total_p50_ms"] == 419.5
    assert [part["label"] for part in found["slices"]] == [
        "import botocore",
        "import boto3",
        "init, without imports",
        "first invocation",
    ]
    assert found["evidence"]["imports"]["source"] == "import profiles"


def test_what_was_saved_gives_the_same_diagnosis(log: str, tmp_path: Path) -> None:
    saved = str(tmp_path / "evidence.json")
    first = run("--from", log, "--save", saved, "-o", "json")
    assert stat.S_IMODE(Path(saved).stat().st_mode) == 0o600
    assert json.loads(run("--from", saved, "-o", "json").stdout) == json.loads(first.stdout)
    assert "| " in run("--from", saved, "-o", "markdown").stdout


def test_compare_tells_a_change_from_noise(log: str, tmp_path: Path) -> None:
    saved, faster = str(tmp_path / "before.json"), tmp_path / "faster"
    run("--from", log, "--save", saved)
    faster.write_text("".join(cold(number, 200 + number) for number in range(20)), encoding="utf-8")
    text = run("--from", str(faster), "--compare", saved).stdout
    assert "init, median" in text
    assert "more than noise (Mann-Whitney U, p < 0.0001)" in text
    changed = json.loads(run("--from", str(faster), "--compare", saved, "-o", "json").stdout)
    figures = {one["label"]: one for one in changed["figures"]}
    assert (figures["init, median"]["before"], figures["init, median"]["after"]) == (409.5, 209.5)
    assert "not more than noise" in run("--from", log, "--compare", saved).stdout


def test_since_and_until_hold_for_lines_at_hand_but_not_for_saved_evidence(log: str, tmp_path: Path) -> None:
    saved = str(tmp_path / "evidence.json")
    found = json.loads(run("--from", log, "--since", "2026-11-22T09:00:10Z", "-o", "json", "--save", saved).stdout)
    assert found["headline"]["starts"] == 10
    assert isinstance(run("--from", saved, "--since", "1h").exception, UsageError)


def test_fail_over_ends_with_1_above_its_figure_only(log: str) -> None:
    assert run("--from", log, "--fail-over", "500").exit_code == 0
    failed = run("--from", log, "--fail-over", "400").exception
    assert isinstance(failed, CheckFailedError)
    assert "420 ms" in failed.message


def test_check_ends_with_1_where_something_is_worth_changing(log: str, tmp_path: Path) -> None:
    assert run("--from", log, "--check").exit_code == 0
    # A time-out whose next invocation starts its process anew, again and again: a rule of its own finds it.
    lines = []
    for number in range(0, 50, 2):
        head = f"2026-11-22T09:00:{number:02d}.000000+00:00 2026/11/22/[7]{number:04x} "
        again = f"2026-11-22T09:00:{number + 1:02d}.000000+00:00 2026/11/22/[7]{number:04x} "
        figures = "Billed Duration: 10 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB"
        tail = "Init Duration: 900 ms\tStatus: timeout"
        lines += [
            f"{head}START RequestId: a{number} Version: 7\n",
            f"{head}REPORT RequestId: a{number}\tDuration: 3000 ms\t{figures}\t{tail}\t\n",
            f"{again}START RequestId: b{number} Version: 7\n",
            f"{again}REPORT RequestId: b{number}\tDuration: 910 ms\t{figures}\t\n",
        ]
    storm = tmp_path / "storm"
    storm.write_text("".join(lines), encoding="utf-8")
    failed = run("--from", str(storm), "--check")
    assert isinstance(failed.exception, CheckFailedError)
    assert "time" in failed.exception.message.lower()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no TARGET"),
        (("f", "--from", "x"), "cannot be combined"),
        (("--from", "LOG/x"), "cannot be read"),
        (("--from", "LOG", "--compare", "LOG/x"), "cannot be read"),
        (("--from", "LOG", "--compare", "LOG"), "is not saved evidence"),
        (("f", "--save", "LOG/x"), "cannot be written"),
        (("f", "--save", "/"), "cannot be written"),
        (("--from", "EMPTY"), "no log of Lambda was recognized"),
    ],
)
def test_wrong_input_is_one_line_and_a_hint(log: str, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "empty").write_text("hello\n")
    given = [one.replace("LOG", log).replace("EMPTY", str(tmp_path / "empty")) for one in arguments]
    failed = run(*given).exception
    assert isinstance(failed, UsageError)
    assert said in failed.message
    assert failed.hint


def test_a_save_that_breaks_off_leaves_what_was_there(
    log: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "evidence.json"
    saved.write_text("before")

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    # After the new file is written, and before it takes the old one's place.
    monkeypatch.setattr(Path, "replace", broken)
    run("--from", log, "--save", str(saved))
    assert saved.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir() if "evidence" in path.name] == ["evidence.json"]


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_save_does_not_put_a_file_in_the_place_of_a_device(log: str, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "pipe" if kind == "pipe" else Path("/dev/null")
    if kind == "pipe":
        os.mkfifo(target)
    linked = tmp_path / "link"
    linked.symlink_to(target)
    for path in (target, linked):
        failed = run("--from", log, "--save", str(path))
        assert isinstance(failed.exception, UsageError)
        assert "device or a pipe" in failed.exception.message
    assert not target.is_file()
    assert linked.is_symlink()


def test_a_save_through_a_link_leaves_the_link(log: str, tmp_path: Path) -> None:
    real, linked = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("before")
    linked.symlink_to(real)
    assert run("--from", log, "--save", str(linked)).exit_code == 0
    assert linked.is_symlink()
    assert json.loads(real.read_text())["format"] == "monitor-evidence"


def test_lines_by_a_pipe_are_all_read(log: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(Path(log).read_bytes()), daemon=True)
    writer.start()
    found = json.loads(run("--from", str(pipe), "-o", "json").stdout)
    writer.join(10)
    assert found["headline"]["starts"] == 20


def test_what_cannot_work_is_told_before_anything_is_gathered(log: str) -> None:
    for arguments in (
        ("--compare", log, "-o", "html"),
        ("--fail-over", "nan"),
        ("--try=no-such-rule",),
        ("--save", ""),
    ):
        failed = run("--from", log, *arguments)
        assert isinstance(failed.exception, UsageError)
        assert failed.stderr == ""


def test_a_trial_that_fails_does_not_take_the_report_with_it(log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Diagnosis:
        raise MonitorError("it does not start here", "give --env")

    monkeypatch.setattr(command_try, "tried", broken)
    failed = run("--from", log, "--try")
    assert "A first call takes 420 ms" in failed.stdout
    assert isinstance(failed.exception, MonitorError)
    assert failed.exception.message == "it does not start here"


def test_control_characters_of_a_log_reach_no_terminal(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("".join(cold(number, 400.0).replace("boto3", "bo\x1b[31mto3\x07") for number in range(9)))
    result = run("--from", str(path))
    assert "\x1b" not in result.stdout + result.stderr
    assert "\x07" not in result.stdout
