"""Functions in serverless.yml, of versions 3 and 4 of the Serverless Framework.

https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from monitor.kernel.missing import Missing
from monitor.templates.model import TemplateFunction, Text
from monitor.templates.nodes import Node
from monitor.templates.serverless_variables import Variables
from monitor.templates.values import as_number, as_text, as_texts, as_variables, known_text, mapping


def is_template(document: Any) -> bool:
    """Whether it is the file of a service."""
    if not isinstance(document, Mapping) or "provider" not in document or "Resources" in document:
        return False
    return "service" in document or "functions" in document or "frameworkVersion" in document


def provider_of(document: Mapping[str, Any]) -> str:
    """The cloud that a service is deployed to."""
    provider = document.get("provider")
    return str(mapping(provider).get("name") or "") if isinstance(provider, Mapping) else str(provider)


def functions(root: Node, document: Mapping[str, Any], file: Path, variables: Variables) -> Iterator[TemplateFunction]:
    """The functions of a service."""
    provider = mapping(variables.resolve(document.get("provider")))
    table = root.pair("functions")
    for key, written in _entries(document.get("functions"), variables):
        # Of a function that another file has, the line that names the file.
        where = written_key(root, key) or (table[0] if table else root)
        found = variables.resolve(written)
        yield _function(key, mapping(found), provider, document, file, where.line, variables)


def written_node(root: Node, key: str) -> Node | None:
    """Where a function is written in the file itself; None where another file has it."""
    pair = _written(root, key)
    return pair[1] if pair else None


def written_key(root: Node, key: str) -> Node | None:
    """The key of a function in the file itself."""
    pair = _written(root, key)
    return pair[0] if pair else None


def _written(root: Node, key: str) -> tuple[Node, Node] | None:
    table = root.get("functions")
    found = (one.pair(key) for one in ((table, *table.items) if table else ()))
    return next((one for one in found if one is not None), None)


def unread(document: Mapping[str, Any], variables: Variables) -> Iterator[str]:
    """Why functions, or some of them, could not be read."""
    written = document.get("functions")
    for part in written if isinstance(written, list) else [written]:
        found = variables.resolve(part) if isinstance(part, str) else part
        if isinstance(found, Missing):
            yield f"functions were not read: {found.reason}"
        for key, one in mapping(found).items():
            if isinstance(one, str) and isinstance(reason := variables.resolve(one), Missing):
                yield f"{key} was not read: {reason.reason}"


def _entries(written: Any, variables: Variables) -> Iterator[tuple[str, Any]]:
    for part in written if isinstance(written, list) else [written]:
        found = variables.resolve(part) if isinstance(part, str) else part
        for key, one in mapping(found).items():
            resolved = variables.resolve(one) if isinstance(one, str) else one
            if isinstance(resolved, Mapping):
                yield str(key), resolved


def _function(
    key: str,
    found: Mapping[str, Any],
    provider: Mapping[str, Any],
    document: Mapping[str, Any],
    file: Path,
    line: int,
    variables: Variables,
) -> TemplateFunction:
    is_image = "image" in found
    handler = as_text(found.get("handler"), Missing("the service sets no handler"))
    environment = _environment(provider.get("environment"), found.get("environment"))
    layers = found["layers"] if "layers" in found else provider.get("layers")
    return TemplateFunction(
        id=key,
        name=_name(key, found, document, variables),
        code=Missing("it is a container image") if is_image else _code(found, document, file, variables),
        handler=handler,
        runtime=as_text(found.get("runtime", provider.get("runtime")), Missing("the service sets no runtime")),
        architecture=as_text(found.get("architecture", provider.get("architecture")), "x86_64"),
        memory_mb=as_number(found.get("memorySize", provider.get("memorySize")), 1024),
        timeout_s=as_number(found.get("timeout", provider.get("timeout")), 6),
        layers=as_texts(layers),
        variables=as_variables(environment),
        tracing=_tracing(found.get("tracing", mapping(provider.get("tracing")).get("lambda"))),
        is_image=is_image,
        file=file,
        line=line,
        region=known_text(provider.get("region")),
    )


def _environment(shared: Any, own: Any) -> Any:
    missing = next((one for one in (shared, own) if isinstance(one, Missing)), None)
    return missing or {**mapping(shared), **mapping(own)}


def _name(key: str, found: Mapping[str, Any], document: Mapping[str, Any], variables: Variables) -> Text:
    if "name" in found:
        return as_text(found["name"], "")
    service = variables.resolve(document.get("service"))
    service = mapping(service).get("name") if isinstance(service, Mapping) else service
    stage = variables.stage
    for part in (service, stage):
        if isinstance(part, Missing):
            return part
    return f"{service}-{stage}-{key}" if service else Missing("the service has no name")


def _code(found: Mapping[str, Any], document: Mapping[str, Any], file: Path, variables: Variables) -> Path | Missing:
    package = mapping(variables.resolve(document.get("package")))
    artifact = mapping(found.get("package")).get("artifact", package.get("artifact"))
    if isinstance(artifact, Missing):
        return artifact
    if isinstance(artifact, str):
        return file.parent / artifact
    module = found.get("module")
    # The plugin serverless-python-requirements packages this folder alone.
    return file.parent / module if isinstance(module, str) else file.parent


def _tracing(value: Any) -> Text:
    if isinstance(value, bool):
        return "Active" if value else "PassThrough"
    return as_text(value, "PassThrough")
