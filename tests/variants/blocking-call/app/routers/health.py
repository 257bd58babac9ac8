"""Is it up, and what are its limits?"""

from app.core import remote
from fastapi import APIRouter

router = APIRouter(tags=["health"])


@router.get("/health")
async def health() -> dict[str, int]:
    """Answers with the limits in force."""
    return remote.LIMITS
