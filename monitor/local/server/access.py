"""The access keys of a stack, and the proof that a process is the stack that a key belongs to."""

import hashlib
import hmac
import secrets
from enum import Enum

_PREFIX = "local-"
HEALTH_PATH = "/_monitor/stack"
MAX_CHALLENGE_CHARS = 128
# Where the gate leaves the caller in an ASGI scope; calls inside the stack have none and are the owner's.
CALLER = "monitor.caller"


class Caller(Enum):
    """Who sends a request: the owner of the stack, or a function that runs on it."""

    OWNER = "owner"
    FUNCTION = "function"


class AccessKeys:
    """The owner's key, which is the secret of the stack, and one key for each sandbox while the sandbox exists.

    An access key is sent with each request, in the credential scope of its signature.
    """

    def __init__(self, owner: str | None = None) -> None:
        self.owner = owner or _new_key()
        self._functions: set[str] = set()

    def issue(self) -> str:
        """A new key for a sandbox."""
        key = _new_key()
        self._functions.add(key)
        return key

    def revoke(self, key: str) -> None:
        """Refuse requests with a sandbox's key from now on."""
        self._functions.discard(key)

    def caller(self, key: str) -> Caller | None:
        """Who has the key; None when it is not a key of this stack."""
        if hmac.compare_digest(key.encode("utf-8", "replace"), self.owner.encode()):
            return Caller.OWNER
        return Caller.FUNCTION if key in self._functions else None


def proof(owner_key: str, challenge: str, pid: int) -> str:
    """The answer to a challenge that only the stack with that key and process id can give."""
    message = f"monitor-stack {pid} {challenge}".encode("utf-8", "replace")
    return hmac.new(owner_key.encode(), message, hashlib.sha256).hexdigest()


def _new_key() -> str:
    return _PREFIX + secrets.token_hex(20)
