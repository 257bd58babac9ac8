"""Functions in SAM and CloudFormation templates, as people and the CDK write them."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from monitor.kernel.budgets import LOOP_VALUES, NESTED_TEMPLATES, TEXT_CHARACTERS
from monitor.kernel.missing import Missing
from monitor.templates.intrinsics import Resolver
from monitor.templates.model import Format, TemplateFunction
from monitor.templates.nodes import Node, plain
from monitor.templates.values import as_first, as_number, as_text, as_texts, as_variables, mapping, text

SAM_FUNCTION = "AWS::Serverless::Function"
FUNCTION = "AWS::Lambda::Function"
# Types with a template of their own, and the property that names its file.
_NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
# Pseudo parameters that a nested stack shares with its parent.
_OF_ALL_STACKS = ("AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix")
_OF_ONE_STACK = ("AWS::NotificationARNs", "AWS::StackId", "AWS::StackName")
_DEEPEST = 10
GENERATED = Missing("its name is chosen at deployment: give --stack NAME")

Load = Callable[[Path], "Node | Missing"]


@dataclass(slots=True)
class Reading:
    """What reading a template needs and collects. `assets` are folders of the CDK's assets by hash."""

    load: Load
    assets: Mapping[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    left: int = NESTED_TEMPLATES


def is_template(document: Any) -> bool:
    """Whether it is a template: its resources have types."""
    if isinstance(document, Mapping) and "AWSTemplateFormatVersion" in document:
        return True
    resources = document.get("Resources") if isinstance(document, Mapping) else None
    return isinstance(resources, Mapping) and any(
        name.startswith("Fn::ForEach::") if isinstance(name, str) and isinstance(one, list) else _type(one) is not None
        for name, one in resources.items()
    )


def format_of(document: Mapping[str, Any]) -> Format:
    """Which kind of template it is."""
    transform = document.get("Transform")
    transforms = transform if isinstance(transform, list) else [transform]
    resources = list(mapping(document.get("Resources")).values())
    if "AWS::Serverless-2016-10-31" in transforms or any(
        str(_type(one)).startswith("AWS::Serverless") for one in resources
    ):
        return Format.SAM
    is_cdk = any("aws:cdk:path" in mapping(mapping(one).get("Metadata")) for one in resources)
    return Format.CDK if is_cdk else Format.CLOUDFORMATION


def parameters(document: Mapping[str, Any]) -> frozenset[str]:
    """The names of the parameters that a template declares, and of the pseudo parameters, which every template has."""
    return frozenset(map(str, mapping(document.get("Parameters")))) | {*_OF_ALL_STACKS, *_OF_ONE_STACK}


def functions(
    root: Node, file: Path, given: Mapping[str, Any], reading: Reading, prefix: str = "", depth: int = 0
) -> Iterator[TemplateFunction]:
    """The functions of a template and of its nested templates. `given` are values of parameters."""
    document = plain(root)
    if not isinstance(document, Mapping):
        reading.notes.append(f"{file} was not read: it is not a template")
        return
    resolver = Resolver(document, given)
    shared = merged_globals(document)
    values = iter(range(LOOP_VALUES))
    for name, resource, place in _expanded(mapping(document.get("Resources")), resolver, values):
        kind, properties = _type(resource), mapping(mapping(resource).get("Properties"))
        if kind is None or not resolver.is_created(resource):
            continue
        if kind in (SAM_FUNCTION, FUNCTION):
            if kind == SAM_FUNCTION:
                properties = merge(shared, properties)
            found = mapping(resolver.resolve(properties))
            metadata = mapping(resource.get("Metadata"))
            one = _function(f"{prefix}{name}", kind, found, metadata, file, place, reading)
            where = written_pair(root, one)
            yield replace(one, line=where[0].line if where else root.line)
        elif kind in _NESTED:
            yield from _nested(f"{prefix}{name}", kind, resource, resolver, given, file, reading, depth)
    if next(values, None) is None:
        reading.notes.append(f"only the first {LOOP_VALUES:,} values of the loops of {file} were read")


def merged_globals(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties of SAM's Globals that all functions have."""
    return mapping(mapping(document.get("Globals")).get("Function"))


def merge(shared: Any, own: Any) -> Any:
    """A property of SAM's Globals with the function's own: objects are merged, lists joined, other values replaced."""
    if isinstance(shared, Mapping) and isinstance(own, Mapping) and not (_is_intrinsic(shared) or _is_intrinsic(own)):
        both = {name: merge(shared[name], own[name]) for name in shared.keys() & own.keys()}
        return {**shared, **own, **both}
    if isinstance(shared, list) and isinstance(own, list):
        return [*shared, *own]
    return own


def _expanded(
    resources: Mapping[str, Any], resolver: Resolver, left: Iterator[int]
) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """The resources, with those of Fn::ForEach loops, and the place of those in their loop; see `written_pair`.

    `left` has an item for each value that the loops may take.
    """
    for name, resource in resources.items():
        yield from _looped(name, resource, name, resolver, left, 0)


def _looped(
    name: str, resource: Any, place: str, resolver: Resolver, left: Iterator[int], depth: int
) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    match resource:
        case Mapping():
            yield name, resource, place if depth else ""
        case [str() as variable, items, Mapping() as body] if name.startswith("Fn::ForEach::") and depth < _DEEPEST:
            values = resolver.resolve(items)
            for value in values if isinstance(values, list) else ():
                if next(left, None) is None:
                    return
                if isinstance(value, Missing):
                    continue
                for key, inner in body.items():
                    new, replaced = _replaced(key, variable, text(value)), _replaced(inner, variable, text(value))
                    yield from _looped(new, replaced, f"{place}/{key}", resolver, left, depth + 1)


def written_pair(root: Node, function: TemplateFunction) -> tuple[Node, Node] | None:
    """The key and the resource of a function in its file; in the body of a loop where one writes it."""
    *loops, name = function.shared.split("/") if function.shared else [function.id.rpartition("/")[2]]
    found = root.get("Resources")
    for loop in loops:
        sequence = found.get(loop) if found is not None else None
        found = sequence.items[2] if sequence is not None and len(sequence.items) == 3 else None
    return found.pair(name) if found is not None else None


def _replaced(value: Any, variable: str, by: str) -> Any:
    if isinstance(value, str):
        if len(value) * len(by) > TEXT_CHARACTERS:
            return value
        return value.replace(f"${{{variable}}}", by).replace(f"&{{{variable}}}", by)
    if isinstance(value, list):
        return [_replaced(item, variable, by) for item in value]
    if isinstance(value, Mapping):
        if dict(value) == {"Ref": variable}:
            return by
        return {_replaced(key, variable, by): _replaced(item, variable, by) for key, item in value.items()}
    return value


def _function(
    name: str,
    kind: str,
    found: Mapping[str, Any],
    metadata: Mapping[str, Any],
    file: Path,
    place: str,
    reading: Reading,
) -> TemplateFunction:
    code = found.get("Code")
    is_image = found.get("PackageType") == "Image" or "ImageUri" in found or "ImageUri" in mapping(code)
    tracing = found.get("Tracing") if kind == SAM_FUNCTION else mapping(found.get("TracingConfig")).get("Mode")
    environment = found.get("Environment")
    variables = mapping(environment).get("Variables", {}) if not isinstance(environment, Missing) else environment
    return TemplateFunction(
        id=name,
        name=as_text(found.get("FunctionName"), GENERATED),
        code=Missing("it is a container image") if is_image else _code(kind, found, metadata, file, reading),
        handler=as_text(found.get("Handler"), Missing("the template sets no Handler")),
        runtime=as_text(found.get("Runtime"), Missing("the template sets no Runtime")),
        architecture=as_first(found.get("Architectures"), "x86_64"),
        memory_mb=as_number(found.get("MemorySize"), 128),
        timeout_s=as_number(found.get("Timeout"), 3),
        layers=as_texts(found.get("Layers")),
        variables=as_variables(variables),
        tracing=as_text(tracing, "PassThrough"),
        is_image=is_image,
        file=file,
        shared=place,
        construct=str(metadata.get("aws:cdk:path") or "").removesuffix("/Resource"),
    )


def _code(
    kind: str, found: Mapping[str, Any], metadata: Mapping[str, Any], file: Path, reading: Reading
) -> Path | Missing:
    if isinstance(asset := metadata.get("aws:asset:path"), str):
        return file.parent / asset
    code = found.get("CodeUri" if kind == SAM_FUNCTION else "Code")
    if "InlineCode" in found or "ZipFile" in mapping(code):
        return Missing("its code is written in the template")
    match code:
        case Missing():
            return Missing(f"{'CodeUri' if kind == SAM_FUNCTION else 'Code'}: {code.reason}")
        case str() if code.startswith(("s3://", "https://")):
            return Missing("its code is in S3")
        case str():
            return file.parent / code
        case {"S3Key": key} if isinstance(key, str) and (
            asset := reading.assets.get(key.rpartition("/")[2].partition(".")[0])
        ):
            return asset
        case Mapping() if code:
            return Missing("its code is in S3")
    # The SAM CLI builds the template's own folder where CodeUri is left out.
    return file.parent if kind == SAM_FUNCTION else Missing("the template sets no Code")


def _nested(
    name: str,
    kind: str,
    resource: Mapping[str, Any],
    resolver: Resolver,
    given: Mapping[str, Any],
    file: Path,
    reading: Reading,
    depth: int,
) -> Iterator[TemplateFunction]:
    properties = mapping(resource.get("Properties"))
    asset = mapping(resource.get("Metadata")).get("aws:asset:path")
    place = asset if isinstance(asset, str) else resolver.resolve(properties.get(_NESTED[kind]))
    if not isinstance(place, str) or place.startswith(("https://", "s3://")):
        place = _asset_in(properties.get(_NESTED[kind]), reading.assets) or place
    if not isinstance(place, str | Path) or str(place).startswith(("https://", "s3://")):
        why = place.reason if isinstance(place, Missing) else "it is not on this machine"
        reading.notes.append(f"the nested template of {name} was not read: {why}")
        return
    if depth >= _DEEPEST:
        reading.notes.append(f"the nested template of {name} was not read: it is {depth} templates deep")
        return
    if reading.left <= 0:
        note = f"only the first {NESTED_TEMPLATES} nested templates were read"
        reading.notes += [note] if note not in reading.notes else []
        return
    reading.left -= 1
    child = place if isinstance(place, Path) else file.parent / place
    root = reading.load(child)
    if isinstance(root, Missing):
        reading.notes.append(f"the nested template of {name} was not read: {root.reason}")
        return
    pseudo = {name: given[name] for name in _OF_ALL_STACKS if name in given}
    parameters = {**pseudo, **mapping(resolver.resolve(properties.get("Parameters")))}
    yield from functions(root, child, parameters, reading, f"{name}/", depth + 1)


def _asset_in(value: Any, assets: Mapping[str, Path]) -> Path | None:
    """The asset of the CDK that a URL names by its hash, whatever of the URL only a deployment knows."""
    return next((assets[name] for name in _HASH.findall(json.dumps(value, default=str)) if name in assets), None)


def _is_intrinsic(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and (next(iter(value)) == "Ref" or str(next(iter(value))).startswith("Fn::"))


def _type(resource: Any) -> str | None:
    kind = resource.get("Type") if isinstance(resource, Mapping) else None
    return kind if isinstance(kind, str) else None
