"""What the API answers when it does not do something: problem documents (RFC 9457), one status and title a kind."""

import json
from collections.abc import Mapping
from types import MappingProxyType

from fastapi import Request
from starlette.responses import Response

from auth.guard.commands import NotACommand
from auth.guard.decisions import Refused
from frontend.errors import (
    BAD_REQUEST,
    BROKEN,
    CONFLICT,
    FORBIDDEN,
    NO_SUCH_MEDIA,
    NOT_FOUND,
    NOT_FRESH,
    TOO_MANY,
    UNAUTHORIZED,
    UNCONDITIONAL,
    UNPROCESSABLE,
    wait_header,
)
from frontend.house import house_of

MEDIA_TYPE = "application/problem+json"

# kind: status, title. The type of a problem is the documentation page with the kind as its fragment.
KINDS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "not-json": (BAD_REQUEST, "The body is not plain JSON"),
        "key-missing": (BAD_REQUEST, "A change needs an Idempotency-Key"),
        "cursor": (BAD_REQUEST, "The cursor is not one of this list"),
        "token": (UNAUTHORIZED, "An access token is needed"),
        "scope": (FORBIDDEN, "The customer has not given leave for this"),
        "no-customer": (FORBIDDEN, "This takes a customer’s leave"),
        "policy": (FORBIDDEN, "The shop’s rules do not allow it"),
        "not-there": (NOT_FOUND, "There is nothing here"),
        "key-under-way": (CONFLICT, "The first call with this key is still under way"),
        "changed": (CONFLICT, "It can no longer be done like this"),
        "busy": (CONFLICT, "The assistant is still at the message before"),
        "not-fresh": (NOT_FRESH, "It has changed since it was read"),
        "media-type": (NO_SUCH_MEDIA, "Send application/json"),
        "invalid": (UNPROCESSABLE, "Something in the request does not fit"),
        "key-reused": (UNPROCESSABLE, "This key was used for something else"),
        "unconditional": (UNCONDITIONAL, "Say which state you change"),
        "too-many": (TOO_MANY, "A moment, please"),
        "broken": (BROKEN, "Something broke on our side"),
    }
)

_REFUSALS: Mapping[str, str] = MappingProxyType(
    {"policy": "policy", "not_found": "not-there", "limit": "too-many", "invalid": "invalid", "failed": "broken"}
)


class Problem(Exception):
    """Why not. ``more`` are further members of the document; ``headers`` go with the answer."""

    def __init__(self, kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: object) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.headers, self.more = kind, detail, dict(headers or {}), more

    @property
    def status(self) -> int:
        return KINDS[self.kind][0]

    def body(self, page: str) -> bytes:
        """The document; ``page`` is the address of the page that explains every kind."""
        status, title = KINDS[self.kind]
        told = {"type": f"{page}#{self.kind}", "title": title, "status": status, "detail": self.detail, **self.more}
        return json.dumps(told).encode()


def refused(outcome: Refused) -> Problem:
    """A refusal of the desk, with the policy that refused."""
    kind = _REFUSALS.get(outcome.kind, "changed")
    more = {"policy": outcome.policy} if outcome.policy else {}
    return Problem(kind, outcome.says, headers=wait_header(outcome), **more)


def not_fitting(wrong: NotACommand) -> Problem:
    """Values that make no command; the argument is named, and what was sent is not repeated."""
    return Problem("invalid", wrong.sentence, argument=wrong.argument)


def page_of(request: Request) -> str:
    """Where every kind of problem is explained."""
    return f"{house_of(request).issuer.url}/api"


async def answer_problem(request: Request, error: Exception) -> Response:
    """The handler for :class:`Problem`, wherever at this door it was raised."""
    if not isinstance(error, Problem):
        raise error
    headers = {"Cache-Control": "no-store", **error.headers}
    return Response(error.body(page_of(request)), error.status, headers, MEDIA_TYPE)
