"""Whether a layer is in the Region of the functions that are to use it, as far as their files say."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from monitor.console.stacks.template_files import parse_document, read_text
from monitor.errors import UsageError
from monitor.templates.model import TemplateFunction
from monitor.templates.nodes import plain
from monitor.templates.values import known_text, mapping

_ARN = re.compile(r"arn:[a-z-]+:lambda:([a-z0-9-]+):")
_SAM_FILES = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")


def region_notes(
    layer: str | None, functions: Sequence[TemplateFunction], file: Path, given: Mapping[str, str]
) -> tuple[str, ...]:
    """A note if the layer is in another Region than the functions of `file`; `given` are values of parameters."""
    own = _region(layer) if layer else ""
    for where, regions, may_be_any in _known(functions, file, given):
        others = [one for one in regions if one != own]
        if own and others and not (may_be_any and own in regions):
            return (f"--layer is in {own}, but {where} {others[0]}: a function takes layers of its own Region only",)
    return ()


def _known(
    functions: Sequence[TemplateFunction], file: Path, given: Mapping[str, str]
) -> Iterator[tuple[str, list[str], bool]]:
    """What says it, the Regions, and whether a function is in any of them and not in all."""
    for one in functions:
        yield f"{one.id} is deployed to", [one.region] if one.region else [], False
        regions = [_region(arn) for arn in one.layers if isinstance(arn, str)]
        yield f"another layer of {one.id} is in", list(filter(None, regions)), False
    if "AWS::Region" in given:
        yield "--parameter names", [given["AWS::Region"]], False
        return
    for name in _SAM_FILES:
        if file.suffix != ".tf" and (file.parent / name).is_file():
            # It has the settings of several stages.
            yield f"{name} deploys to", _sam_regions(file.parent / name), True


def _sam_regions(file: Path) -> list[str]:
    """The Regions of the environments in a configuration file of the SAM CLI; none where it cannot be read."""
    import tomllib

    try:
        text = read_text(file)
        document: Any = tomllib.loads(text) if file.suffix == ".toml" else plain(parse_document(text, file))
    except (UsageError, ValueError, RecursionError):
        return []
    tables = [
        mapping(mapping(mapping(environment).get(command)).get("parameters"))
        for environment in mapping(document).values()
        for command in ("deploy", "global")
    ]
    return list(dict.fromkeys(filter(None, (known_text(table.get("region")) for table in tables))))


def _region(arn: str) -> str:
    found = _ARN.match(arn)
    return found[1] if found else ""
