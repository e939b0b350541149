"""Where answers get their HTTP status: every refusal and mistake becomes a page for people or a problem for programs.

This is the only file of the top floor that knows status codes. Problems follow RFC 9457.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType

import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import RedirectResponse, Response

from auth.actor import VISITOR, Actor
from auth.guard.decisions import AwaitingApproval, Done, Outcome, Pending, Refused
from auth.sign_in.attempts import TooMany
from auth.web.answers import is_api, wants_json
from auth.web.asking import asker_of, door_of
from auth.web.headers import security_headers
from frontend.render import render

log = structlog.get_logger(__name__)

OK, ACCEPTED, SEE_OTHER = 200, 202, 303
BAD_REQUEST, FORBIDDEN, NOT_FOUND, NOT_ALLOWED, UNPROCESSABLE, BROKEN = 400, 403, 404, 405, 422, 500
UNAUTHORIZED = 401
CONFLICT, TOO_MANY, UNAVAILABLE = 409, 429, 503
NOT_MODIFIED, UNAUTHORIZED, NOT_FRESH, TOO_LARGE, NO_SUCH_MEDIA, UNCONDITIONAL = 304, 401, 412, 413, 415, 428

# A refusal by its kind (auth.guard.decisions.Refused); a card that ended by somebody's no is an answer like any other.
STATUS_OF_REFUSAL: Mapping[str, int] = MappingProxyType(
    {
        "policy": FORBIDDEN,
        "not_found": NOT_FOUND,
        "limit": TOO_MANY,
        "invalid": UNPROCESSABLE,
        "expired": 410,
        "changed": 409,
        "declined": OK,
        "withdrawn": OK,
        "reviewer": OK,
        "gateway": 402,
        "failed": BROKEN,
    }
)

_TITLES: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        BAD_REQUEST: ("That did not arrive whole", "Please go back, and send it again."),
        FORBIDDEN: ("The shop does not allow this", "Nothing was changed."),
        NOT_FOUND: ("There is nothing here", "The page may have moved, or it was never yours to see."),
        NOT_ALLOWED: ("This page can’t be used like that", "Nothing was changed. Open the page and use its form."),
        UNPROCESSABLE: (
            "Something in this form is missing",
            "Nothing was changed. Go back, look at it again and send it.",
        ),
        TOO_MANY: ("A moment, please", "That was a lot at once. Try again in a minute."),
        BROKEN: (
            "Something broke on our side",
            "Nothing was half done. Please try again; if it happens twice, ask for a person.",
        ),
    }
)


# The same at the door for software, where there are no pages and no forms.
_API_WORDS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        NOT_FOUND: ("There is nothing here", "No operation of the API has this address. See /api."),
        NOT_ALLOWED: (
            "This method is not one of this address",
            "Nothing was changed. Allow names the methods there are.",
        ),
        BROKEN: (
            "Something broke on our side",
            "Send it again with the same Idempotency-Key: it is done once at most.",
        ),
    }
)


def status_of(outcome: Outcome) -> int:
    """The status that tells a program what a page tells a person."""
    match outcome:
        case Done():
            return OK
        case AwaitingApproval() | Pending():
            return ACCEPTED
        case Refused(kind=kind):
            return STATUS_OF_REFUSAL.get(kind, FORBIDDEN)


def go_to(path: str) -> RedirectResponse:
    """On to a page of the shop, by GET (RFC 9110 §15.4.4), so that a reload sends no form twice."""
    return RedirectResponse(path, SEE_OTHER)


def not_here() -> HTTPException:
    """To be raised for *not there* and *not yours* alike."""
    return HTTPException(NOT_FOUND)


def wait_header(refused: TooMany | Refused) -> dict[str, str]:
    """Retry-After in seconds (RFC 9110 §10.2.3), for an answer that says *not so often*."""
    return {"Retry-After": str(refused.retry_after_s)} if refused.retry_after_s else {}


def answer_errors(app: FastAPI) -> None:
    """Have the app answer what pages raise: wrong addresses, forms that are no forms, and crashes."""
    app.add_exception_handler(StarletteHTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _broken)


def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, StarletteHTTPException):
        raise error
    actor = VISITOR if is_api(request.scope) else asker_of(request)
    return _answer(request, error.status_code, actor=actor, headers=error.headers)


def _invalid(request: Request, _: Exception) -> Response:
    # What was sent is not repeated: it may hold a password.
    return _answer(request, UNPROCESSABLE, actor=asker_of(request))


def _broken(request: Request, error: Exception) -> Response:
    log.error("a page broke", path=request.scope.get("path", ""), exc_info=error)
    # This answer is made outside the skin, so it brings the headers itself; and it asks the database nothing.
    is_secure = door_of(request).cookie.is_secure
    headers = {**security_headers(is_secure=is_secure), "Cache-Control": "no-store"}
    return _answer(request, BROKEN, actor=VISITOR, headers=headers)


def _answer(request: Request, status: int, *, actor: Actor, headers: Mapping[str, str] | None = None) -> Response:
    title, sentence = _TITLES.get(status, ("That did not work", "Nothing was changed."))
    if wants_json(request.scope):
        if is_api(request.scope):
            title, sentence = _API_WORDS.get(status, (title, sentence))
        problem = {"type": "about:blank", "title": title, "status": status, "detail": sentence}
        return Response(json.dumps(problem), status, dict(headers or {}), "application/problem+json")
    answer = render(request, "error.html", actor=actor, status=status, title=title, sentence=sentence, code=status)
    answer.headers.update(headers or {})
    return answer
