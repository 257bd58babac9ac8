"""Is it up, how is it set, and what do its queries look like?"""

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


@router.post("/queries")
async def queries(names: list[str]) -> dict[str, bool]:
    """Whether the schema has these types."""
    import graphql

    schema = graphql.build_schema("type Analysis { format: String }")
    return {name: schema.get_type(name) is not None for name in names}
