from monitor.account.analyze_policies import NEEDS
from monitor.console.settings import WRITING_COMMANDS

_CHANGES = ("Put", "Delete", "Update", "Create", "Publish", "Add", "Remove", "Tag", "Untag")


def test_every_command_that_changes_an_account_is_known_to_choose_no_region_by_a_project_s_file() -> None:
    writing = {
        name for name, needs in NEEDS.items() if any(need.call.partition(":")[2].startswith(_CHANGES) for need in needs)
    }
    assert writing
    assert writing <= WRITING_COMMANDS
