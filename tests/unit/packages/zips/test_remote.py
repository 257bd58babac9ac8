"""A zip behind a URL: few requests, few bytes, no secret told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.aws.code_locations import CodeLocation
from monitor.errors import MonitorError, UnreachableError
from monitor.packages.building.archive import write
from monitor.packages.building.installed import distribution_entries
from monitor.packages.workflow import ReadOptions, read_package
from monitor.packages.zips.download import download
from monitor.packages.zips.member import join
from monitor.packages.zips.source import NoRangeError, RemoteSource
from tests.fakes.range_server import serving


def never() -> None:
    pytest.fail("no AWS is needed here")


CONNECT: Callable[[], object] = never


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The AWS SDK and a web framework as installed here: 2,500 real files."""
    path = tmp_path_factory.mktemp("package") / "package.zip"
    write(distribution_entries(["boto3", "fastapi", "click", "jinja2"]), path, bytecode=False)
    return path


def test_a_remote_zip_is_told_from_three_percent_of_it(package: Path) -> None:
    with serving(package) as served:
        report = read_package(served.url, ReadOptions(CONNECT))  # type: ignore[arg-type]
    local = read_package(str(package), ReadOptions(CONNECT))  # type: ignore[arg-type]
    assert len(served.ranges) <= 30
    assert served.sent_bytes <= 0.03 * package.stat().st_size
    assert report.containers[0].reading.read_bytes == served.sent_bytes
    assert {(part.name, part.version) for part in report.parts} == {(part.name, part.version) for part in local.parts}
    assert sum(part.zipped_bytes for part in report.parts) == package.stat().st_size


def test_a_server_without_range_is_named_and_the_zip_downloaded(package: Path) -> None:
    said: list[str] = []
    moved: list[int] = []
    with serving(package, ranges=False) as served:
        with pytest.raises(NoRangeError):
            RemoteSource(served.url)
        options = ReadOptions(CONNECT, say=said.append, advance=lambda done, _: moved.append(done))  # type: ignore[arg-type]
        report = read_package(served.url, options)
    assert "does not support HTTP Range" in said[0]
    assert sum(moved) == package.stat().st_size
    assert "botocore" in {part.name for part in report.parts}


def test_a_url_that_cannot_be_reached_keeps_its_signature_to_itself() -> None:
    with pytest.raises(UnreachableError) as caught:
        RemoteSource("http://127.0.0.1:9/code.zip?X-Amz-Signature=verysecret")
    error: BaseException | None = caught.value
    texts = []
    while error is not None:
        texts.append(f"{error!r} {getattr(error, 'hint', '')}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert "verysecret" not in " ".join(texts)
    assert "verysecret" not in repr(CodeLocation("package", "https://x/?verysecret", 1, ""))


def test_a_download_that_is_not_what_its_sha256_says_is_not_kept(package: Path, tmp_path: Path) -> None:
    with serving(package) as served, pytest.raises(MonitorError, match="CodeSha256"):
        download(CodeLocation("package", served.url, 1, "AAAA"), tmp_path, "fn", lambda *_: None)
    assert list(tmp_path.iterdir()) == []


def test_no_more_requests_are_made_than_the_bound(package: Path) -> None:
    with serving(package) as served:
        source = RemoteSource(served.url, max_requests=3)
        source.read(0, 10)
        source.read(1000, 10)
        with pytest.raises(UnreachableError, match="more than 3 requests"):
            source.read(5000, 10)
        source.close()
    assert len(served.ranges) == 3


def test_neighbors_are_joined_the_nearest_first() -> None:
    assert join([(0, 10), (12, 20), (100, 110), (300, 310)], 2) == [(0, 110), (300, 310)]
    assert join([(5, 10), (0, 7)], 9) == [(0, 10)]
    assert join([], 3) == []
