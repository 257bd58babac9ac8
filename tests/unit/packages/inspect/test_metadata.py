"""METADATA is read as importlib.metadata reads it, whatever its licenses and descriptions hold."""

import zipfile
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from monitor.packages.inspect.distributions import metadata_folders, read_distributions
from monitor.packages.inspect.metadata import (
    egg_requires,
    fields_of,
    has_all_fields,
    record_paths,
    required_names,
    requires_dist,
)
from monitor.packages.model import PackageFile
from monitor.packages.workflow import ReadOptions, read_package
from tests.fakes.range_server import serving

INSTALLED = sorted((one for one in distributions() if one.read_text("METADATA")), key=lambda one: one.name)
# As pandas 2, scikit-image, scipy and matplotlib write it: a license of several lines, some of them blank, before the
# requirements, and often longer than what is read of METADATA at first.
FOLDED = """\
Metadata-Version: 2.1
Name: Big_Science
Version: 2.2.3
License: BSD 3-Clause License
         Copyright (c) 2008
{blank}
         All rights reserved. {text}
{blank}
         ----
Requires-Python: >=3.9
Requires-Dist: numpy>=1.22.4; python_version < "3.11"
Requires-Dist: numpy>=1.23.2; python_version == "3.11"
Requires-Dist: python-dateutil>=2.8.2
Requires-Dist: tzdata
 >=2022.7
Provides-Extra: test
Requires-Dist: pytest>=7.3.2; extra == "test"

Requires-Dist: not-this-one
"""


def test_there_are_enough_real_distributions_here_to_compare_with() -> None:
    assert len(INSTALLED) >= 30
    assert sum(bool(one.requires) for one in INSTALLED) >= 20


@pytest.mark.parametrize("one", INSTALLED, ids=lambda one: one.name)
def test_a_real_distribution_requires_what_importlib_says(one: Distribution) -> None:
    text = one.read_text("METADATA") or ""
    wanted = map(Requirement, one.requires or ())
    names = {canonicalize_name(item.name) for item in wanted if "extra" not in str(item.marker)}
    assert set(required_names(requires_dist(fields_of(text)))) == names
    head = f"{one.name.replace('-', '_')}-{one.version}.dist-info/"
    folders = metadata_folders([PackageFile(f"{head}METADATA", 1, 1)], ())
    (found,) = read_distributions(folders, {f"{head}METADATA": text, f"{head}WHEEL": one.read_text("WHEEL") or ""})
    assert (found.name, found.version) == (canonicalize_name(one.name), one.version)
    assert set(found.requires) == names
    assert found.tags or one.read_text("WHEEL") is None


@pytest.mark.parametrize("blank", ["         ", "\t", " |", "        \u2028"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_license_of_several_lines_hides_no_requirement(blank: str, end: str) -> None:
    text = FOLDED.format(blank=blank, text="").replace("\n", end)
    assert required_names(requires_dist(fields_of(text))) == ("numpy", "python-dateutil", "tzdata")
    assert has_all_fields(text)
    assert not has_all_fields(text[: text.index("Requires-Dist: tzdata")])


@pytest.mark.parametrize("text", ["", "\n", "no field", ": x\n", " folded\nName: a\n", "\ufeffName: a\n\n", "\0" * 99])
def test_what_is_no_metadata_requires_nothing(text: str) -> None:
    assert required_names(requires_dist(fields_of(text))) == ()


def test_fields_longer_than_what_is_read_at_first_are_read_to_their_end(tmp_path: Path) -> None:
    """Of a zip here, and of one behind a URL, whose METADATA is asked for by its first 4 KB."""
    # Text that zlib cannot make small.
    long = " ".join(f"{number * 2_654_435_761 % 2**32:x}" for number in range(4_000))
    info = "big_science-2.2.3.dist-info"
    files = {
        "big/__init__.py": "",
        f"{info}/METADATA": FOLDED.format(blank="  ", text=long),
        f"{info}/RECORD": f"big/__init__.py,,\n{info}/METADATA,,\n",
        "numpy/__init__.py": "",
        "numpy-2.0.dist-info/METADATA": "Name: numpy\nVersion: 2.0\n\n",
        "padding.bin": long * 40,
    }
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    with serving(path) as served:
        remote = read_package(served.url, ReadOptions(lambda: pytest.fail("no AWS is needed here")))
    local = read_package(str(path), ReadOptions(lambda: pytest.fail("no AWS is needed here")))
    for report in (remote, local):
        (part,) = [one for one in report.parts if one.name == "big-science"]
        assert part.requires == ("numpy", "python-dateutil", "tzdata")
        assert "unread" not in {finding.kind for finding in report.findings}
    assert len(served.ranges) <= 30
    assert served.sent_bytes < path.stat().st_size / 2


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\n\nA description.\n"])
def test_metadata_that_ends_with_its_fields_has_been_read(tmp_path: Path, end: str) -> None:
    """flit and hand-made wheels write no empty line; two dist-infos of one distribution are told all the same."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one/__init__.py", "")
        for version in ("1.0", "2.0"):
            text = f"Metadata-Version: 2.1\nName: one\nVersion: {version}\nRequires-Dist: six{end}"
            archive.writestr(f"one-{version}.dist-info/METADATA", text)
            archive.writestr(
                f"one-{version}.dist-info/RECORD", f"one/__init__.py,,\none-{version}.dist-info/RECORD,,\n"
            )
    with serving(path) as served:
        remote = read_package(served.url, ReadOptions(lambda: pytest.fail("no AWS is needed here")))
    local = read_package(str(path), ReadOptions(lambda: pytest.fail("no AWS is needed here")))
    for report in (remote, local):
        found = {finding.kind: finding for finding in report.findings}
        assert "unread" not in found
        assert "the version of the code cannot be told" in found["twice"].message
        assert {part.version for part in report.parts if part.name == "one"} == {"1.0", "2.0"}
        assert {part.requires for part in report.parts if part.name == "one"} == {("six",)}


def test_a_record_s_names_may_hold_any_line_separator_of_unicode() -> None:
    assert list(record_paths('"a,b.py",,\r\na\u2028b.py,,\n"c\nd.py",,\n../../bin/x,,\n', "")) == [
        "a,b.py", "a\u2028b.py", "c\nd.py", "bin/x",
    ]  # fmt: skip


def test_an_egg_requires_what_importlib_says(tmp_path: Path) -> None:
    folder = tmp_path / "old-2.0-py3.11.egg-info"
    folder.mkdir()
    (folder / "PKG-INFO").write_text("Metadata-Version: 1.2\nName: old\nVersion: 2.0\n", encoding="utf-8")
    sections = "[tls]\ncertifi\n\n[:python_version < '3']\nenum34\n\n[tls:os_name == 'nt']\nwincertstore\n"
    (folder / "requires.txt").write_text(f"idna\nsix>=1\n\n{sections}", encoding="utf-8")
    known = [Requirement(line) for line in Distribution.at(folder).requires or ()]
    assert {str(Requirement(line)) for line in egg_requires((folder / "requires.txt").read_text())} == set(
        map(str, known)
    )
    package = tmp_path / "out.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("old.py", "")
        for path in folder.iterdir():
            archive.write(path, f"{folder.name}/{path.name}")
    report = read_package(str(package), ReadOptions(lambda: pytest.fail("no AWS is needed")))  # type: ignore[arg-type]
    (part,) = [one for one in report.parts if one.name == "old"]
    assert (part.version, set(part.requires)) == ("2.0", {"idna", "six", "enum34"})


def test_the_version_is_that_of_the_metadata_not_of_the_folder() -> None:
    folder = "tool-2024.1.dist-info/"
    found = metadata_folders([PackageFile(f"{folder}METADATA", 0, 0)], ())
    (one,) = read_distributions(found, {f"{folder}METADATA": "Name: tool\nVersion: 2024.01\n"})
    assert one.version == "2024.01"
