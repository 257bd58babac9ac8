"""A group of failures that have the same cause: one row of `monitor errors`."""

from dataclasses import dataclass

from monitor.kernel.place import Place


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """`count` failures of one kind, exception type, message and stack frame, of one function in one place.

    `kind` is a FailureKind's value, or "log" for an error that was only logged. `message` is the first message of the
    group; `pattern` is that message with ids, numbers and addresses replaced. `frame` is the innermost stack frame of
    the application's own code. `new` is True if the first failure came after the function's last deployment
    (`deployed_ms`), and None if the window starts after that deployment or the deployment time is unknown.
    """

    kind: str
    type: str
    pattern: str
    message: str
    frame: str
    function: str
    count: int
    first_ms: int
    last_ms: int
    request_id: str
    new: bool | None = None
    deployed_ms: int | None = None
    profile: str = ""
    region: str = ""

    @property
    def place(self) -> Place:
        """The profile and the region of the function; "" for a saved log."""
        return Place(self.profile, self.region)
