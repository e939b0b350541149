"""The cookie of a handshake with a provider: its own, short-lived, and gone once it was used.

Never a part of the session's cookie: what a provider's answer needs says nothing about who is signed in.
"""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import Response

from auth.web.cookies import SessionCookie, values_of

SECONDS = 600
LONGEST = 3000


@dataclass(frozen=True, slots=True)
class HandshakeCookie:
    """Written and read beside the session's cookie, under a name that follows the scheme for the same reason."""

    is_secure: bool

    @classmethod
    def beside(cls, cookie: SessionCookie) -> "HandshakeCookie":
        return cls(cookie.is_secure)

    @property
    def name(self) -> str:
        return "__Host-countersign-elsewhere" if self.is_secure else "countersign-elsewhere"

    def read(self, headers: Headers) -> str | None:
        """The signed text, or ``None``. A request with the cookie twice has none: one of them was planted."""
        found = [value for value in values_of(headers, self.name) if value and len(value) <= LONGEST]
        return found[0] if len(found) == 1 else None

    def keep(self, answer: Response, text: str) -> None:
        """Have the browser keep the handshake. Lax, because a provider sends the browser back from another site."""
        answer.headers.append("Set-Cookie", self._header(text, SECONDS))

    def drop(self, answer: Response) -> None:
        answer.headers.append("Set-Cookie", self._header("", 0))

    def _header(self, text: str, seconds: int) -> str:
        secure = "; Secure" if self.is_secure else ""
        return f"{self.name}={text}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
