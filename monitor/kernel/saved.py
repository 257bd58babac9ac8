"""Values that monitor saves to a file and reads again: `{"format": …, "version": 1, KEY: {…}}`.

KEY holds the JSON form of a model. A field that is not in the file keeps its default, and a field that no model has is
ignored: files of a later minor version remain readable.
"""

import json
from typing import Generic, TypeVar

from monitor.errors import UsageError
from monitor.kernel.jsonable import jsonable
from monitor.kernel.values import dataclass

Model = TypeVar("Model")


@dataclass(frozen=True, slots=True)
class SavedFormat(Generic[Model]):
    """A kind of saved file: its `format` and `version`, and the model whose fields are under `key`.

    `noun` is what a message calls such a file; `hint` says which command writes one.
    """

    format: str
    version: int
    key: str
    model: type[Model]
    noun: str
    hint: str

    def encode(self, value: Model) -> bytes:
        """The bytes of the file to write for `value`."""
        document = {"format": self.format, "version": self.version, self.key: jsonable(value)}
        text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        # A log's JSON can hold half of a surrogate pair, which UTF-8 cannot.
        return text.encode("utf-8", "replace") + b"\n"

    def decode(self, content: bytes, path: str) -> Model:
        """The value in a saved file; `path` is for the message.

        Raises:
            UsageError: it is another file, of a later version, or damaged.
        """
        # Only a command that reads a saved file waits for msgspec.
        from monitor.kernel.read_model import NotReadableError, members_of, read_model

        try:
            members = members_of(content)
        except NotReadableError:
            members = {}
        if members.get("format") != json.dumps(self.format).encode():
            raise UsageError(f"{path} is not {self.noun}", self.hint)
        version = members.get("version", b"")
        if version != str(self.version).encode():
            told = version.decode("utf-8", "replace")[:40]
            raise UsageError(f"{path} has version {told}, and only {self.version} can be read", self.hint)
        try:
            return read_model(members.get(self.key, b"null"), self.model, self.key)
        except NotReadableError as error:
            raise UsageError(f"{path} cannot be read: {error}", self.hint) from None
