"""Tree, table, flame graph and treemap of one start add up to the same imports, whatever the record leaves out."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from monitor.coldstarts.render_profile import itemised, render_profile, render_tree
from monitor.coldstarts.render_speedscope import speedscope
from monitor.console.text import Style
from monitor.diagnose.report.colors import Colors
from monitor.diagnose.report.start import Span, profile_span
from monitor.diagnose.report.treemap import by_time
from monitor.records.imports import NOT_ITEMISED, ImportNode, ImportProfile, ImportProfiles, tree_of_record
from monitor.records.init_record import InitRecord, read_init_record
from monitor.runtime import tree as runtime_tree

LIMIT_BYTES = 32 * 1024
MS = 1.0


@dataclass(eq=False)
class Import:
    """An import as the runtime's tracer keeps it."""

    module: str
    parent: "Import | None"
    start_ns: int
    end_ns: int = 0
    failed: bool = False


def imports_of(modules: int, seed: int) -> list[Import]:
    """A generated application: packages of uneven sizes, submodules that import each other, 1 µs to 3 ms each."""
    chance = random.Random(seed)
    found: list[Import] = []
    names = (f"package_{number}" for number in itertools.count())
    clock = 0

    def load(name: str, parent: Import | None, depth: int) -> None:
        nonlocal clock
        one = Import(name, parent, clock)
        found.append(one)
        clock += int(10 ** chance.uniform(3, 6.5))
        while depth < 12 and len(found) < modules and chance.random() < 0.75:
            inner = f"{name}.m{len(found)}" if chance.random() < 0.97 else next(names)
            load(inner, one, depth + 1)
        clock += int(10 ** chance.uniform(3, 5))
        one.end_ns = clock

    while len(found) < modules:
        load(next(names), None, 0)
    return found


def record_of(modules: int, seed: int) -> InitRecord:
    imports = imports_of(modules, seed)
    entries = runtime_tree.entries(imports, 0, imports[-1].end_ns)
    body = {"version": 2, "observed_init_ms": 9_000.0, "phases": [], **runtime_tree.record(entries, LIMIT_BYTES)}
    found = read_init_record({"monitor_init": body})
    assert isinstance(found, InitRecord), found
    return found


def profile_of(record: InitRecord) -> ImportProfile:
    profiles = ImportProfiles()
    profiles.add(tree_of_record(record), record.imports)
    return profiles.result("f", "init records")


def own_ms(spans: tuple[Span, ...]) -> float:
    return sum((span.own_ms or 0.0) + own_ms(span.children) for span in spans)


def nodes(tree: tuple[ImportNode, ...]) -> Iterator[ImportNode]:
    for node in tree:
        yield node
        yield from nodes(node.children)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("modules", [50, 400, 1_200, 5_000])
def test_every_view_of_a_start_adds_up_to_all_of_its_imports(modules: int, seed: int) -> None:
    record = record_of(modules, seed)
    assert record.imports is not None
    profile = profile_of(record)
    total_ms = record.imports.total_ms
    assert profile.total_ms == pytest.approx(total_ms, abs=MS)
    assert sum(row.self_ms for row in profile.rows) == pytest.approx(total_ms, abs=MS)
    tree = itemised(profile)
    assert sum(node.cumulative_ms for node in tree) == pytest.approx(total_ms, abs=MS)
    assert sum(node.self_ms for node in nodes(tree)) == pytest.approx(total_ms, abs=MS + modules * 0.01)
    flame = profile_span(profile, Colors([]))
    assert flame is not None
    assert flame.total_ms == pytest.approx(total_ms, abs=MS)
    assert own_ms(flame.children) == pytest.approx(total_ms, abs=MS + modules * 0.01)
    shares = {tile.name: tile.place.width * tile.place.height for tile in by_time(profile, Colors([]))}
    rows = {row.package: row.self_ms for row in profile.rows}
    shown_ms = sum(rows[name] for name in shares)
    for name, area in shares.items():
        assert area / 10_000 * shown_ms == pytest.approx(rows[name], abs=MS)
    listed = sum(node.module != NOT_ITEMISED for node in nodes(tree))
    assert listed + record.imports.dropped == modules


def test_the_package_that_is_first_is_first_in_every_view_though_its_modules_are_left_out() -> None:
    profile = profile_of(record_of(5_000, 3))
    assert profile.tree_coverage < 0.99
    assert profile.row_coverage == pytest.approx(1.0)
    first = profile.rows[0].package
    assert by_time(profile, Colors([]))[0].name == first
    assert render_profile(profile, Style(120)).splitlines()[3].startswith(first)


def test_what_is_left_out_is_told_and_called_nothing_but_not_itemised() -> None:
    profile = profile_of(record_of(5_000, 3))
    listed = f"imports listed: {profile.tree_coverage:.0%} of "
    assert listed in render_tree(profile, Style(100))
    assert "imports listed" not in render_profile(profile, Style(100))
    assert NOT_ITEMISED in {node.module for node in nodes(itemised(profile))}
    assert f'"name": "{NOT_ITEMISED}"' in speedscope(profile, "test")


def test_a_record_without_totals_by_package_says_how_much_its_table_lists() -> None:
    record = record_of(5_000, 3)
    assert record.imports is not None
    old = InitRecord(
        1, 9_000.0, imports=type(record.imports)(5_000, record.imports.total_ms, 1.0, 0, record.imports.tree)
    )
    profile = profile_of(old)
    assert sum(row.self_ms for row in profile.rows) == pytest.approx(record.imports.total_ms, abs=MS)
    assert NOT_ITEMISED in {row.package for row in profile.rows}
    assert f"imports listed: {profile.row_coverage:.0%} of " in render_profile(profile, Style(100))
