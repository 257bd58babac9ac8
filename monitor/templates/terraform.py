"""Functions in the files of a Terraform module: aws_lambda_function, and calls of terraform-aws-modules/lambda."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.kernel.budgets import LOOP_VALUES, NESTED_TEMPLATES
from monitor.kernel.missing import Missing
from monitor.templates.hcl import Block, Expression
from monitor.templates.model import TemplateFunction
from monitor.templates.terraform_values import Scope
from monitor.templates.values import as_first, as_number, as_text, as_texts, as_variables, known_text, mapping

FUNCTION = "aws_lambda_function"
_DEEPEST = 6
_LAMBDA_MODULE = re.compile(r"terraform-aws-modules/(?:lambda/aws|terraform-aws-lambda)\b(?!.*//modules)")

_KEY = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|\d+)\]')

ReadModule = Callable[[Path], "dict[Path, Block] | Missing"]


@dataclass(slots=True)
class Reading:
    """What reading a module needs and collects. `read` parses the files of a folder; `root` is the root module's."""

    read: ReadModule
    root: Path
    notes: list[str] = field(default_factory=list)
    left: int = NESTED_TEMPLATES
    values_left: int = LOOP_VALUES


def variables(files: Mapping[Path, Block]) -> frozenset[str]:
    """The names of the variables that a module declares."""
    blocks = (block for file in files.values() for block in file.blocks)
    return frozenset(block.labels[0] for block in blocks if block.kind == "variable" and block.labels)


def functions(
    files: Mapping[Path, Block],
    folder: Path,
    given: Mapping[str, Any],
    reading: Reading,
    prefix: str = "",
    depth: int = 0,
) -> Iterator[TemplateFunction]:
    """The functions of the module in `folder`, and of the modules beside it that it calls."""
    scope = Scope(files.values(), given, str(folder), str(reading.root))
    for file, top in files.items():
        for block in top.blocks:
            match block.kind, block.labels:
                case "resource", (kind, name) if kind == FUNCTION:
                    for one in _instances(f"{prefix}{FUNCTION}.{name}", block, scope, reading):
                        yield _resource(one, file, folder)
                case "module", (name,):
                    for one in _instances(f"{prefix}module.{name}", block, scope, reading):
                        yield from _module(one, file, folder, reading, depth)


@dataclass(frozen=True, slots=True)
class _Instance:
    """A block, or one element of its for_each or count: its address, and what the names in it mean.

    `all`: why there are several functions, or none, where the elements are not known.
    """

    address: str
    block: Block
    scope: Scope
    all: Missing | None = None

    def value(self, name: str) -> Any:
        """The value of an attribute."""
        return self.scope.value(self.block.get(name))


def _instances(address: str, block: Block, scope: Scope, reading: Reading) -> Iterator[_Instance]:
    found = scope.instances(block)
    if isinstance(found, Missing):
        yield _Instance(address, block, scope, found)
        return
    for key, inner in found:
        if key and reading.values_left <= 0:
            reading.notes.append(f"only the first {LOOP_VALUES:,} elements of for_each and count were read")
            return
        reading.values_left -= bool(key)
        yield _Instance(f"{address}{key}", block, inner)


def is_lambda_module(block: Block, scope: Scope) -> bool:
    """Whether a block calls terraform-aws-modules/lambda."""
    source = scope.value(block.get("source"))
    return isinstance(source, str) and _LAMBDA_MODULE.search(source) is not None


def _module(one: _Instance, file: Path, folder: Path, reading: Reading, depth: int) -> Iterator[TemplateFunction]:
    source = one.value("source")
    if is_lambda_module(one.block, one.scope):
        if one.value("create_function") is not False and one.value("create") is not False:
            yield _call(one, file, folder)
        return
    if not isinstance(source, str) or not source.startswith(("./", "../")):
        return
    if reading.left <= 0:
        note = f"only the first {NESTED_TEMPLATES} modules were read"
        reading.notes += [note] if note not in reading.notes else []
        return
    reading.left -= 1
    child = folder / source
    found = reading.read(child) if depth < _DEEPEST else Missing(f"it is {depth} modules deep")
    if isinstance(found, Missing):
        reading.notes.append(f"{one.address} was not read: {found.reason}")
        return
    arguments = {argument.name: one.scope.value(argument.value) for argument in one.block.attributes}
    yield from functions(found, child, arguments, reading, f"{one.address}.", depth + 1)


def _resource(one: _Instance, file: Path, folder: Path) -> TemplateFunction:
    """A function of the resource aws_lambda_function."""
    return _function(
        one,
        file,
        code=lambda: _resource_code(one, folder),
        variables=_in_child(one, "environment", "variables"),
        tracing=_in_child(one, "tracing_config", "mode"),
        is_image=one.block.get("image_uri") is not None,
    )


def _in_child(one: _Instance, kind: str, name: str) -> Any:
    """An attribute of a block in the block, which may be a dynamic one."""
    found = one.scope.child(one.block, kind)
    if found is None or isinstance(found, Missing):
        return found
    child, scope = found
    return scope.value(child.get(name))


def _call(one: _Instance, file: Path, folder: Path) -> TemplateFunction:
    """A function of a call of the module terraform-aws-modules/lambda."""
    return _function(
        one,
        file,
        code=lambda: _call_code(one.value, folder),
        variables=one.value("environment_variables"),
        tracing=one.value("tracing_mode"),
        is_image=False,
    )


def _function(
    one: _Instance, file: Path, *, code: Callable[[], Any], variables: Any, tracing: Any, is_image: bool
) -> TemplateFunction:
    value = one.value
    is_image = is_image or value("package_type") == "Image"
    return TemplateFunction(
        id=one.address,
        name=one.all or as_text(value("function_name"), Missing("it has no function_name")),
        code=Missing("it is a container image") if is_image else code(),
        handler=as_text(value("handler"), Missing("it has no handler")),
        runtime=as_text(value("runtime"), Missing("it has no runtime")),
        architecture=as_first(value("architectures"), "x86_64"),
        memory_mb=as_number(value("memory_size"), 128),
        timeout_s=as_number(value("timeout"), 3),
        layers=as_texts(value("layers")),
        variables=as_variables(variables),
        tracing=as_text(tracing, "PassThrough"),
        is_image=is_image,
        file=file,
        line=one.block.line,
        region=known_text(value("region")) or _provider_region(one.block, one.scope),
        shared=without_keys(one.address),
    )


def _provider_region(block: Block, scope: Scope) -> str:
    """The Region of the provider of a resource; of a module only if no providers are handed to it."""
    if block.get("providers") is not None:
        return ""
    named = block.get("provider")
    provider = scope.providers.get("aws" if named is None else str(named.value))
    return known_text(scope.value(provider.get("region"))) if provider else ""


def without_keys(address: str) -> str:
    """An address without the keys of for_each and count: that of the block."""
    return _KEY.sub("", address)


def _resource_code(one: _Instance, folder: Path) -> Path | Missing:
    written = one.block.get("filename")
    if written is None:
        return Missing("its code is in S3" if one.block.get("s3_key") is not None else "it has no filename")
    if archive := _referred(written, one.scope):
        return archive if isinstance(archive, Missing) else _archived(*archive, folder)
    filename = one.scope.value(written)
    for name, data in one.scope.data.items():
        if not name.startswith("archive_file."):
            continue
        instances = one.scope.instances(data)
        for _, scope in () if isinstance(instances, Missing) else instances:
            if isinstance(filename, str) and scope.value(data.get("output_path")) == filename:
                return _archived(data, scope, folder)
    return filename if isinstance(filename, Missing) else folder_path(folder, filename)


def _referred(written: Expression, scope: Scope) -> tuple[Block, Scope] | Missing | None:
    """The archive_file whose output_path it is, with the scope of its element."""
    match written.steps:
        case ("data", "archive_file", str() as name, *key, "output_path") if len(key) <= 1:
            data = scope.data.get(f"archive_file.{name}")
            if data is None:
                return None
            if not key or isinstance(key[0], str):
                return data, scope
            found = scope.value(key[0])
            element = found if isinstance(found, Missing) else scope.element(data, found)
            return element if isinstance(element, Missing) else (data, element)
    return None


def _archived(data: Block, scope: Scope, folder: Path) -> Path | Missing:
    for name in ("source_dir", "source_file"):
        found = scope.value(data.get(name))
        if isinstance(found, Missing):
            return found
        if isinstance(found, str):
            path = folder_path(folder, found)
            return path if name == "source_dir" else path.parent
    return Missing("its archive_file has neither source_dir nor source_file")


def _call_code(value: Callable[[str], Any], folder: Path) -> Path | Missing:
    source = value("source_path")
    if source is None:
        package = value("local_existing_package")
        if isinstance(package, str):
            return folder_path(folder, package)
        return package if isinstance(package, Missing) else Missing("it has no source_path")
    if isinstance(source, list):
        if len(source) != 1:
            return Missing("its source_path names several sources")
        source = source[0]
    if isinstance(source, Mapping):
        source = mapping(source).get("path")
    if isinstance(source, str):
        path = folder_path(folder, source)
        return path.parent if path.suffix == ".py" else path
    return source if isinstance(source, Missing) else Missing("its source_path is not understood")


def folder_path(folder: Path, written: str) -> Path:
    """A path of a module: relative to its folder. `folder` is absolute, and so is a path with path.module in it."""
    return folder / written
