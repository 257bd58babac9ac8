"""POST /analyze: the raw bytes of an image as the body, `image/*` as the content type."""

import asyncio
import time

from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.core import telemetry
from app.core.config import settings
from app.core.errors import TooLargeError, UnsupportedTypeError
from app.services import analyzer, storage

router = APIRouter(tags=["analyze"])


class AnalyzeResponse(BaseModel):
    """The analysis, and where it was stored (null without a bucket)."""

    analysis: analyzer.Analysis
    stored_as: str | None


_IMAGE_BODY = {
    "requestBody": {
        "required": True,
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/analyze", openapi_extra=_IMAGE_BODY)
async def analyze(request: Request) -> AnalyzeResponse:
    """Describe an image: format, size, dominant colors and histogram."""
    content_type = request.headers.get("content-type", "")
    if not content_type.lower().startswith("image/"):
        raise UnsupportedTypeError(f"send an image with its content type, not {content_type or 'none'!r}")
    data = await _body(request, settings.max_bytes)

    started = time.perf_counter()
    # Decoding is CPU work: in a thread, so that a server with several requests keeps answering.
    analysis = await asyncio.to_thread(analyzer.analyze, data, settings.max_pixels)
    telemetry.duration_ms("AnalysisDuration", (time.perf_counter() - started) * 1000)
    telemetry.count("ImagesAnalyzed")
    telemetry.size_bytes("ImageBytes", len(data))
    telemetry.log(
        "image analyzed",
        image_format=analysis.format,
        image_width=analysis.size.width,
        image_height=analysis.size.height,
        image_bytes=analysis.size_bytes,
    )

    stored_as = None
    if settings.bucket:
        stored_as = await asyncio.to_thread(storage.store, data, analysis.model_dump_json())
    return AnalyzeResponse(analysis=analysis, stored_as=stored_as)


async def _body(request: Request, max_bytes: int) -> bytes:
    """The body, given up on as soon as it is too large. Raises TooLargeError."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > max_bytes:
            raise TooLargeError(f"the image is larger than {max_bytes} bytes")
    return bytes(data)
