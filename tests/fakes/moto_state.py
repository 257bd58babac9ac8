"""moto keeps its account in the process: tests that share a process begin with an empty one."""

import urllib.request


def empty_account(url: str) -> None:
    """Forget everything that a moto server in this process holds."""
    request = urllib.request.Request(f"{url}/moto-api/reset", method="POST")
    with urllib.request.urlopen(request, timeout=30):
        pass
