"""Read templates from files and folders: SAM, CloudFormation, cdk.out, serverless.yml, Terraform."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from monitor.console.files import read_file
from monitor.errors import UsageError
from monitor.kernel.encodings import marked_encoding
from monitor.kernel.missing import Missing
from monitor.templates import cdk, cloudformation, serverless, terraform, terraform_json
from monitor.templates.hcl import Block
from monitor.templates.model import Format, Template, TemplateFunction
from monitor.templates.nodes import Node, plain
from monitor.templates.serverless_variables import Variables

_MOST_BYTES = 64 * 1024 * 1024
# The names that each tool looks for, in the order of this list.
_NAMES = (
    "serverless.yml", "serverless.yaml", "serverless.json",
    "template.yaml", "template.yml", "template.json",
)  # fmt: skip
_CODE = (".ts", ".js", ".mjs", ".cjs", ".py")
_HINT = "give a template of SAM, CloudFormation, CDK (cdk.out), Serverless or Terraform"
_TERRAFORM_HINT = "write it again with `terraform show -json`"


def read_template(path: Path, given: Mapping[str, str], texts: Mapping[Path, str] | None = None) -> Template:
    """The template in a file or folder. `given` are values of parameters, options and variables.

    `texts` are read in the place of files.

    Raises:
        UsageError: there is no such file or folder, it cannot be read, or it is not a template.
    """
    absolute = {file.absolute(): text for file, text in (texts or {}).items()}
    return _Reader(given, absolute).template(find_template(path))


def find_template(path: Path) -> Path:
    """The file of a template, or the one in a folder.

    Raises:
        UsageError: there is no such file or folder, or the folder has no template, or several.
    """
    if path.is_dir():
        return _in_folder(path)
    if not path.exists():
        raise UsageError(f"there is no template {path}", _HINT)
    if path.name == "cdk.json":
        return _synthesized(path)
    if path.suffix in _CODE:
        raise UsageError(f"{path} is code, which is not run to find its functions", _alternative(path))
    return path


def _alternative(path: Path) -> str:
    if path.name.startswith("serverless."):
        return "give the template that `serverless package` writes to .serverless/"
    return "run `cdk synth`, and give the folder cdk.out"


def _in_folder(folder: Path) -> Path:
    manifest = folder / "manifest.json"
    if manifest.is_file() and _is_assembly(manifest):
        return manifest
    found = [folder / name for name in _NAMES if (folder / name).is_file()]
    found += sorted(folder.glob("*.tf"))[:1]
    if (folder / "cdk.json").is_file():
        found.append(folder / "cdk.json")
    if len(found) > 1:
        raise UsageError(f"{folder} has several templates", f"give one of {', '.join(one.name for one in found)}")
    if not found and manifest.is_file():
        # What reads it says what is wrong with it.
        return manifest
    if not found:
        raise UsageError(f"{folder} has no template", _HINT)
    return _synthesized(found[0]) if found[0].name == "cdk.json" else found[0]


def _is_assembly(manifest: Path) -> bool:
    """Whether it is the CDK's, and not that of a web page or an extension."""
    try:
        return cdk.is_manifest(plain(parse_document(read_text(manifest), manifest)))
    except UsageError:
        return False


def _synthesized(file: Path) -> Path:
    settings = plain(parse_document(read_text(file), file))
    output = settings.get("output") if isinstance(settings, dict) else None
    manifest = file.parent / (output if isinstance(output, str) else "cdk.out") / "manifest.json"
    if not manifest.is_file():
        raise UsageError(f"{file} has no synthesized templates: {manifest} is not there", "run `cdk synth` first")
    return manifest


def read_text(file: Path) -> str:
    """The text of a file, with its byte order mark and its line ends as they are.

    Raises:
        UsageError: there is no such file, it cannot be read, or it is neither UTF-8 nor marked as something else.
    """
    try:
        content = read_file(file, _MOST_BYTES, "the template")
        return content.decode(marked_encoding(content)[0] or "utf-8")
    except FileNotFoundError as error:
        raise UsageError(f"there is no template {file}", _HINT) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"the template {file} is not UTF-8", "save it as UTF-8") from error


def parse_document(text: str, file: Path) -> Node:
    """The YAML or JSON of a text.

    Raises:
        UsageError: it is neither.
    """
    from monitor.templates import json_nodes, yaml_nodes

    is_json = text.lstrip("\ufeff \t\r\n").startswith(("{", "["))
    try:
        if is_json or file.suffix == ".json":
            return json_nodes.parse(text)
    except ValueError as error:
        if file.suffix == ".json":
            raise UsageError(f"{file} is not JSON: {error}", "correct it, or give another file") from error
    try:
        root = yaml_nodes.parse(text)
    except yaml_nodes.YamlError as error:
        raise UsageError(f"{file} is not YAML: {error}", "correct it, or give another file") from error
    if root is None:
        raise UsageError(f"{file} is empty", _HINT)
    return root


class _Reader:
    """Reads one template and the files that it names."""

    def __init__(self, given: Mapping[str, str], texts: Mapping[Path, str]) -> None:
        self._given = given
        self._texts = texts
        # Each file and module is parsed once, however often others name it.
        self._loaded: dict[Path, Node | Missing] = {}
        self._modules: dict[Path, dict[Path, Block] | Missing] = {}
        self._assemblies: set[Path] = set()
        # The manifest of cdk.out, which names files in its own folder only.
        self._manifest: Path | None = None

    def template(self, file: Path) -> Template:
        if file.suffix == ".tf":
            return self._terraform(file.parent)
        root = self._document(file)
        document = plain(root)
        if cdk.is_manifest(document):
            return self._cdk(document, file)
        if serverless.is_template(document):
            return self._serverless(root, document, file)
        if found := terraform_json.format_of(document):
            try:
                return Template(found, file, tuple(terraform_json.functions(document, file)), parameters=frozenset())
            except terraform_json.MalformedError as error:
                raise UsageError(f"{file} is not what Terraform writes: {error}", _TERRAFORM_HINT) from error
        if cloudformation.is_template(document):
            reading = cloudformation.Reading(self._load, self._assets_beside(file))
            functions = tuple(cloudformation.functions(root, file, self._given, reading))
            declared = cloudformation.parameters(document)
            return Template(cloudformation.format_of(document), file, functions, tuple(reading.notes), declared)
        if isinstance(document, dict) and "services" in document and "provider" not in document:
            raise UsageError(f"{file} lists services and no functions", "give the serverless.yml of one service")
        raise UsageError(f"{file} is not a template that monitor recognizes", _HINT)

    def _text(self, file: Path) -> str:
        return self._texts[file.absolute()] if file.absolute() in self._texts else read_text(file)

    def _document(self, file: Path) -> Node:
        return parse_document(self._text(file), file)

    def _load(self, file: Path) -> Node | Missing:
        place = Path(os.path.realpath(file))
        self._check_inside(place, file)
        if place not in self._loaded:
            try:
                self._loaded[place] = self._document(file)
            except UsageError as error:
                self._loaded[place] = Missing(error.message)
        return self._loaded[place]

    def _check_inside(self, place: Path, file: Path) -> None:
        """Refuse a file that cdk.out names and that is not in it: `cdk synth` writes all that it names there."""
        manifest = self._manifest
        if manifest and not place.is_relative_to(os.path.realpath(manifest.parent)):
            raise UsageError(f"{manifest} names {file}, which is outside of its folder", "run `cdk synth` again")

    def _assets_beside(self, file: Path) -> dict[str, Path]:
        """The assets of a template in cdk.out that is self._given by itself."""
        beside = file.with_name(f"{file.name.removesuffix('.template.json')}.assets.json")
        if not file.name.endswith(".template.json") or not beside.is_file():
            return {}
        found = self._load(beside)
        return {} if isinstance(found, Missing) else cdk.assets(plain(found), file.parent)

    def _cdk(self, manifest: Mapping[str, Any], file: Path) -> Template:
        self._manifest = file
        functions: list[TemplateFunction] = []
        notes: list[str] = []
        declared: set[str] = set()
        for stack, assets in self._stacks(manifest, file.parent, notes):
            root = self._load(stack.template)
            if isinstance(root, Missing):
                notes.append(f"the stack {stack.name} was not read: {root.reason}")
                continue
            declared |= cloudformation.parameters(plain(root))
            reading = cloudformation.Reading(self._load, assets, notes)
            paths = self._constructs(stack)
            known = {"AWS::StackName": stack.name, **({"AWS::Region": stack.region} if stack.region else {})}
            given = {**known, **self._given}
            for one in cloudformation.functions(root, stack.template, given, reading, f"{stack.name}/"):
                path = one.construct or paths.get(one.id.rpartition("/")[2], "")
                functions.append(replace(one, construct=path, region=stack.region))
        return Template(Format.CDK, file, tuple(functions), tuple(notes), frozenset(declared))

    def _constructs(self, stack: cdk.CdkStack) -> dict[str, str]:
        found = self._load(stack.metadata_file) if stack.metadata_file else Missing("the manifest has it")
        return cdk.constructs(stack.metadata if isinstance(found, Missing) else plain(found))

    def _stacks(
        self, manifest: Mapping[str, Any], folder: Path, notes: list[str]
    ) -> Iterator[tuple[cdk.CdkStack, dict[str, Path]]]:
        assets: dict[str, Path] = {}
        for listed in cdk.asset_files(manifest, folder):
            found = self._load(listed)
            assets |= {} if isinstance(found, Missing) else cdk.assets(plain(found), folder)
        yield from ((stack, assets) for stack in cdk.stacks(manifest, folder))
        self._assemblies.add(Path(os.path.realpath(folder)))
        for nested in cdk.assemblies(manifest, folder):
            if Path(os.path.realpath(nested)) in self._assemblies:
                continue
            child = self._load(nested / "manifest.json")
            if isinstance(child, Missing):
                notes.append(f"the assembly {nested.name} was not read: {child.reason}")
            elif cdk.is_manifest(document := plain(child)):
                yield from self._stacks(document, nested, notes)

    def _serverless(self, root: Node, document: Mapping[str, Any], file: Path) -> Template:
        provider = serverless.provider_of(document)
        if provider != "aws":
            raise UsageError(
                f"{file} is a service of the provider {provider or 'unknown'}", "monitor reads services on AWS"
            )

        def read(path: Path) -> Any:
            found = self._load(path)
            return found if isinstance(found, Missing) else plain(found)

        variables = Variables(document, file.parent, self._given, os.environ, read)
        functions = tuple(serverless.functions(root, document, file, variables))
        return Template(Format.SERVERLESS, file, functions, tuple(serverless.unread(document, variables)))

    def _terraform(self, folder: Path) -> Template:
        folder = folder.absolute()
        files = self._module(folder)
        if isinstance(files, Missing):
            raise UsageError(files.reason, "correct it, or give `terraform show -json` of a plan or state")
        reading = terraform.Reading(self._module, folder)
        functions = tuple(terraform.functions(files, folder, self._given, reading))
        return Template(Format.TERRAFORM, folder, functions, tuple(reading.notes), terraform.variables(files))

    def _module(self, folder: Path) -> dict[Path, Block] | Missing:
        place = Path(os.path.realpath(folder))
        if place not in self._modules:
            self._modules[place] = read_module(folder, self._texts)
        return self._modules[place]


def read_module(folder: Path, texts: Mapping[Path, str] | None = None) -> dict[Path, Block] | Missing:
    """The parsed files of a Terraform module; Missing where one cannot be read. `texts` take the place of files."""
    from monitor.templates.hcl import HclError, parse

    given = texts or {}
    found: dict[Path, Block] = {}
    for file in sorted(folder.glob("*.tf")):
        try:
            found[file] = parse(given[file] if file in given else read_text(file))
        except HclError as error:
            return Missing(f"{file}: {error}")
        except UsageError as error:
            return Missing(error.message)
    return found or Missing(f"{folder} has no .tf file")
