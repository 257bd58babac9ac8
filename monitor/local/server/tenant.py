"""The account, region and service of a request, from the credential scope of its AWS signature."""

import re
from dataclasses import dataclass

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")
DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One access key in one region. The emulator separates resources by account and region."""

    access_key: str
    region: str

    @property
    def account(self) -> str:
        """The account id. An access key of twelve digits is an account id, as in the emulator."""
        return self.access_key if re.fullmatch(r"\d{12}", self.access_key) else DEFAULT_ACCOUNT

    def signed(self, service: str) -> tuple[str, str]:
        """An Authorization header for a call on behalf of this tenant. The emulator does not verify the signature."""
        scope = f"{self.access_key}/20260101/{self.region}/{service}/aws4_request"
        return ("authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")


def parse_authorization(header: str) -> tuple[Tenant, str]:
    """The tenant and the service that a request is signed for; the default tenant and "" when it is unsigned."""
    match = _CREDENTIAL.search(header)
    if match is None:
        return Tenant("test", DEFAULT_REGION), ""
    access_key, region, service = match.groups()
    return Tenant(access_key, region), service
