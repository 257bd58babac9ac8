"""Functions in the files of a Terraform module: aws_lambda_function, and calls of terraform-aws-modules/lambda."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.kernel.budgets import NESTED_TEMPLATES
from monitor.kernel.missing import Missing
from monitor.templates.hcl import Block
from monitor.templates.model import TemplateFunction
from monitor.templates.terraform_values import Scope
from monitor.templates.values import as_first, as_number, as_text, as_texts, as_variables, known_text, mapping

FUNCTION = "aws_lambda_function"
_DEEPEST = 6
_LAMBDA_MODULE = re.compile(r"terraform-aws-modules/(?:lambda/aws|terraform-aws-lambda)\b(?!.*//modules)")

ReadModule = Callable[[Path], "dict[Path, Block] | Missing"]


@dataclass(slots=True)
class Reading:
    """What reading a module needs and collects. `read` parses the files of a folder; `root` is the root module's."""

    read: ReadModule
    root: Path
    notes: list[str] = field(default_factory=list)
    left: int = NESTED_TEMPLATES


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
                    yield _resource(f"{prefix}{FUNCTION}.{name}", block, file, folder, scope)
                case "module", (name,):
                    yield from _module(f"{prefix}module.{name}", block, file, folder, scope, reading, depth)


def is_lambda_module(block: Block, scope: Scope) -> bool:
    """Whether a block calls terraform-aws-modules/lambda."""
    source = scope.value(block.get("source"))
    return isinstance(source, str) and _LAMBDA_MODULE.search(source) is not None


def _module(
    address: str, block: Block, file: Path, folder: Path, scope: Scope, reading: Reading, depth: int
) -> Iterator[TemplateFunction]:
    source = scope.value(block.get("source"))
    if is_lambda_module(block, scope):
        if scope.value(block.get("create_function")) is not False and scope.value(block.get("create")) is not False:
            yield _call(address, block, file, folder, scope)
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
        reading.notes.append(f"{address} was not read: {found.reason}")
        return
    arguments = {one.name: scope.value(one.value) for one in block.attributes}
    yield from functions(found, child, arguments, reading, f"{address}.", depth + 1)


def _resource(address: str, block: Block, file: Path, folder: Path, scope: Scope) -> TemplateFunction:
    """A function of the resource aws_lambda_function."""
    environment, tracing = block.child("environment"), block.child("tracing_config")
    return _function(
        address,
        block,
        file,
        scope,
        code=lambda: _resource_code(block, folder, scope),
        variables=environment.get("variables") if environment else None,
        tracing=tracing.get("mode") if tracing else None,
        is_image=block.get("image_uri") is not None,
    )


def _call(address: str, block: Block, file: Path, folder: Path, scope: Scope) -> TemplateFunction:
    """A function of a call of the module terraform-aws-modules/lambda."""
    return _function(
        address,
        block,
        file,
        scope,
        code=lambda: _call_code(lambda name: scope.value(block.get(name)), folder),
        variables=block.get("environment_variables"),
        tracing=block.get("tracing_mode"),
        is_image=False,
    )


def _function(
    address: str,
    block: Block,
    file: Path,
    scope: Scope,
    *,
    code: Callable[[], Any],
    variables: Any,
    tracing: Any,
    is_image: bool,
) -> TemplateFunction:
    def value(name: str) -> Any:
        return scope.value(block.get(name))

    is_image = is_image or value("package_type") == "Image"
    return TemplateFunction(
        id=address,
        name=_name(block, value),
        code=Missing("it is a container image") if is_image else code(),
        handler=as_text(value("handler"), Missing("it has no handler")),
        runtime=as_text(value("runtime"), Missing("it has no runtime")),
        architecture=as_first(value("architectures"), "x86_64"),
        memory_mb=as_number(value("memory_size"), 128),
        timeout_s=as_number(value("timeout"), 3),
        layers=as_texts(value("layers")),
        variables=as_variables(scope.value(variables)),
        tracing=as_text(scope.value(tracing), "PassThrough"),
        is_image=is_image,
        file=file,
        line=block.line,
        region=known_text(value("region")) or _provider_region(block, scope),
    )


def _provider_region(block: Block, scope: Scope) -> str:
    """The Region of the provider of a resource; of a module only if no providers are handed to it."""
    if block.get("providers") is not None:
        return ""
    named = block.get("provider")
    provider = scope.providers.get("aws" if named is None else str(named.value))
    return known_text(scope.value(provider.get("region"))) if provider else ""


def _name(block: Block, value: Callable[[str], Any]) -> str | Missing:
    if block.get("for_each") is not None or block.get("count") is not None:
        return Missing("there is one function for each element of its for_each or count")
    return as_text(value("function_name"), Missing("it has no function_name"))


def _resource_code(block: Block, folder: Path, scope: Scope) -> Path | Missing:
    written = block.get("filename")
    if written is None:
        return Missing("its code is in S3" if block.get("s3_key") is not None else "it has no filename")
    filename = scope.value(written)
    for name, data in scope.data.items():
        if not name.startswith("archive_file."):
            continue
        refers = written.value == f"data.{name}.output_path"
        if refers or (isinstance(filename, str) and scope.value(data.get("output_path")) == filename):
            return _archived(data, folder, scope)
    return filename if isinstance(filename, Missing) else folder_path(folder, filename)


def _archived(data: Block, folder: Path, scope: Scope) -> Path | Missing:
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
