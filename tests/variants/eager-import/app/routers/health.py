"""Is it up, how is it set, and is a stored analysis valid?"""

import jsonschema
from app.core.config import settings
from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The answer of a function that can answer."""

    status: str
    eager_sdk: bool
    storage: bool


@router.get("/health")
async def health() -> Health:
    """Answers without touching anything: the cheapest request, for probes and for measuring starts."""
    return Health(status="ok", eager_sdk=settings.eager_sdk, storage=bool(settings.bucket))


@router.post("/validate")
async def validate(analysis: dict[str, object]) -> dict[str, bool]:
    """Whether a stored analysis has the fields that it should have."""
    return {"valid": jsonschema.Draft202012Validator({"required": ["format", "size"]}).is_valid(analysis)}
