"""Settings, all from the environment, read once when the environment starts."""

import os
from dataclasses import dataclass

_TRUE = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator can change without a deployment.

    bucket: APP_BUCKET; each analysis is stored there as JSON, nothing is stored when empty.
    eager_sdk: APP_EAGER_SDK; imports boto3 and makes the S3 client at init instead of at first use.
    debug_routes: APP_DEBUG_ROUTES; adds /debug/…, which fail, crash or dawdle on request.
    max_bytes, max_pixels: APP_MAX_BYTES and APP_MAX_PIXELS; what is larger is answered with 413.
    """

    bucket: str
    eager_sdk: bool
    debug_routes: bool
    max_bytes: int
    max_pixels: int

    @classmethod
    def from_environment(cls) -> "Settings":
        """Raises ValueError, naming the variable, when a number is not one."""
        return cls(
            bucket=os.environ.get("APP_BUCKET", ""),
            eager_sdk=_flag("APP_EAGER_SDK"),
            debug_routes=_flag("APP_DEBUG_ROUTES"),
            # Lambda takes 6 MB a request, base64 included: 4.5 MB of image at most.
            max_bytes=_positive("APP_MAX_BYTES", 4_500_000),
            max_pixels=_positive("APP_MAX_PIXELS", 24_000_000),
        )


def _flag(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in _TRUE


def _positive(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or int(text) == 0:
        raise ValueError(f"{name} must be a whole number above 0, not {text!r}")
    return int(text)


settings = Settings.from_environment()
