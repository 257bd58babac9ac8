"""The variables of serverless.yml: `${self:custom.x}`, `${opt:stage, 'dev'}`, `${file(./x.yml):key}`.

https://www.serverless.com/framework/docs/guides/variables
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from monitor.kernel.missing import Missing
from monitor.templates.values import mapping, text

_ADDRESS = re.compile(r"\s*([A-Za-z]\w*)(?:\(([^()]*)\))?(?::(?!:)(.*))?\s*", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_DEEPEST = 40
_LOOP = Missing("its variables refer to each other")

ReadFile = Callable[[Path], Any]


class Variables:
    """Evaluates the variables of one service. `given` are the options and parameters of the command line."""

    def __init__(
        self,
        document: Mapping[str, Any],
        folder: Path,
        given: Mapping[str, str],
        environ: Mapping[str, str],
        read: ReadFile,
    ) -> None:
        self._document = document
        self._folder = folder
        self._given = given
        self._environ = environ
        self._read = read
        self._finds_stage = False

    def resolve(self, value: Any, depth: int = 0) -> Any:
        """The value; Missing where it is not known, inside lists and objects too."""
        if depth > _DEEPEST:
            return _LOOP
        if isinstance(value, str):
            return self._text(value, depth)
        if isinstance(value, list):
            return [self.resolve(item, depth + 1) for item in value]
        if isinstance(value, Mapping):
            return {str(key): self.resolve(item, depth + 1) for key, item in value.items()}
        return value

    @property
    def stage(self) -> Any:
        """The stage: --parameter stage=NAME, provider.stage, or dev."""
        if found := self._given.get("stage") or self._given.get("opt:stage"):
            return found
        written = mapping(self._document.get("provider")).get("stage")
        if isinstance(written, str) and "sls:stage" in written:
            return "dev"
        if self._finds_stage:
            return _LOOP
        self._finds_stage = True
        try:
            return self.resolve(written, 1) if written is not None else "dev"
        finally:
            self._finds_stage = False

    def _text(self, value: str, depth: int) -> Any:
        parts: list[Any] = []
        position = 0
        while (start := value.find("${", position)) >= 0:
            end = _closing(value, start + 2)
            if end < 0:
                break
            found = self._variable(value[start + 2 : end], depth + 1)
            if start == 0 and end == len(value) - 1:
                return value if found is None else found
            if isinstance(found, Missing):
                return found
            parts += [value[position:start], value[start : end + 1] if found is None else text(found)]
            position = end + 1
        return "".join((*parts, value[position:]))

    def _variable(self, inner: str, depth: int) -> Any:
        """The value of what is between the braces; None for what is not a variable (`${AWS::Region}`)."""
        missing: Missing | None = None
        if "${" in inner:
            resolved = self._text(inner, depth)
            if isinstance(resolved, Missing):
                return resolved
            inner = str(resolved)
        for source in _sources(inner):
            found = self._source(source, depth)
            if found is None:
                return None
            if not isinstance(found, Missing):
                return found
            missing = missing or found
        return missing

    def _source(self, source: str, depth: int) -> Any:
        if source[:1] in "'\"" and source[-1:] == source[:1] and len(source) > 1:
            return source[1:-1]
        if source in ("true", "false"):
            return source == "true"
        if source == "null":
            return Missing("its variable is null")
        if _NUMBER.fullmatch(source):
            return float(source) if "." in source else int(source)
        match = _ADDRESS.fullmatch(source)
        if match is None or (match[2] is None and match[3] is None):
            return None
        kind, argument, address = match[1], match[2], (match[3] or "").strip()
        match kind:
            case "self":
                return self._at(self._document, address, depth, f"self:{address}")
            case "opt":
                return self._option(address)
            case "param":
                return self._parameter(address, depth)
            case "sls":
                return self.stage if address == "stage" else Missing(f"sls:{address} is known only at deployment")
            case "env":
                return self._environment(address)
            case "file":
                return self._file(str(argument or ""), address, depth)
            case "aws" if address == "region":
                return self._region(depth)
            case "strToBool":
                return str(argument).strip().lower() in ("true", "1")
        return Missing(f"{kind}:{address} is read at deployment")

    def _option(self, name: str) -> Any:
        found = self._given.get(f"opt:{name}", self._given.get(name))
        return Missing(f"opt:{name} is an option: give --parameter {name}=VALUE") if found is None else found

    def _region(self, depth: int) -> Any:
        """The Region of the service: --parameter region=NAME, or provider.region."""
        if found := self._given.get("region") or self._given.get("opt:region"):
            return found
        written = mapping(self._document.get("provider")).get("region")
        return Missing("the service sets no region") if written is None else self.resolve(written, depth)

    def _environment(self, name: str) -> Any:
        found = self._given.get(f"env:{name}", self._environ.get(name))
        return Missing(f"the environment variable {name} is not set") if found is None else found

    def _parameter(self, name: str, depth: int) -> Any:
        if (given := self._given.get(f"param:{name}", self._given.get(name))) is not None:
            return given
        stage, stages = str(self.stage), mapping(self._document.get("stages"))
        tables = (
            mapping(mapping(self._document.get("params")).get(stage)),
            mapping(mapping(stages.get(stage)).get("params")),
            mapping(mapping(self._document.get("params")).get("default")),
            mapping(mapping(stages.get("default")).get("params")),
        )
        found = next((table[name] for table in tables if name in table), None)
        if found is None:
            if self._finds_stage:
                return _LOOP
            return Missing(f"param:{name} has no value: give --parameter {name}=VALUE")
        return self.resolve(found, depth)

    def _file(self, name: str, address: str, depth: int) -> Any:
        path = name.strip().strip("'\"")
        if path.startswith("~") or Path(path).suffix not in (".yml", ".yaml", ".json"):
            return Missing(f"{path} is not a YAML or JSON file next to the template")
        found = self._read(self._folder / path)
        return found if isinstance(found, Missing) else self._at(found, address, depth, f"{path}:{address}")

    def _at(self, root: Any, address: str, depth: int, label: str) -> Any:
        """The value at an address such as `custom.tables.0`, variables on the way followed."""
        found = root
        for token in filter(None, address.split(".")):
            if isinstance(found, str):
                found = self.resolve(found, depth + 1)
            if isinstance(found, Missing):
                return found
            if isinstance(found, list) and token.isdigit() and int(token) < len(found):
                found = found[int(token)]
            else:
                found = mapping(found).get(token)
        if found is None:
            return Missing(f"{label} is not there")
        return self.resolve(found, depth + 1)


def _closing(value: str, position: int) -> int:
    """The offset of the brace that closes a variable; -1 where none does."""
    depth = 1
    for index in range(position, len(value)):
        if value.startswith("${", index):
            depth += 1
        elif value[index] == "}":
            depth -= 1
            if not depth:
                return index
    return -1


def _sources(inner: str) -> list[str]:
    """The sources of a variable, between commas outside of quotes and brackets."""
    parts, depth, quote, start = [], 0, "", 0
    for index, sign in enumerate(inner):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "({":
            depth += 1
        elif sign in ")}":
            depth -= 1
        elif sign == "," and depth == 0:
            parts.append(inner[start:index])
            start = index + 1
    return [part.strip() for part in (*parts, inner[start:])]
