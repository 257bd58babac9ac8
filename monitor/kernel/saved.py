"""Files in which monitor saves values: `{"format": …, "version": 1, KEY: {…}}`.

KEY contains the JSON form of a model. A field that is missing in the file gets its default, and an unknown field is
ignored, so that files from a later minor version can be read.
"""

import json
from typing import Generic, TypeVar

from monitor.errors import UsageError
from monitor.kernel.encodings import as_utf8
from monitor.kernel.jsonable import jsonable
from monitor.kernel.values import dataclass

Model = TypeVar("Model")


@dataclass(frozen=True, slots=True)
class SavedFormat(Generic[Model]):
    """A kind of saved file: its `format` and `version`, and the model whose fields are under `key`.

    Messages call such a file `noun`; `hint` says which command writes one.
    """

    format: str
    version: int
    key: str
    model: type[Model]
    noun: str
    hint: str

    def encode(self, value: Model) -> bytes:
        """The contents of the file for `value`."""
        document = {"format": self.format, "version": self.version, self.key: jsonable(value)}
        text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        # JSON in a log can contain half of a surrogate pair, which UTF-8 cannot encode.
        return text.encode("utf-8", "replace") + b"\n"

    def decode(self, content: bytes, path: str) -> Model:
        """The value in a saved file. Error messages name `path`.

        Raises:
            UsageError: the file has another format or version, or is damaged.
        """
        # Only commands that read a saved file import msgspec.
        from monitor.kernel.read_model import NotReadableError, members_of, read_model

        try:
            members = members_of(as_utf8(content))
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
