"""Deployed code by SHA-256: the zips, and the read-only folders that they are unpacked to."""

import asyncio
import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from monitor.local.functions.function_spec import FunctionSpec
from monitor.local.functions.unpack import BadPackageError, make_read_only, unpack
from monitor.local.server.aws_calls import AwsCalls
from monitor.local.server.tenant import Tenant


class CodeStore:
    """Fetches each zip from the emulator once and stores it, so that a published version keeps its own code.

    `zips` may outlive the stack (--state); `folders` is temporary. Folder paths end as on Lambda (…/var/task, …/opt),
    so that they are recognized in tracebacks.
    """

    def __init__(self, emulator: AwsCalls, zips: Path, folders: Path) -> None:
        self._emulator = emulator
        self._zips = zips
        self._folders = folders
        self._locks: dict[Path, asyncio.Lock] = {}
        self._zips.mkdir(parents=True, exist_ok=True)

    async def zip_of(self, spec: FunctionSpec) -> Path:
        """The function's zip. Raises BadPackageError when the code of that version is not available."""
        path = self._zips / f"{_hex(spec.code_sha256)}.zip"
        if path.exists():
            return path
        response = await self._emulator.rest(spec.tenant, "GET", spec.code_path)
        if response.status != 200 or _sha256(response.body) != spec.code_sha256:
            raise BadPackageError(f"the emulator does not have the code of {spec.name} version {spec.version}")
        await asyncio.to_thread(_write_whole, path, response.body)
        return path

    async def task_root(self, spec: FunctionSpec) -> Path:
        """The unpacked code, read-only. Raises BadPackageError."""
        zip_path = await self.zip_of(spec)
        return await self._folder(self._folders / _hex(spec.code_sha256)[:16] / "var" / "task", [zip_path])

    async def layers_root(self, spec: FunctionSpec) -> Path:
        """A folder with all layers extracted over each other, like /opt. Raises BadPackageError."""
        zips = [await self._layer_zip(spec, arn) for arn in spec.layers]
        key = hashlib.sha256("\n".join(path.name for path in zips).encode()).hexdigest()[:16]
        return await self._folder(self._folders / f"layers-{key}" / "opt", zips)

    async def _folder(self, target: Path, zips: list[Path]) -> Path:
        async with self._locks.setdefault(target, asyncio.Lock()):
            if not target.exists():
                await asyncio.to_thread(_unpack_all, target, zips)
        return target

    async def _layer_zip(self, spec: FunctionSpec, arn: str) -> Path:
        query = f"find=LayerVersion&Arn={quote(arn, safe='')}".encode()
        answer = await self._emulator.rest(spec.tenant, "GET", "/2018-10-31/layers", query)
        if answer.status != 200:
            raise BadPackageError(f"layer {arn} does not exist")
        return await self.layer_zip(spec.tenant, json.loads(answer.body)["Content"])

    async def layer_zip(self, tenant: Tenant, content: dict[str, Any]) -> Path:
        """The zip of a layer version, given GetLayerVersion's Content. Raises BadPackageError."""
        path = self._zips / f"{_hex(content['CodeSha256'])}.zip"
        if not path.exists():
            response = await self._emulator.rest(tenant, "GET", urlsplit(content["Location"]).path)
            if response.status != 200 or _sha256(response.body) != content["CodeSha256"]:
                raise BadPackageError("the emulator does not have the content of the layer")
            await asyncio.to_thread(_write_whole, path, response.body)
        return path


def _unpack_all(target: Path, zips: list[Path]) -> None:
    partial = target.with_name(target.name + ".partial")
    partial.mkdir(parents=True, exist_ok=True)
    for path in zips:
        unpack(path, partial)
    partial.rename(target)
    make_read_only(target)


def _write_whole(path: Path, data: bytes) -> None:
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.rename(path)


def _sha256(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def _hex(sha256_base64: str) -> str:
    return base64.b64decode(sha256_base64).hex()
