"""Labels of series that a reader can tell apart."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Labeled:
    """A series: its label, the parts of its row by name (dimensions, statistic, region …), and who set the label."""

    label: str
    parts: tuple[tuple[str, str], ...] = ()
    is_own_label: bool = False


def distinct_labels(series: Sequence[Labeled]) -> list[str]:
    """The label of each series. Equal labels are extended by the parts in which their rows differ.

    If CloudWatch gave all the same label (the name of the metric), the differing parts alone are the label. Series
    without a difference, such as the results of one SEARCH, are numbered.
    """
    groups: dict[str, list[int]] = {}
    for place, one in enumerate(series):
        groups.setdefault(one.label, []).append(place)
    result = [one.label for one in series]
    for label, places in groups.items():
        if len(places) == 1:
            continue
        alone = len(places) == len(series) and not any(one.is_own_label for one in series)
        for place, difference in zip(places, _differences([series[place] for place in places]), strict=True):
            result[place] = difference if alone and difference else f"{label} ({difference})" if difference else label
    return _numbered(result)


def _differences(series: Sequence[Labeled]) -> list[str]:
    names = dict.fromkeys(name for one in series for name, _ in one.parts)
    differing = [name for name in names if len({dict(one.parts).get(name) for one in series}) > 1]
    # A dimension that tells all apart is enough; otherwise every part that differs is named.
    for name in differing:
        values = [dict(one.parts).get(name, "") for one in series]
        if all(values) and len(set(values)) == len(values):
            return values
    return [", ".join(value for name in differing if (value := dict(one.parts).get(name))) for one in series]


def _numbered(labels: list[str]) -> list[str]:
    counted = Counter(labels)
    seen: Counter[str] = Counter()
    taken = set(labels)
    result = []
    for label in labels:
        if counted[label] == 1:
            result.append(label)
            continue
        seen[label] += 1
        while (numbered := f"{label} ({seen[label]})") in taken:
            seen[label] += 1
        taken.add(numbered)
        result.append(numbered)
    return result
