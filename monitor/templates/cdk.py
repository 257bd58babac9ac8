"""The CDK's cloud assembly (cdk.out): its stacks' templates, and the folders of its assets.

https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-assemblies
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.templates.values import mapping


def is_manifest(document: Any) -> bool:
    """Whether it is the manifest of a cloud assembly."""
    return isinstance(document, Mapping) and "version" in document and isinstance(document.get("artifacts"), Mapping)


@dataclass(frozen=True, slots=True)
class CdkStack:
    """A stack: its name, its template, and where the paths of its constructs are, in the manifest or a file.

    `region` is empty for a stack that can be deployed to any.
    """

    name: str
    template: Path
    metadata: Mapping[str, Any]
    metadata_file: Path | None
    region: str


def stacks(manifest: Mapping[str, Any], folder: Path) -> Iterator[CdkStack]:
    """Each stack of an assembly."""
    for name, artifact in _artifacts(manifest, "aws:cloudformation:stack"):
        properties = mapping(artifact.get("properties"))
        more = artifact.get("additionalMetadataFile")
        if isinstance(file := properties.get("templateFile"), str):
            yield CdkStack(
                str(properties.get("stackName") or name),
                folder / file,
                mapping(artifact.get("metadata")),
                folder / more if isinstance(more, str) else None,
                str(artifact.get("environment") or "").rpartition("/")[2].replace("unknown-region", ""),
            )


def constructs(metadata: Any) -> dict[str, str]:
    """The path of the construct of each logical ID. `cdk synth` writes it into the template too; `app.synth()` not.

    A stack's metadata has the constructs of its nested stacks too. An ID of several constructs is left out.
    """
    found: dict[str, list[str]] = {}
    for path, entries in mapping(metadata).items():
        for entry in entries if isinstance(entries, list) else ():
            if mapping(entry).get("type") == "aws:cdk:logicalId" and "data" in entry:
                found.setdefault(str(entry["data"]), []).append(str(path).strip("/").removesuffix("/Resource"))
    return {name: paths[0] for name, paths in found.items() if len(paths) == 1}


def assemblies(manifest: Mapping[str, Any], folder: Path) -> Iterator[Path]:
    """The folders of nested assemblies: one for each stage."""
    for _, artifact in _artifacts(manifest, "cdk:cloud-assembly"):
        if isinstance(name := mapping(artifact.get("properties")).get("directoryName"), str):
            yield folder / name


def asset_files(manifest: Mapping[str, Any], folder: Path) -> Iterator[Path]:
    """The files that list the assets of each stack."""
    for _, artifact in _artifacts(manifest, "cdk:asset-manifest"):
        if isinstance(name := mapping(artifact.get("properties")).get("file"), str):
            yield folder / name


def assets(document: Any, folder: Path) -> dict[str, Path]:
    """The source of each file asset, by its hash and by the name of its object in S3."""
    found: dict[str, Path] = {}
    for digest, asset in mapping(mapping(document).get("files")).items():
        path = mapping(mapping(asset).get("source")).get("path")
        if isinstance(path, str):
            found[str(digest)] = folder / path
            for destination in mapping(mapping(asset).get("destinations")).values():
                key = str(mapping(destination).get("objectKey") or "")
                found[key.rpartition("/")[2].partition(".")[0]] = folder / path
    return found


def _artifacts(manifest: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, artifact in mapping(manifest.get("artifacts")).items():
        if mapping(artifact).get("type") == kind:
            yield str(name), mapping(artifact)
