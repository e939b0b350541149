"""Small cookies beside the session's, each with one job: which browser asked an authenticator, which one is known.

None of them signs anybody in. Like the session's, their names take ``__Host-`` on https, and a request that brings one
of them twice has brought none: one of the two was planted (cookie tossing).
"""

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from fastapi import Request
from starlette.responses import Response

from auth.web.cookies import values_of

_VALUE = re.compile(r"[A-Za-z0-9_-]{16,128}")


@dataclass(frozen=True, slots=True)
class BrowserCookie:
    """One such cookie: a random value out of scripts' reach."""

    plain_name: str
    lifetime: timedelta
    same_site: Literal["lax", "strict"] = "strict"

    def read(self, request: Request) -> str:
        """The value in a request; empty for none, for two, and for what is no such value."""
        found = [value for value in values_of(request.headers, self._name(request)) if _VALUE.fullmatch(value)]
        return found[0] if len(found) == 1 else ""

    def write(self, request: Request, answer: Response, value: str) -> None:
        """Have the answer keep the value; an empty one removes the cookie."""
        seconds = int(self.lifetime.total_seconds()) if value else 0
        is_secure = request.app.state.door.cookie.is_secure
        answer.set_cookie(
            self._name(request), value, max_age=seconds, httponly=True, samesite=self.same_site, secure=is_secure
        )

    def _name(self, request: Request) -> str:
        return ("__Host-" if request.app.state.door.cookie.is_secure else "") + self.plain_name


# Strict: nobody comes from elsewhere in the middle of touching an authenticator.
PASSKEY_COOKIE = BrowserCookie("countersign_passkey", timedelta(minutes=5))
DEVICE_COOKIE = BrowserCookie("countersign_device", timedelta(days=365), same_site="lax")
_STATE_KEY = "countersign_device_value"


def browser_of(request: Request) -> str:
    """The value by which accounts know this browser: its cookie's, or a new one for :func:`keep_device` to write."""
    state = request.scope.setdefault("state", {})
    found: str = state.get(_STATE_KEY) or DEVICE_COOKIE.read(request) or secrets.token_urlsafe(32)
    state[_STATE_KEY] = found
    return found


def keep_device(request: Request, answer: Response) -> Response:
    """Have the browser remember itself for another year; done when somebody has signed in, and only then."""
    DEVICE_COOKIE.write(request, answer, browser_of(request))
    return answer
