"""Figures that no clock measured: from a log that lies, or a file that somebody wrote."""

import dataclasses
import math
import random
import re
from enum import Enum
from typing import Any

import pytest

from monitor.console.text import Style
from monitor.diagnose.report.html import render_html
from monitor.diagnose.report.markdown import render_markdown
from monitor.diagnose.report.text import render_text
from tests.unit.diagnose.report.diagnosis_factory import slow

ABSURD = [math.nan, math.inf, -math.inf, 1e308, -1e308, -1.0, 0.0, 5e-324, 1e12]


def disturbed(value: Any, dice: random.Random, share: float) -> Any:
    """`value` with a share of its numbers absurd."""
    if isinstance(value, bool | str | Enum) or value is None:
        return value
    if isinstance(value, float):
        return dice.choice(ABSURD) if dice.random() < share else value
    if isinstance(value, int):
        return dice.choice([0, -1, 10**15, -(10**15)]) if dice.random() < share else value
    if isinstance(value, tuple):
        return tuple(disturbed(one, dice, share) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return dataclasses.replace(
            value, **{field.name: disturbed(getattr(value, field.name), dice, share) for field in fields}
        )
    return value


@pytest.mark.parametrize("share", [0.02, 0.2, 1.0])
def test_absurd_figures_break_no_form_of_the_report(share: float) -> None:
    for seed in range(12):
        diagnosis = disturbed(slow(), random.Random(seed), share)
        assert "What to change" in render_markdown(diagnosis)
        assert "What to do first" in render_text(diagnosis, Style(80))
        page = render_html(diagnosis)
        assert not re.search(r'"-?(nan|inf)', page)
        places = [float(found) for found in re.findall(r'width="(-?[\d.]+)%"', page)]
        assert all(0 <= place <= 100.001 for place in places)
