"""A faster botocore: its parser for large answers, and its loader of data files, are replaced.

A page of 10,000 events costs botocore's shape walker ten times what orjson takes for the same bytes. Signing, retries,
credentials and endpoints stay botocore's.
"""

import gzip
import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import orjson
from botocore.exceptions import DataNotFoundError
from botocore.loaders import JSONFileLoader, Loader
from botocore.parsers import JSONParser, ResponseParserError, ResponseParserFactory
from botocore.session import Session

# What the classes below override or call, with the number of arguments. botocore documents none of it.
_PRIVATE_PARTS = (
    (JSONParser, "_do_parse", 3),
    (JSONParser, "_inject_response_metadata", 3),
    (ResponseParserFactory, "create_parser", 2),
    (JSONFileLoader, "load_file", 2),
    (Loader, "list_available_services", None),
    (Loader, "list_api_versions", None),
)
# Answers that contain only JSON types: they need no conversion.
_PLAIN = {"FilterLogEventsResponse"}


class PlainJsonParser(JSONParser):
    """botocore's JSON parser, but for the answers that need no walk through their shapes."""

    def _do_parse(self, response: dict[str, Any], shape: Any) -> dict[str, Any]:
        if shape is None or shape.name not in _PLAIN:
            parsed: dict[str, Any] = super()._do_parse(response, shape)  # type: ignore[misc]
            return parsed
        parsed = _loaded(response["body"])
        self._inject_response_metadata(parsed, response["headers"])  # type: ignore[attr-defined]
        return parsed


def _loaded(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        # Lone surrogates and bytes that are no UTF-8 are shown, not fatal; only json reads them.
        value = json.loads(body.decode("utf-8", "replace"), strict=False)
    if not isinstance(value, dict):
        # An empty page would say that nothing was logged.
        raise ResponseParserError("the response is not a JSON object")
    return value


class FastParserFactory(ResponseParserFactory):
    """Makes PlainJsonParser for the JSON protocol, botocore's own parsers for the others."""

    def create_parser(self, protocol_name: str) -> Any:
        """The parser of a protocol."""
        if protocol_name == "json":
            return PlainJsonParser(**self._defaults)  # type: ignore[attr-defined]
        return super().create_parser(protocol_name)


class OrjsonFiles(JSONFileLoader):
    """Reads botocore's service models and endpoints with orjson."""

    def load_file(self, file_path: str) -> Any:
        """The content of `file_path`, which comes without its ending; None where there is no such file."""
        for ending in (".json", ".json.gz"):
            path = Path(file_path + ending)
            try:
                content = path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                continue
            return orjson.loads(gzip.decompress(content) if ending == ".json.gz" else content)
        return None


class _Services(Collection[str]):
    """The services that botocore knows, looked for one by one: listing all four hundred folders takes 25 ms."""

    def __init__(self, loader: "QuickLoader", type_name: str) -> None:
        self._loader, self._type_name = loader, type_name

    def __contains__(self, service: object) -> bool:
        try:
            return bool(self._loader.list_api_versions(str(service), self._type_name))
        except DataNotFoundError:
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(self._loader.all_services(self._type_name))

    def __len__(self) -> int:
        return len(self._loader.all_services(self._type_name))


class QuickLoader(Loader):
    """botocore's loader, which asks whether one service exists rather than listing all."""

    def list_available_services(self, type_name: str) -> Any:
        """The services that have a file of that type."""
        return _Services(self, type_name)

    def all_services(self, type_name: str) -> list[str]:
        """The same, as a list."""
        found: list[str] = super().list_available_services(type_name)
        return found


def changed_parts() -> tuple[str, ...]:
    """The private parts of botocore that this file needs and that the installed botocore lacks or has changed."""
    found = []
    for owner, name, arguments in _PRIVATE_PARTS:
        code = getattr(getattr(owner, name, None), "__code__", None)
        if code is None or (arguments is not None and code.co_argcount != arguments):
            found.append(f"{owner.__name__}.{name}")
    if not hasattr(ResponseParserFactory(), "_defaults"):
        found.append("ResponseParserFactory._defaults")
    return tuple(found)


def make_fast(session: Session) -> None:
    """Give a botocore session the quick parser and the quick loader, before it makes a client.

    A botocore whose private parts have changed stays as it is, and is slower. `monitor doctor` says so.
    """
    if changed_parts():
        return
    configured = session.get_config_variable("data_path") or ""
    folders = [str(Path(os.path.expandvars(one)).expanduser()) for one in configured.split(os.pathsep) if one]
    loader = QuickLoader(extra_search_paths=folders, file_loader=OrjsonFiles())
    session.register_component("data_loader", loader)
    session.register_component("response_parser_factory", FastParserFactory())
