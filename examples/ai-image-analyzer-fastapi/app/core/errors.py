"""What can be wrong with a request, and how it is answered: `{"error": {"code", "message"}}`."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse


class ApiError(Exception):
    """An answer that is not a success. `code` is for programs, `message` for people."""

    status = 500
    code = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class TooLargeError(ApiError):
    """More bytes or pixels than the settings allow."""

    status = 413
    code = "too_large"


class UnsupportedTypeError(ApiError):
    """Not declared as an image, or an image of a format that is not read here."""

    status = 415
    code = "unsupported_type"


class UnreadableImageError(ApiError):
    """Declared as an image, but its bytes are not one."""

    status = 422
    code = "unreadable_image"


class StorageError(ApiError):
    """The analysis was made but could not be stored."""

    status = 502
    code = "storage_failed"


async def answer(_request: Request, error: Exception) -> JSONResponse:
    """Turn an ApiError into its JSON answer."""
    if not isinstance(error, ApiError):
        raise error
    body = {"error": {"code": error.code, "message": error.message}}
    return JSONResponse(body, status_code=error.status)


def install(app: FastAPI) -> None:
    """Answer every ApiError of `app` in the one shape."""
    app.add_exception_handler(ApiError, answer)
