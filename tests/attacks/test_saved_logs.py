"""Logs that a tail saves are for their owner only."""

from pathlib import Path

from monitor.logs.tail.command import _open_for_append


def test_a_new_file_of_save_is_0600_and_an_existing_one_keeps_its_mode_and_its_lines(tmp_path: Path) -> None:
    new, old = tmp_path / "new.jsonl", tmp_path / "old.jsonl"
    old.write_text("kept")
    old.chmod(0o644)
    for path in (new, old):
        _open_for_append(path).close()
    assert new.stat().st_mode & 0o777 == 0o600
    assert old.stat().st_mode & 0o777 == 0o644
    assert old.read_text() == "kept\n"
