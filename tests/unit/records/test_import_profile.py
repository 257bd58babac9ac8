"""Many import trees as one, saved and read again, and what changed."""

import json
from dataclasses import replace

import pytest

from monitor.coldstarts.parse_profile import IMPORT_PROFILE
from monitor.coldstarts.render_speedscope import SCHEMA, speedscope
from monitor.errors import UsageError
from monitor.records.imports import ImportChange, ImportNode, ImportProfile, ImportProfiles, changes

FIRST = (
    ImportNode("boto3", 10.0, 40.0, "/var/task", (ImportNode("botocore", 30.0, 30.0, "/var/task"),)),
    ImportNode("json", 5.0, 5.0),
)
SECOND = (ImportNode("boto3", 20.0, 60.0, "/var/task", (ImportNode("botocore", 40.0, 40.0, "/var/task"),)),)


def profile() -> ImportProfile:
    profiles = ImportProfiles({"boto3": "boto3", "botocore": "botocore"})
    profiles.add(FIRST)
    profiles.add(SECOND)
    return profiles.result("analyzer", "init records")


def test_the_same_module_below_the_same_parent_is_one_node_of_means() -> None:
    found = profile()
    assert found.tree == (
        ImportNode("boto3", 15.0, 50.0, "/var/task", (ImportNode("botocore", 35.0, 35.0, "/var/task"),)),
        ImportNode("json", 2.5, 2.5),
    )
    assert (found.cold_starts, found.total_ms, found.dropped) == (2, 52.5, 0)
    assert [(row.package, row.seen, row.of, row.self_ms) for row in found.rows] == [
        ("botocore", 2, 2, 35.0), ("boto3", 2, 2, 15.0), ("json", 1, 2, 5.0),
    ]  # fmt: skip


def test_a_saved_profile_reads_back_the_same() -> None:
    assert IMPORT_PROFILE.decode(IMPORT_PROFILE.encode(profile()), "p.json") == profile()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": "monitor-import-profile", "version": 2}',
     '{"format": "monitor-import-profile", "version": 1, "profile": {"tree": 5, "cold_starts": 1, "total_ms": 1}}'],
)  # fmt: skip
def test_another_file_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match=r"p\.json"):
        IMPORT_PROFILE.decode(text.encode(), "p.json")


def test_what_changed_comes_with_the_greatest_change_first() -> None:
    before = profile()
    profiles = ImportProfiles()
    profiles.add((ImportNode("botocore", 30.0, 30.0), ImportNode("fastapi", 90.0, 90.0)))
    found = changes(before, profiles.result("analyzer", "init records"))
    assert found[0] == ImportChange("fastapi", 0.0, 90.0)
    assert {change.package: change.change_ms for change in found[1:]} == {
        "boto3": -15.0,
        "botocore": -5.0,
        "json": -2.5,
    }


def test_speedscope_s_events_open_and_close_in_order_and_inside_one_another() -> None:
    # A child that rounding made longer than its parent must still nest.
    tree = (ImportNode("a", 0.0, 10.0, "", (ImportNode("b", 10.004, 10.004),)),)
    odd = replace(profile(), total_ms=10.0, tree=tree)
    for one in (profile(), odd):
        document = json.loads(speedscope(one, "lambda-monitor@0"))
        assert document["$schema"] == SCHEMA
        (shown,) = document["profiles"]
        assert (shown["type"], shown["unit"]) == ("evented", "milliseconds")
        frames, open_frames, last = document["shared"]["frames"], [], shown["startValue"]
        for event in shown["events"]:
            assert set(event) == {"type", "frame", "at"}
            assert 0 <= event["frame"] < len(frames)
            assert event["at"] >= last
            last = event["at"]
            if event["type"] == "O":
                open_frames.append(event["frame"])
            else:
                assert open_frames.pop() == event["frame"]
        assert not open_frames
        assert last == shown["endValue"] == (10.004 if one is odd else 52.5)
        assert all(set(frame) <= {"name", "file"} and frame["name"] for frame in frames)
