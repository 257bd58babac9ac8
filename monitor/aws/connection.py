"""One profile and region of AWS (or the embedded stack): clients made on first use, errors translated.

botocore's own session is used, not boto3's: it signs, retries and resolves credentials all the same (profiles, SSO,
role chains, MFA with the AWS CLI's credential cache), and starts in two thirds of the time.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, WaiterError
from botocore.session import Session
from botocore.utils import JSONFileCache

from monitor import __version__
from monitor.aws.answers import Answer, UnreadableAnswerError, checked_answer, plain_events
from monitor.aws.bounded import WAITING, bound, read_body
from monitor.aws.errors import config_file, credential_process_failed, translated
from monitor.aws.fast import make_fast
from monitor.aws.pacing import limiter_for, pace
from monitor.aws.rate import RateLimiter
from monitor.errors import DeniedError, MonitorError, RefusedError, UnreachableError, UsageError
from monitor.kernel.budgets import CONNECT_S, INVOKE_S, LOCAL_SILENT_S, SILENT_S
from monitor.kernel.secrets import without_secrets

# Enough attempts for a burst of throttling.
_MAX_ATTEMPTS = 6
_LOCAL_ATTEMPTS = 3
_MAX_REPEATED_TOKENS = 5
# Operations whose long lists their readers check, with the lists' names.
_PLAIN = {"FilterLogEvents": "events"}


class WaitFailedError(MonitorError):
    """A waiter failed: `answer` is the last answer, with the reason."""

    def __init__(self, waiter: str, answer: dict[str, Any]) -> None:
        super().__init__(f"{waiter} will not come")
        self.answer = answer


class WaitTimeoutError(UnreachableError):
    """A waiter did not succeed in time."""


class Connection:
    """Calls AWS APIs by the names that AWS gives them, and raises MonitorError for what goes wrong.

    Safe to use from several threads: they share one session, and one client of each service.
    """

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        local: bool = False,
        access_key: str | None = None,
        command: str = "",
        tell: Callable[[str, str], None] = lambda _message, _hint: None,
        on_call: Callable[[str, str, Mapping[str, Any]], None] | None = None,
    ) -> None:
        """`command` is the running command, for hints; `tell` gets warnings and their hints.

        `on_call` is called before each call, also of a waiter, with the service, the operation and the parameters. It
        can raise to prevent the call.
        """
        self.profile = profile
        self.local = local
        self.access_key = access_key or "local"
        self.endpoint_url = endpoint_url
        self.command = command
        self.tell = tell
        self.on_call = on_call
        self._told: set[str] = set()
        self._region = region
        self._session: Session | None = None
        self._clients: dict[tuple[str, float], Any] = {}
        # botocore's session is not safe to use in several threads at once, its clients are. Reentrant: making a client
        # asks for the session, and an error for the region.
        self._lock = threading.RLock()

    def in_region(self, region: str) -> "Connection":
        """A connection with the same profile, endpoint and key for another region."""
        return Connection(
            profile=self.profile,
            region=region,
            endpoint_url=self.endpoint_url,
            local=self.local,
            access_key=self.access_key,
            command=self.command,
            tell=self.tell,
            on_call=self.on_call,
        )

    @property
    def session(self) -> Session:
        """botocore's session, with the AWS CLI's cache of assumed-role credentials (one MFA code serves both)."""
        with self._lock:
            if self._session is None:
                self._session = self._new_session()
            return self._session

    def _new_session(self) -> Session:
        try:
            session = Session(profile=self.profile)
            make_fast(session)
            if self.local:
                # The embedded stack must not see, or need, the user's credentials.
                session.set_credentials(self.access_key, "local")
                return session
            provider = session.get_component("credential_provider").get_provider("assume-role")
            provider.cache = JSONFileCache(str(Path.home() / ".aws" / "cli" / "cache"))
        except BotoCoreError as error:
            # Not `self.where`: to tell the region it asks this very session.
            raise translated(error, "", "", without_secrets(self.endpoint_url or self._region or "AWS")) from error
        return session

    @property
    def region(self) -> str:
        """The region's name.

        Raises:
            RefusedError: none is configured anywhere.
        """
        region = self._region or self._configured_region()
        if not region:
            raise RefusedError("no AWS region is set", "give --region, or set AWS_REGION, or region in the profile")
        return region

    def _configured_region(self) -> str | None:
        with self._lock:
            try:
                region: str | None = self.session.get_config_variable("region")
            except BotoCoreError as error:
                raise translated(error, "", "", without_secrets(self.endpoint_url or "AWS")) from error
        return region

    @property
    def where(self) -> str:
        """The region, or the endpoint, for messages."""
        return without_secrets(self.endpoint_url or self._region or self._configured_region() or "AWS")

    @property
    def _silent_s(self) -> float:
        # The embedded stack shares this machine with what it runs.
        return LOCAL_SILENT_S if self.local else SILENT_S

    def client(self, service: str, read_timeout_s: float | None = None) -> Any:
        """botocore's client of `service` (its name in the AWS CLI)."""
        read_timeout_s = self._silent_s if read_timeout_s is None else read_timeout_s
        with self._lock:
            key = service, read_timeout_s
            if key not in self._clients:
                self._clients[key] = self._make(service, read_timeout_s)
            return self._clients[key]

    def _make(self, service: str, read_timeout_s: float) -> Any:
        config = Config(
            connect_timeout=CONNECT_S,
            read_timeout=read_timeout_s,
            max_pool_connections=16,
            retries={
                "mode": "standard",
                "total_max_attempts": _LOCAL_ATTEMPTS if self.local else _MAX_ATTEMPTS,
            },
            user_agent_extra=f"lambda-monitor/{__version__}",
            # StartLiveTail prefixes its host with `stream-`, which no custom endpoint answers to.
            inject_host_prefix=False if self.endpoint_url else None,
        )
        self._load_credentials()
        try:
            client = self.session.create_client(
                service, region_name=self.region, endpoint_url=self.endpoint_url, config=config
            )
        except BotoCoreError as error:
            raise self._translated(error, service) from error
        except ValueError as error:  # an endpoint that is not a URL, given here or in the environment
            raise UsageError(str(error), "an endpoint is a URL such as http://127.0.0.1:4566") from error
        bound(client)
        client.meta.events.register_first(
            "provide-client-params", lambda params, model, **_: self._called(service, model.name, params)
        )
        if service == "logs":
            pace(client, limiter_for(self.profile, self.region, client.meta.endpoint_url))
        return client

    def _called(self, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        """Tell of a call that is about to be made. Each call of a client passes here, whoever makes it."""
        if self.on_call is not None:
            self.on_call(service, operation, parameters)

    def _load_credentials(self) -> None:
        """Load the credentials before a client does: its ValueError for an endpoint looks the same as theirs."""
        try:
            self.session.get_credentials()
        except BotoCoreError as error:
            raise self._translated(error, "") from error
        except Exception as error:
            if self._has_credential_process():
                raise credential_process_failed(error) from error
            # Each provider reads files and answers of its own: a cache, an SSO token, the metadata of an instance.
            problem = f"{type(error).__name__}: {' '.join(without_secrets(str(error)).split())[:200]}"
            hint = f"check the profile in {config_file()}; `aws sts get-caller-identity` shows if the AWS CLI can"
            raise RefusedError(f"the AWS credentials cannot be read: {problem}", hint) from error

    def _has_credential_process(self) -> bool:
        try:
            return "credential_process" in self.session.get_scoped_config()
        except BotoCoreError:
            return False

    @property
    def limiter(self) -> RateLimiter:
        """The rate limiter for FilterLogEvents in this account and region."""
        return limiter_for(self.profile, self.region, self.client("logs").meta.endpoint_url)

    @property
    def _waiting_hint(self) -> str:
        # The --timeout of `local run` is the function's.
        ends = "" if self.command == "local run" else "; --timeout 30s would end such a command"
        return f"press Ctrl-C to end it{ends}"

    def call(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """The answer of one API call, e.g. `call("logs", "FilterLogEvents", logGroupName="…")`.

        Its values have the types of botocore's model. A member that is absent is so for `get`; `[…]` of one that is
        needed raises UnreadableAnswerError.

        Raises:
            NotFoundError, RefusedError, UnreachableError: as the answer says.
        """
        client = self.client(service, INVOKE_S if operation == "Invoke" else self._silent_s)
        name = f"{service}:{operation}"
        waiting = WAITING.begin(f"{name} in {self.where}", self._waiting_hint, self._tell_once)
        try:
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**parameters)
            if operation in _PLAIN:
                return plain_events(answer, _PLAIN[operation], name)
            return checked_answer(answer, client.meta.service_model.operation_model(operation).output_shape, name)
        except MonitorError:
            raise
        except (ClientError, BotoCoreError) as error:
            raise self._translated(error, service, operation) from error
        except Exception as error:
            raise self._unreadable(error, name) from error
        finally:
            WAITING.end(waiting)

    def _unreadable(self, error: Exception, name: str) -> MonitorError:
        """The error for exceptions of botocore's parsers, of any class, and of credential processes."""
        # Expired credentials are retrieved again while a request is signed.
        if isinstance(error, OSError | ValueError) and self._has_credential_process():
            return credential_process_failed(error)
        problem = " ".join(without_secrets(str(error)).split())[:200]
        return UnreadableAnswerError(name, f"{type(error).__name__}: {problem}".rstrip(": "))

    def read(self, body: Any, name: str) -> bytes:
        """The bytes of a streamed member, within the size and the time of an answer; `name` is the call's.

        Raises:
            UnreachableError: it ended early, is too large, or takes too long.
        """
        try:
            # A StreamingBody waits until a piece is full, however slowly its bytes come.
            return read_body(getattr(body, "_raw_stream", body), f"the response from {name}")
        except MonitorError:
            raise
        except Exception as error:
            raise UnreadableAnswerError(name, f"its body ended early ({type(error).__name__})") from error

    def _translated(self, error: BotoCoreError | ClientError, service: str, operation: str = "") -> MonitorError:
        told = translated(error, service, operation, self.where, self.command)
        if self.local and isinstance(error, BotoCoreError) and isinstance(told, UnreachableError):
            return UnreachableError(
                f"no embedded stack answers at {self.where}", "start one with `monitor local up --detach`"
            )
        return told

    def warn_denied(self, error: MonitorError, instead: str) -> None:
        """Warn once about a denied call, with what happens instead. Other errors are ignored here."""
        if not isinstance(error, DeniedError):
            return
        self._tell_once(error.message, error.hint, f": {instead}")

    def _tell_once(self, message: str, hint: str, more: str = "") -> None:
        """Tell a message, and `more` after it, unless this connection has told the message before."""
        with self._lock:
            if message in self._told:
                return
            self._told.add(message)
        self.tell(f"{message}{more}", hint)

    def wait(self, service: str, waiter: str, /, *, every_s: float, within_s: float, **parameters: Any) -> None:
        """Poll until botocore's waiter of that name has what it waits for, e.g. `function_updated`.

        Raises:
            WaitFailedError: the waiter failed.
            WaitTimeoutError: it took too long.
            NotFoundError, RefusedError, UnreachableError: as the answer of a poll says.
        """
        polling = {"Delay": every_s, "MaxAttempts": max(1, round(within_s / every_s))}
        client = self.client(service)
        with self._lock:
            found = client.get_waiter(waiter)
        try:
            found.wait(WaiterConfig=polling, **parameters)
        except WaiterError as error:
            answer: Any = error.last_response if isinstance(error.last_response, dict) else {}
            if "Error" in answer:
                refused = ClientError(answer, found.config.operation)
                raise self._translated(refused, service, found.config.operation) from error
            if error.kwargs["reason"].startswith("Max attempts exceeded"):
                raise WaitTimeoutError(f"{waiter} did not come within {within_s:.0f} s", "try again") from error
            raise WaitFailedError(waiter, answer) from error
        except (ClientError, BotoCoreError) as error:
            raise self._translated(error, service, found.config.operation) from error
        except MonitorError:
            raise
        except Exception as error:
            raise self._unreadable(error, f"{service}:{found.config.operation}") from error

    def pages(self, service: str, operation: str, /, token: str, **parameters: Any) -> Iterator[Answer]:
        """The answers of a paged call, one by one; `token` names the field that asks for the next page.

        `token` is `request=answer` where the two fields have different names. botocore's own paginators are not
        used: they raise on a token that comes twice, which CloudWatch Logs sends now and then.

        Raises:
            UnreachableError: the same token came back again and again; an endless loop would be worse.
        """
        request, _, answer_field = token.partition("=")
        repeated = 0
        while True:
            page = self.call(service, operation, **parameters)
            yield page
            following = page.get(answer_field or request)
            if not following:
                return
            repeated = repeated + 1 if following == parameters.get(request) else 0
            if repeated > _MAX_REPEATED_TOKENS:
                raise UnreachableError(f"{service}:{operation} keeps returning the same page token", "try again")
            parameters[request] = following
