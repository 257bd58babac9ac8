"""TARGETs, tags and whole regions in one, two or three regions at once: each found where it is, or named."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.aws.connection import Connection
from monitor.aws.targets import one_function, resolve
from monitor.errors import DeniedError, MonitorError, NotFoundError, RefusedError, UsageError
from monitor.kernel.target import TargetSelection
from tests.examples import examples

NAMES = ("alpha", "beta", "gamma", "al-one")
GROUPS = ("/shop/all", "/shop/one")


@dataclass
class Region:
    """One region of an account, in memory, with the face of a Connection."""

    region: str
    functions: dict[str, dict[str, str]] = field(default_factory=dict)  # the tags of each
    groups: tuple[str, ...] = ()
    denied: frozenset[str] = frozenset()
    calls: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    @property
    def where(self) -> str:
        return self.region

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        self.calls[operation] += 1
        if operation in self.denied:
            raise DeniedError(f"{operation} is not allowed")
        found: dict[str, Any] = getattr(self, f"_{operation}")(**parameters)
        return found

    def pages(self, service: str, operation: str, /, token: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        yield self.call(service, operation, **parameters)

    def warn_denied(self, error: MonitorError, instead: str) -> None:
        self.told.append(instead)

    def _configuration(self, name: str) -> dict[str, Any]:
        return {"FunctionName": name, "FunctionArn": f"arn:aws:lambda:{self.region}:1:function:{name}"}

    def _GetFunctionConfiguration(self, FunctionName: str, **_: Any) -> dict[str, Any]:  # noqa: N802, N803
        if FunctionName not in self.functions:
            raise NotFoundError("not found")
        return self._configuration(FunctionName)

    def _GetAlias(self, FunctionName: str, Name: str) -> dict[str, Any]:  # noqa: N802, N803
        if FunctionName not in self.functions or Name != "live":
            raise NotFoundError("not found")
        return {"FunctionVersion": "7"}

    def _ListFunctions(self, **_: Any) -> dict[str, Any]:  # noqa: N802
        return {"Functions": [self._configuration(name) for name in self.functions]}

    def _GetResources(self, TagFilters: list[dict[str, Any]], **_: Any) -> dict[str, Any]:  # noqa: N802, N803
        found = [
            name
            for name, tags in self.functions.items()
            if all(one["Key"] in tags and tags[one["Key"]] in one.get("Values", tags.values()) for one in TagFilters)
        ]
        return {"ResourceTagMappingList": [{"ResourceARN": self._configuration(name)["FunctionArn"]} for name in found]}

    def _DescribeLogGroups(self, logGroupNamePrefix: str) -> dict[str, Any]:  # noqa: N802, N803
        names = [f"/aws/lambda/{name}" for name in self.functions] + list(self.groups)
        return {"logGroups": [{"logGroupName": name} for name in names if name.startswith(logGroupNamePrefix)]}


def located(regions: list[Region], selection: TargetSelection) -> list[tuple[str, str]]:
    """Region and name of each target."""
    found = resolve(regions, selection)  # type: ignore[arg-type]
    for connection, target in found:
        assert target.region == connection.region
    return [(target.region, target.name) for _, target in found]


def names(*targets: str) -> TargetSelection:
    return TargetSelection(targets)


def test_targets_in_different_regions_are_each_found_where_they_are() -> None:
    regions = [Region("r1", {"alpha": {}}), Region("r2", {"beta": {}})]
    assert located(regions, names("alpha", "beta")) == [("r1", "alpha"), ("r2", "beta")]
    assert located(regions, names("beta", "alpha")) == [("r1", "alpha"), ("r2", "beta")]
    # Finding them took no listing of all functions, which only the hint of an error needs.
    assert [one.calls["ListFunctions"] for one in regions] == [0, 0]


def test_what_is_in_none_of_the_regions_is_named_all_of_it() -> None:
    regions = [Region("r1", {"alpha": {}}), Region("r2", {"beta": {}})]
    with pytest.raises(NotFoundError) as raised:
        located(regions, names("alpha", "x", "beta", "/none"))
    assert raised.value.message == "not found in r1 or r2: x, /none"


@pytest.mark.parametrize(
    ("target", "message", "hint"),
    [
        ("bata", "there is no function 'bata' in r1 or r2", "did you mean 'beta'?"),
        ("x*", "no function matches 'x*' in r1 or r2", "check the pattern and --region"),
        ("/shop/none", "there is no log group '/shop/none' in r1 or r2", "check the name and --region"),
        ("arn:aws:lambda:r9:1:function:alpha", "arn:aws:lambda:r9:1:function:alpha is in r9, not in r1 or r2",
         "give --region r9"),
    ],
)  # fmt: skip
def test_one_target_that_is_nowhere_is_told_with_what_to_do(target: str, message: str, hint: str) -> None:
    regions = [Region("r1", {"alpha": {}}), Region("r2", {"beta": {}})]
    with pytest.raises(NotFoundError) as raised:
        located(regions, names(target))
    assert (raised.value.message, raised.value.hint) == (message, hint)


@given(data=st.data(), count=st.integers(2, 3))
@settings(max_examples=examples(200), deadline=None)
def test_every_region_answers_as_it_would_alone_and_only_what_none_has_is_an_error(
    data: st.DataObject, count: int
) -> None:
    tags = st.dictionaries(st.sampled_from(("team", "stage")), st.sampled_from(("a", "b")), max_size=2)
    has = st.dictionaries(st.sampled_from(NAMES), tags, max_size=4)
    regions = [
        Region(f"r{number}", data.draw(has), tuple(data.draw(st.sets(st.sampled_from(GROUPS)))))
        for number in range(count)
    ]
    texts = data.draw(
        st.lists(st.sampled_from((*NAMES, "al*", "*", "none", "alpha:live", "/shop/*", "/aws/lambda/beta")), max_size=3)
    )
    chosen = data.draw(st.lists(st.sampled_from(("team", "team=a", "stage=b")), max_size=2, unique=True))
    selection = TargetSelection(tuple(texts), data.draw(st.booleans()), tuple(chosen))
    parts = [TargetSelection((text,)) for text in texts]
    parts += [TargetSelection(tags=tuple(chosen))] if chosen else [TargetSelection(every=True)] * selection.every
    expected: set[Key] = set()
    nowhere = 0
    for part in parts:
        alone = [one for region in regions for one in attempt(region, part)]
        expected.update(alone)
        nowhere += not alone
    if nowhere:
        with pytest.raises(NotFoundError):
            located(regions, selection)
    else:
        found = keys(regions, selection)
        assert set(found) == expected
        assert len(found) == len(set(found))
        assert [key[0] for key in found] == sorted(key[0] for key in found)


Key = tuple[str, str, str | None, tuple[str, ...]]


def keys(regions: list[Region], selection: TargetSelection) -> list[Key]:
    """What tells log targets apart: a function and its log group under their own names are one."""
    found = resolve(regions, selection)  # type: ignore[arg-type]
    return [(one.region, one.group, one.function, one.versions) for _, one in found]


def attempt(region: Region, selection: TargetSelection) -> list[Key]:
    try:
        # Beside an empty region, so that a named log group is looked for.
        return [key for key in keys([region, Region("zz")], selection) if key[0] != "zz"]
    except NotFoundError:
        return []


def test_a_few_tagged_functions_are_described_and_many_are_listed() -> None:
    few = Region("r1", {f"f{number}": {"team": "a"} for number in range(20)} | {"other": {}})
    assert len(located([few], TargetSelection(tags=("team=a",)))) == 20
    assert (few.calls["GetFunctionConfiguration"], few.calls["ListFunctions"]) == (20, 0)
    many = Region("r1", {f"f{number}": {"team": "a"} for number in range(21)} | {"other": {}})
    assert len(located([many], TargetSelection(tags=("team",)))) == 21
    assert (many.calls["GetFunctionConfiguration"], many.calls["ListFunctions"]) == (0, 1)


def test_without_the_permission_to_read_functions_a_tagged_one_is_taken_to_log_where_lambda_does() -> None:
    region = Region("r1", {"alpha": {"team": "a"}}, denied=frozenset({"GetFunctionConfiguration"}))
    ((_, target),) = resolve([region], TargetSelection(tags=("team",)))  # type: ignore[list-item]
    assert target.group == "/aws/lambda/alpha"
    assert region.told == ["assuming that the log group of alpha is /aws/lambda/alpha"]


def test_a_tag_needs_a_key() -> None:
    with pytest.raises(UsageError, match="--tag takes NAME or NAME=VALUE, not '='"):
        located([Region("r1")], TargetSelection(tags=("=x",)))


def test_an_arn_of_another_region_is_not_taken_for_the_function_of_that_name_here() -> None:
    region: Connection = Region("r1", {"alpha": {}})  # type: ignore[assignment]
    assert one_function(region, "alpha:live") == ("alpha", "live")
    assert one_function(region, "arn:aws:lambda:r1:1:function:alpha:7") == ("alpha", "7")
    with pytest.raises(NotFoundError, match="is in r2, not in r1"):
        one_function(region, "arn:aws:lambda:r2:1:function:alpha")
    for text in ("al*", "/aws/lambda/alpha", "a b"):
        with pytest.raises(UsageError):
            one_function(region, text)


def test_without_credentials_nothing_is_assumed() -> None:
    class Unknown(Region):
        def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
            raise RefusedError("no AWS credentials were found")

    region = Unknown("r1", {"alpha": {}})
    with pytest.raises(RefusedError, match="no AWS credentials"):
        resolve([region], TargetSelection(("alpha",)))  # type: ignore[list-item]
    assert region.told == []
