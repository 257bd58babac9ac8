"""Is it up, and how many sizes are offered?"""

from app.core import catalog
from fastapi import APIRouter

router = APIRouter(tags=["health"])


@router.get("/health")
async def health() -> dict[str, int]:
    """Answers with the number of sizes."""
    return {"sizes": len(catalog.SIZES)}
