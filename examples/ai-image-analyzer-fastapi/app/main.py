"""The application, and its handler for Lambda. Locally: `uvicorn app.main:app`."""

from fastapi import FastAPI
from mangum import Mangum

from app.core import errors
from app.core.config import settings
from app.core.telemetry import RouteLatency
from app.routers import analyze, health

app = FastAPI(title="AI image analyzer", version="1.0.0")
app.add_middleware(RouteLatency)
errors.install(app)
app.include_router(health.router)
app.include_router(analyze.router)
if settings.debug_routes:
    from app.routers import debug

    app.include_router(debug.router)

# There is nothing to start or stop: lifespan events would only cost time at init.
handler = Mangum(app, lifespan="off")
