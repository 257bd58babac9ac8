"""Fetch a requirements or constraints file that another one names by its URL."""

import sys
from urllib.parse import unquote, urlsplit

from monitor.errors import UnreachableError
from monitor.kernel.budgets import FETCH_FILE_S, METADATA_BYTES
from monitor.packages.building.installers import installer_environment
from monitor.packages.building.process import ProcessError, run_process
from monitor.packages.parse_installer import without_credentials

# In a process of its own, which a server cannot keep alive. As pip does: proxies and certificates of the environment,
# credentials of the URL or of .netrc, which a redirect to another server does not get.
_FETCH = """
import base64, netrc, os, sys, urllib.request
from urllib.parse import unquote, urlsplit, urlunsplit
url, most = sys.stdin.read(), int(sys.argv[1])
parts = urlsplit(url)
user, password = unquote(parts.username or ""), unquote(parts.password or "")
try:
    found = None if user else netrc.netrc(os.environ.get("NETRC")).authenticators(parts.hostname)
except (OSError, netrc.NetrcParseError):
    found = None
if found:
    user, password = found[0], found[2] or ""
request = urllib.request.Request(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])))
if user:
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    request.add_unredirected_header("Authorization", "Basic " + token)
try:
    with urllib.request.urlopen(request, timeout=15) as response:
        data = response.read(most + 1)
except OSError as error:
    sys.exit(str(getattr(error, "reason", "") or error))
sys.exit("it is too large for a requirements file") if len(data) > most else sys.stdout.buffer.write(data)
"""


def fetch(url: str, origin: str) -> bytes:
    """The content of the file at `url`, which the line `origin` names.

    Raises:
        UnreachableError: the server does not send it.
    """
    environment = installer_environment(building=False)
    command = [sys.executable, "-I", "-c", _FETCH, str(METADATA_BYTES)]
    try:
        done = run_process(command, FETCH_FILE_S, environment=environment, standard_input=url.encode())
        reason = done.error.decode(errors="replace").strip().rpartition("\n")[2] if done.code else ""
    except ProcessError as error:
        done, reason = None, str(error)
    if done is None or done.code:
        hint = "check the URL, the network, and the credentials in .netrc"
        raise UnreachableError(f"{origin}: {shown(url)} cannot be fetched: {reason}", hint)
    return done.out


def shown(url: str) -> str:
    """A URL without credentials: they can be in its query, too."""
    return without_credentials(url).partition("?")[0]


def file_name(url: str) -> str:
    """The name of the file at a URL, for messages."""
    return unquote(urlsplit(url).path).rpartition("/")[2] or (urlsplit(url).hostname or "")
