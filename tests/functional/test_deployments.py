"""A deployment is a boundary: the starts since it, before it, and both beside each other."""

from tests.functional.conftest import Driven, Run


def test_since_deploy_reads_what_came_after_the_last_change(driven: Driven, monitor: Run) -> None:
    done = monitor("--local", "coldstarts", driven.function, "--since", "deploy", "-o", "json")
    assert done.code == 0, done.err
    (summary,) = done.json["summaries"]
    # The example was deployed before it was driven.
    assert summary["invocations"] == len(driven.results)
    assert summary["cold_starts"] == len(driven.cold)
    for command in (("metrics",), ("traces", "list"), ("diagnose",), ("show", "latest")):
        again = monitor("--local", *command, driven.function, "--since", "deploy", "-o", "json")
        assert again.code == 0, (command, again.err)


def test_both_sides_of_the_last_change_are_groups_and_are_compared(driven: Driven, monitor: Run) -> None:
    done = monitor("--local", "coldstarts", driven.function, "--since", "1h", "--by", "deployment", "-o", "json")
    (group,) = done.json["groups"]
    assert group["label"].startswith("$LATEST since ")
    assert group["cold_starts"] == len(driven.cold)
    compared = monitor("--local", "coldstarts", driven.function, "--since", "1h", "--compare", "deploy", "-o", "json")
    (found,) = compared.json["comparisons"]
    assert (found["before"]["invocations"], found["after"]["invocations"]) == (0, len(driven.results))
    plain = monitor("--local", "coldstarts", driven.function, "--since", "1h")
    assert "was deployed at" in plain.err
    assert "--since deploy" in plain.err


def test_a_window_after_the_change_cannot_be_cut_there(driven: Driven, monitor: Run) -> None:
    done = monitor("--local", "coldstarts", driven.function, "--since", "2026-01-01", "--until", "2026-01-02",
                   "--compare", "deploy")  # fmt: skip
    assert (done.code, "is not in the window" in done.err) == (2, True)


def test_every_function_is_a_row_with_the_command_for_its_report(driven: Driven, monitor: Run) -> None:
    done = monitor("--local", "diagnose", "--all", "--since", "1h")
    assert done.code == 0, done.err
    assert f"  monitor --local diagnose {driven.function}" in done.out.splitlines()
