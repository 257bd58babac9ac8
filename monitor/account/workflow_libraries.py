"""Whether the libraries that are installed are ones that monitor was made for."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from monitor.account.model_check import Check, Outcome
from monitor.aws.fast import changed_parts

_DISTRIBUTION = "lambda-monitor"
_NAMED = ("botocore", "aws-lambda-powertools", "aws-xray-sdk")


def libraries() -> Check:
    """The check of the libraries whose private parts monitor uses, and of every declared bound."""
    problems = [*out_of_bounds()]
    if changed := changed_parts():
        problems.append(f"botocore {version('botocore')} has changed {', '.join(changed)}, and is read more slowly")
    if problems:
        return Check("libraries", Outcome.WARNING, "; ".join(problems), "pip install --upgrade lambda-monitor")
    return Check("libraries", Outcome.OK, ", ".join(f"{name} {version(name)}" for name in _NAMED))


def out_of_bounds() -> Iterator[str]:
    """Each library whose version is not one that lambda-monitor's metadata allows; extras too, where installed."""
    for line in _requirements():
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": "local"}):
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            yield f"{requirement.name} {found} is installed, and {requirement.specifier} is supported"


def _requirements() -> list[str]:
    try:
        return requires(_DISTRIBUTION) or []
    except PackageNotFoundError:  # run from a folder that was never installed
        return []
