from hypothesis import given
from hypothesis import strategies as st

from monitor.local.process.log_frames import MAX_EVENT_BYTES, FrameSplitter, LineSplitter, split_bytes


def frame(text: str, stamp_us: int, kind: int = 0xA55A0003) -> bytes:
    data = text.encode()
    return kind.to_bytes(4, "big") + len(data).to_bytes(4, "big") + stamp_us.to_bytes(8, "big") + data


def test_lines_come_one_an_event_however_they_are_cut() -> None:
    splitter = LineSplitter()

    found = [record for piece in (b"m\xe1", b"\xbb\x99t\ntwo\nth", b"ree") for record in splitter.feed(piece, 5)]

    assert [record.message for record in found] == ["một\n", "two\n"]
    assert [record.message for record in splitter.flush(6)] == ["three"]
    assert splitter.flush(7) == []


def test_an_endless_line_is_cut_at_the_largest_event() -> None:
    splitter = LineSplitter()

    found = [record for _ in range(40) for record in splitter.feed("ế".encode() * 20_000, 1)]

    assert {len(record.message.encode()) for record in found} == {MAX_EVENT_BYTES - MAX_EVENT_BYTES % 3}
    assert "�" not in "".join(record.message for record in found)
    assert len("".join(record.message for record in [*found, *splitter.flush(2)])) == 800_000


def test_frames_keep_a_record_of_several_lines_whole_with_its_own_time() -> None:
    splitter = FrameSplitter()
    wire = frame("[ERROR] a\nb\n", 1_000_000) + frame("c", 9_000_000_000)

    found = [record for byte in wire for record in splitter.feed(bytes([byte]), 2000)]

    assert [(record.timestamp_ms, record.message) for record in found] == [(1000, "[ERROR] a\nb\n"), (2000, "c")]


def test_bytes_that_are_no_frame_are_read_as_lines() -> None:
    splitter = FrameSplitter()

    found = splitter.feed(b"somebody wrote here\n" + b"\xa5\x5a\x00\x03" + b"\xff" * 12, 7)

    assert found[0].message == "somebody wrote here\n"
    assert splitter.feed(frame("fine", 1), 8)  # nothing waits for four gigabytes


def test_an_unfinished_frame_is_not_lost() -> None:
    splitter = FrameSplitter()

    assert splitter.feed(frame("last words", 1)[:-3], 7) == []
    assert [record.message for record in splitter.flush(9)] == ["last wo"]


@given(st.text(max_size=200), st.integers(4, 50))
def test_pieces_are_whole_characters_and_lose_nothing(text: str, limit: int) -> None:
    pieces = list(split_bytes(text.encode("utf-8", "surrogatepass"), limit))

    assert b"".join(pieces).decode("utf-8", "surrogatepass") == text
    assert all(len(piece) <= limit for piece in pieces)


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_hostile_bytes_never_break_the_frames(pieces: list[bytes]) -> None:
    splitter = FrameSplitter()
    found = [record for piece in pieces for record in splitter.feed(piece, 1)]
    found += splitter.flush(2)
    # Nothing is invented: what was printed has no more bytes than came.
    assert sum(len(record.message.encode("utf-8", "ignore")) for record in found) <= 3 * sum(map(len, pieces))
