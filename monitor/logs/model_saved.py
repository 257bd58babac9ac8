"""The saved logs that a command reads."""

from monitor.kernel.values import dataclass


@dataclass(frozen=True, slots=True)
class SavedFiles:
    """Files, folders or archives, "-" for stdin; `form` is the name of their form, or "" to recognize it.

    `utc`: times that monitor printed are in UTC; otherwise they are in the machine's zone.
    """

    paths: tuple[str, ...]
    form: str = ""
    utc: bool = False

    @property
    def name(self) -> str:
        """The name shown to the user."""
        first = "stdin" if self.paths[0] == "-" else self.paths[0]
        return f"{first} and {len(self.paths) - 1} more" if len(self.paths) > 1 else first
