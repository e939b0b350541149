"""The one cookie: an opaque session token whose name follows the scheme, so that it can be neither planted nor read.

``__Host-`` makes a browser insist on Secure, Path=/ and no Domain (RFC 6265bis §4.1.3.2), so no neighbouring host can
set it. On plain http, which is for loopback only, some browsers refuse that prefix; there the name has none.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")
_STATE_KEY = "countersign_session_token"


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """How the token is written and read. Made from the shop's own origin by :meth:`for_origin`."""

    is_secure: bool
    lifetime: timedelta = timedelta(days=30)

    @classmethod
    def for_origin(cls, origin: str, *, lifetime: timedelta = timedelta(days=30)) -> "SessionCookie":
        return cls(is_secure=origin.startswith("https://"), lifetime=lifetime)

    @property
    def name(self) -> str:
        return "__Host-countersign" if self.is_secure else "countersign"

    def read(self, headers: Headers) -> str | None:
        """The token in a request, or ``None``. A request with the cookie twice has none: one of them was planted."""
        found = [value for value in values_of(headers, self.name) if _TOKEN.fullmatch(value)]
        return found[0] if len(found) == 1 else None

    def header(self, token: str) -> str:
        """A Set-Cookie value that keeps the token; with an empty token, one that removes it."""
        seconds = int(self.lifetime.total_seconds()) if token else 0
        secure = "; Secure" if self.is_secure else ""
        # Lax and not Strict: with Strict, who follows the link in a mail would look signed out. Requests that change
        # something are covered by auth.web.same_origin as well.
        return f"{self.name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def give_session(request: HTTPConnection, token: str) -> None:
    """Have the answer to this request set the cookie, whatever response object the page returns."""
    request.scope["state"][_STATE_KEY] = token


def drop_session(request: HTTPConnection) -> None:
    """Have the answer to this request remove the cookie."""
    request.scope["state"][_STATE_KEY] = ""


class CookieWriter:
    """ASGI middleware that writes what :func:`give_session` or :func:`drop_session` asked for."""

    def __init__(self, app: ASGIApp, *, cookie: SessionCookie) -> None:
        self.app = app
        self.cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # One dictionary for the whole request, which inner apps share.
        state = scope.setdefault("state", {})

        async def send_with_cookie(message: Message) -> None:
            token = state.get(_STATE_KEY)
            if message["type"] == "http.response.start" and token is not None:
                MutableHeaders(scope=message).append("Set-Cookie", self.cookie.header(token))
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def values_of(headers: Headers, name: str) -> list[str]:
    """Every value the request brings under a cookie's name; more than one means that one of them was planted."""
    pairs = (pair.partition("=") for line in headers.getlist("cookie") for pair in line.split(";"))
    return [value.strip() for key, _, value in pairs if key.strip() == name]
