"""What the functions of `monitor.api` return: rows that become a pandas DataFrame, and what was not read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from monitor.coldstarts.model import ColdStartGroup, ColdStartSummary
from monitor.errors import RefusedError
from monitor.kernel.jsonable import Json, jsonable
from monitor.records.imports import ImportRow
from monitor.records.invocation import ColdStart

if TYPE_CHECKING:
    from pandas import DataFrame

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rows(Sequence[T], Generic[T]):
    """Values of one type, in the order of the command. `notes` says what was not read, and why."""

    items: tuple[T, ...]
    notes: tuple[str, ...] = ()

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def to_dicts(self) -> list[Json]:
        """One object for each row, as `-o json` prints it."""
        return [jsonable(item) for item in self.items]

    def to_pandas(self) -> "DataFrame":
        """A DataFrame with one row for each item; a field of a nested value is a column such as `init.p95`.

        Raises:
            RefusedError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise RefusedError("pandas is not installed", "pip install pandas") from error
        rows: Any = self.to_dicts()
        return pd.json_normalize(rows)


@dataclass(frozen=True, slots=True)
class ColdStarts:
    """The cold starts of some functions: `summaries` has one row a function, `starts` one a cold start, by time.

    `imports` has the time of each imported distribution, from the init records; empty without them. `groups` is empty
    without `by`. `engine` says how the log was read, `notes` what was not read.
    """

    summaries: Rows[ColdStartSummary]
    starts: Rows[ColdStart]
    imports: Rows[ImportRow]
    groups: Rows[ColdStartGroup]
    engine: str
    notes: tuple[str, ...] = ()
