"""Runs the commands against damaged answers and damaged files, and says what is wrong with how one ended."""

import io
import json
import random
import re
import shutil
import time
import zipfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

from monitor.aws.connection import Connection
from monitor.errors import MonitorError
from tests.attacks.commands import patient
from tests.attacks.mutated_clients import CLIENTS
from tests.attacks.mutated_commands import SINCE, Entry, entry_of
from tests.clean_environment import clean_environment
from tests.fakes.mutated_text import mutated_text
from tests.fakes.mutating_proxy import HOSTILE, MutatingProxy, damaged
from tests.forks import FORKS
from tests.functional.conftest import REGION
from tests.functional.option_pairs.account import ALPHA, create, fill, log_text
from tests.functional.option_pairs.files import files

ROOT = Path(__file__).resolve().parents[2]
OWN, STACK = "mutated-own", "mutated-stack"
LIMIT_S = 60
_PROJECT = {
    "GOOD/project/requirements.txt": b"click>=8\nrich==15.0.0 ; python_version > '3'\n-c constraints.txt\n",
    "GOOD/project/constraints.txt": b"click<99\n",
    "GOOD/project/pyproject.toml": b'[project]\nname = "p"\nversion = "1"\ndependencies = ["click"]\n',
    "GOOD/project/lambda_function.py": b"import json\n\ndef lambda_handler(event, context):\n    return 1\n",
    "GOOD/project/.dockerignore": b"*.pyc\n",
    "GOOD/budget/budget.toml": b'[api]\nlog = "saved.log"\ninit_ms = 800\n[shop]\npackage = "one.zip"\nmodules = 60\n',
    "GOOD/budget/saved.log": log_text(1_795_000_000).encode(),
    "GOOD/budget/one.zip": files(0)["one.zip"],
    "GOOD/home/monitor/config.toml": b'utc = true\nask_above_usd = 1.5\n[stage.dev]\nregions = ["eu-west-1"]\n',
    "GOOD/registry/stack-4566.json": b'{"pid": 1, "port": 4566, "endpoint": "http://127.0.0.1:4566", '
    b'"started_at": "2026-11-30T00:00:00+00:00", "access_key": "x"}',
}
# Files that monitor writes itself, and a colleague may send.
_WRITTEN = {
    "profile.json": ("coldstarts", "--from", "GOOD/saved.log", "--imports", "--save", "GOOD/profile.json"),
    "evidence.json": ("diagnose", "--from", "GOOD/saved.log", "--save", "GOOD/evidence.json"),
    "result.json": ("budget", "GOOD/budget/budget.toml", "--starts", "2", "--save", "GOOD/result.json"),
    "checkpoint.json": ("tail", ALPHA, *SINCE, "--no-follow", "--checkpoint", "GOOD/checkpoint.json"),
}
# All but line ends and tabs of what a terminal would obey; JSON may have C1 and bidi signs in a pipe.
_RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_RAW_IN_JSON = re.compile("[\x00-\x08\x0b-\x1f]")
_MEMBERS = ("../../out.py", "/out.py", HOSTILE, "a\\b", "x" * 3000, "d/", ".")
_BOARD = {
    "widgets": [
        {"type": "text", "width": 6, "height": 3, "properties": {"markdown": "x"}},
        {
            "type": "metric",
            "width": 6,
            "height": 6,
            "properties": {"region": "ap-southeast-1", "metrics": [["AWS/Lambda", "Errors", "FunctionName", ALPHA]]},
        },
    ]
}


class Commands:
    """The runner; `codes` counts how commands ended."""

    def __init__(self, proxy: MutatingProxy, connection: Connection, access_key: str, folder: Path) -> None:
        self._proxy, self._connection, self._access_key, self._folder = proxy, connection, access_key, folder
        self.codes: Counter[int | None] = Counter()
        now_s = int(time.time())
        for name, content in (*((f"GOOD/{name}", one) for name, one in files(now_s).items()), *_PROJECT.items()):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        shutil.copytree(ROOT / "tests/samples/templates", folder / "GOOD", dirs_exist_ok=True)
        fill(connection, now_s)
        for name in (OWN, "report"):  # the latter is in the templates
            create(connection, name, Tags={"team": "two"})
        self._layer = ""

    def run(self, seed: int, entry: Entry | None = None, *, damage: bool = True) -> str | None:
        """Run a command, damaged by `seed`; the answer says what is wrong, None: nothing is."""
        entry = entry or entry_of(seed)
        self._prepare(entry)
        self._proxy.begin(seed if damage else None)
        words = [self._filled(word, seed, damage=damage) for word in entry.words]
        environment = {name: self._filled(value, seed, damage=damage) for name, value in entry.environment}
        code, printed, told = self.execute(entry, words, environment)
        self.codes[code] += 1
        problem = _problem(code, printed, told, is_json=entry.is_json, client=entry.client)
        if problem is None:
            return None
        return f"seed {seed}: {' '.join(entry.words)}: {problem}\n  {self._proxy.told}\n  {told[-600:]}"

    def execute(self, entry: Entry, words: list[str], environment: dict[str, str]) -> tuple[int | str | None, str, str]:
        """The exit code, stdout and stderr. A text in place of the code says what the entry's client found wrong."""
        wanted = clean_environment(
            **{
                **dict.fromkeys(("AWS_ENDPOINT_URL", "MONITOR_LOCAL_ENDPOINT"), self._proxy.endpoint),
                **dict.fromkeys(("AWS_ACCESS_KEY_ID", "MONITOR_LOCAL_ACCESS_KEY"), self._access_key),
                "AWS_SECRET_ACCESS_KEY": "local",
                # One retry, with a short pause: what comes after more of them is the same.
                "AWS_MAX_ATTEMPTS": "2",
                "AWS_REGION": REGION,
                "MONITOR_STATE_HOME": str(self._folder / "state"),
                "COLUMNS": "100",
                **environment,
            }
        )
        if entry.client:
            found = CLIENTS[entry.client](words, wanted, self._folder, ALPHA)
            told = [(self._folder / name).read_text("utf-8", "replace") for name in ("out", "err")]
            return found, told[0], told[1]
        try:
            ended = FORKS.run(words, wanted, cwd=self._folder, timeout_s=patient(LIMIT_S))
        except TimeoutError as error:
            return None, "", str(error)
        return ended.returncode, ended.stdout, ended.stderr

    def _prepare(self, entry: Entry) -> None:
        """What the command reads, and earlier ones may have changed."""
        for folder in ("BAD", "state", "layers", "got"):
            shutil.rmtree(self._folder / folder, ignore_errors=True)
        for name in ("page.html", "built.zip"):
            (self._folder / name).unlink(missing_ok=True)
        line = " ".join(entry.words)
        for name, words in _WRITTEN.items():
            if name in line and not (self._folder / "GOOD" / name).exists():
                self._undamaged(*words)
        if "dashboard" in line:
            self._connection.call(
                "cloudwatch", "PutDashboard", DashboardName="mutated", DashboardBody=json.dumps(_BOARD)
            )
        if ("LAYER" in line or "--undo" in line) and not self._layer:
            self._undamaged("layer", "publish", "--apply", "--name", "mutated-layer")
            versions = self._connection.call("lambda", "ListLayerVersions", LayerName="mutated-layer")["LayerVersions"]
            self._layer = versions[0]["LayerVersionArn"]
        if "OWN" in line:
            with suppress(MonitorError):
                self._connection.call("lambda", "DeleteFunction", FunctionName=OWN)
            create(self._connection, OWN, Tags={"team": "two"})
        if "--undo" in line:
            self._undamaged("instrument", OWN, "--layer", self._layer, "--apply", "--yes")

    def _undamaged(self, *words: str) -> None:
        self._proxy.begin(None)
        code, printed, told = self.execute(Entry(words), list(words), {})
        assert code in (0, 1), (words, printed, told)

    def _filled(self, word: str, seed: int, *, damage: bool) -> str:
        """A word with the names, and with the file that it names damaged."""
        word = word.replace("FUNCTION", ALPHA).replace("OWN", OWN).replace("STACK", STACK)
        word = word.replace("LAYER", self._layer)
        if not word.startswith("BAD/"):
            return word if not word.startswith("GOOD/") else str(self._folder / word)
        place, _, inner = word.removeprefix("BAD/").partition("!")
        name = f"{place}/{inner}" if inner else place
        top = Path(name).parts[0]
        if (self._folder / "GOOD" / top).is_dir():
            shutil.copytree(self._folder / "GOOD" / top, self._folder / "BAD" / top, dirs_exist_ok=True)
        file = self._folder / "BAD" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        content = (self._folder / "GOOD" / name).read_bytes()
        file.write_bytes(damaged_file(name, content, random.Random(seed)) if damage else content)
        return str(self._folder / "BAD" / place)


def damaged_file(name: str, content: bytes, chance: random.Random) -> bytes:
    """A file as somebody else might send it."""
    if name.endswith(".zip"):
        return _damaged_zip(content, chance)
    text = content.decode()
    if name.endswith((".json", ".tfstate")) and chance.random() < 0.75:
        document = json.loads(text)
        for _ in range(chance.choice((1, 1, 2, 4))):
            document = damaged(document, chance)
        return json.dumps(document).encode()
    for _ in range(chance.choice((1, 1, 2, 3))):
        text = mutated_text(chance, text, chance.choice((text, HOSTILE, text.upper())))
    return text.encode("utf-8", "surrogatepass")


def _damaged_zip(content: bytes, chance: random.Random) -> bytes:
    kind = chance.random()
    if kind < 0.4:
        changed = bytearray(content)
        for _ in range(chance.randrange(1, 20)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        return bytes(changed)
    if kind < 0.5:
        return content[: chance.randrange(len(content))]
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        chosen = chance.choice(source.namelist())
        for one in source.namelist():
            text = source.read(one).decode()
            if one != chosen:
                target.writestr(one, text)
            elif kind < 0.8:
                target.writestr(one, mutated_text(chance, text, HOSTILE).encode("utf-8", "surrogatepass"))
            else:
                target.writestr(chance.choice(_MEMBERS), text)
    return out.getvalue()


def _problem(code: int | str | None, printed: str, told: str, *, is_json: bool, client: str) -> str | None:
    if code is None:
        return "it did not end within a minute"
    if "defect of monitor" in told or "Traceback" in told:
        return "it ended as a defect"
    if isinstance(code, str):
        return code
    if code not in (0, 1, 2, 3, 4):
        return f"exit code {code}"
    # What doctor finds is its output.
    if code in (2, 3, 4) and not (re.search(r"^monitor: .", told, re.MULTILINE) or "✗" in printed):
        return "it says nothing of why it ended"
    raw = (_RAW_IN_JSON if is_json else _RAW).search(printed) or _RAW.search(told)
    return f"a raw {raw[0]!r} was printed" if raw else None
