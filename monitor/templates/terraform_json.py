"""Functions in `terraform show -json` of a plan or state, and in a state file.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.kernel.missing import Missing
from monitor.templates.model import Format, TemplateFunction, Text
from monitor.templates.terraform import without_keys
from monitor.templates.values import as_first, as_number, as_text, as_texts, as_variables, mapping

_TYPE = "aws_lambda_function"
_UNKNOWN = Missing("it is known only after apply")
_DEEPEST = 40


class MalformedError(ValueError):
    """A part of the document has another shape than Terraform writes; the message says which."""


@dataclass(frozen=True, slots=True)
class _Resource:
    address: str
    kind: str
    values: Mapping[str, Any]
    unknown: Mapping[str, Any]


def format_of(document: Any) -> Format | None:
    """Which of the documents it is; None for another one."""
    if not isinstance(document, Mapping):
        return None
    if "format_version" in document and "planned_values" in document:
        return Format.TERRAFORM_PLAN
    if "terraform_version" in document and ("values" in document or isinstance(document.get("resources"), list)):
        return Format.TERRAFORM_STATE
    return None


def functions(document: Mapping[str, Any], file: Path) -> Iterator[TemplateFunction]:
    """The functions of a plan or state. Paths in it are relative to the folder of `file`.

    Raises:
        MalformedError: resources or modules are not lists of objects.
    """
    resources = list(_resources(document))
    archives = {
        str(one.values["output_path"]): one.values
        for one in resources
        if one.kind == "archive_file" and isinstance(one.values.get("output_path"), str)
    }
    sources = dict(_module_sources(mapping(mapping(document.get("configuration")).get("root_module")), "", 0))
    for one in resources:
        if one.kind == _TYPE:
            yield _function(one, archives, sources, file)


def _resources(document: Mapping[str, Any]) -> Iterator[_Resource]:
    unknown = {
        str(change.get("address")): mapping(mapping(change.get("change")).get("after_unknown"))
        for change in _objects(document, "resource_changes")
    }
    for part in (document, mapping(document.get("prior_state"))):
        for member in ("planned_values", "values"):
            yield from _of_module(mapping(mapping(part.get(member)).get("root_module")), unknown, part is document, 0)
    for resource in _objects(document, "resources"):
        yield from _of_state(resource)


def _objects(parent: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects in a list; none where the list is left out or null."""
    found = parent.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise MalformedError(f"its {name} are not a list of objects")
    return found


def _of_module(module: Mapping[str, Any], unknown: Mapping[str, Any], planned: bool, depth: int) -> Iterator[_Resource]:
    for resource in _objects(module, "resources"):
        kind, address = str(resource.get("type")), str(resource.get("address"))
        # A prior state has what is there now; only its data sources are not in the plan.
        if planned or resource.get("mode") == "data":
            yield _Resource(address, kind, mapping(resource.get("values")), mapping(unknown.get(address)))
    if depth < _DEEPEST:
        for child in _objects(module, "child_modules"):
            yield from _of_module(child, unknown, planned, depth + 1)


def _of_state(resource: Mapping[str, Any]) -> Iterator[_Resource]:
    prefix = "data" if resource.get("mode") == "data" else ""
    parts = (resource.get("module"), prefix, resource.get("type"), resource.get("name"))
    address = ".".join(str(part) for part in parts if part)
    for instance in _objects(resource, "instances"):
        key = instance.get("index_key")
        name = address if key is None else f"{address}[{key}]" if isinstance(key, int) else f'{address}["{key}"]'
        yield _Resource(name, str(resource.get("type")), mapping(instance.get("attributes")), {})


def _module_sources(module: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    """The source_path of each call of a module, by the module's address."""
    for name, call in mapping(module.get("module_calls")).items():
        address = f"{prefix}module.{name}"
        expression = mapping(mapping(mapping(call).get("expressions")).get("source_path"))
        if "constant_value" in expression:
            yield address, expression["constant_value"]
        if depth < _DEEPEST:
            yield from _module_sources(mapping(mapping(call).get("module")), f"{address}.", depth + 1)


def _function(one: _Resource, archives: Mapping[str, Any], sources: Mapping[str, Any], file: Path) -> TemplateFunction:
    def value(name: str) -> Any:
        found = one.values.get(name)
        return _UNKNOWN if found is None and one.unknown.get(name) is True else found

    def text(name: str, default: Text) -> Text:
        return as_text(value(name) or None, default)

    is_image = value("package_type") == "Image" or isinstance(value("image_uri"), str)
    environment = _first(value("environment"))
    variables = _first(environment).get("variables") if isinstance(environment, Mapping) else environment
    return TemplateFunction(
        id=one.address,
        name=text("function_name", Missing("the document has no function_name")),
        code=Missing("it is a container image") if is_image else _code(one, value, archives, sources, file),
        handler=text("handler", Missing("it has no handler")),
        runtime=text("runtime", Missing("it has no runtime")),
        architecture=as_first(value("architectures"), "x86_64"),
        memory_mb=as_number(value("memory_size"), 128),
        timeout_s=as_number(value("timeout"), 3),
        layers=as_texts(value("layers")),
        variables=as_variables(_with_unknown(variables, one.unknown)),
        tracing=as_text(_mode(value("tracing_config")), "PassThrough"),
        is_image=is_image,
        file=file,
    )


def _with_unknown(variables: Any, unknown: Mapping[str, Any]) -> Any:
    """The variables, with those that a plan does not know yet."""
    if isinstance(variables, Missing):
        return variables
    names = _first(unknown.get("environment")).get("variables")
    if names is True:
        return _UNKNOWN
    found = {name: _UNKNOWN for name, is_unknown in mapping(names).items() if is_unknown}
    return {**mapping(variables), **found}


def _code(
    one: _Resource, value: Any, archives: Mapping[str, Any], sources: Mapping[str, Any], file: Path
) -> Path | Missing:
    filename = value("filename")
    if isinstance(filename, str) and filename in archives:
        archive = archives[filename]
        if isinstance(source := archive.get("source_dir"), str) and source:
            return file.parent / source
        if isinstance(source := archive.get("source_file"), str) and source:
            return (file.parent / source).parent
    module = one.address.rpartition(f".{_TYPE}.")[0]
    source_path = sources.get(without_keys(module))
    if isinstance(source_path, list) and len(source_path) == 1:
        source_path = source_path[0]
    if isinstance(source_path, Mapping):
        source_path = source_path.get("path")
    if isinstance(source_path, str):
        return file.parent / source_path
    if isinstance(filename, str):
        return file.parent / filename
    if isinstance(value("s3_key"), str):
        return Missing("its code is in S3")
    return filename if isinstance(filename, Missing) else Missing("it has no filename")


def _mode(value: Any) -> Any:
    return value if isinstance(value, Missing) else _first(value).get("mode")


def _first(value: Any) -> Any:
    """The first of a list of blocks, or the value itself."""
    if isinstance(value, list):
        return mapping(value[0]) if value else {}
    return value if isinstance(value, Missing) else mapping(value)
