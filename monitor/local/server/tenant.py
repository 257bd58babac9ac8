"""Whose request it is: account, region and service, from an AWS signature's credential scope."""

import re
from dataclasses import dataclass

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")
DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One access key in one region; the emulator keeps each account's and region's resources apart."""

    access_key: str
    region: str

    @property
    def account(self) -> str:
        """An access key of twelve digits is its account's number, as in the emulator."""
        return self.access_key if re.fullmatch(r"\d{12}", self.access_key) else DEFAULT_ACCOUNT

    def signed(self, service: str) -> tuple[str, str]:
        """An Authorization header for a call in this tenant's name; nothing on loopback verifies it."""
        scope = f"{self.access_key}/20260101/{self.region}/{service}/aws4_request"
        return ("authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")


def parse_authorization(header: str) -> tuple[Tenant, str]:
    """The tenant and the service that a request is signed for; defaults and "" when it is not."""
    match = _CREDENTIAL.search(header)
    if match is None:
        return Tenant("test", DEFAULT_REGION), ""
    access_key, region, service = match.groups()
    return Tenant(access_key, region), service
