"""Saved results, as `monitor budget --save FILE` writes them, and the event file of GitHub Actions."""

import json

from monitor.budget.model import BudgetReport
from monitor.kernel.saved import SavedFormat

RESULT = SavedFormat(
    format="monitor-budget-result",
    version=1,
    key="result",
    model=BudgetReport,
    noun="a saved result of a budget",
    hint="give a file that `monitor budget FILE --save FILE` wrote",
)


def pull_request_number(event: bytes) -> int | None:
    """The number of the pull request that the workflow runs for; None if it runs for something else."""
    try:
        document = json.loads(event)
    except (ValueError, RecursionError):
        return None
    pull_request = document.get("pull_request") if isinstance(document, dict) else None
    number = pull_request.get("number") if isinstance(pull_request, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else None
