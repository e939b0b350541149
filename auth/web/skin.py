"""Puts the HTTP skin of this floor around an app, in the one right order."""

from collections.abc import Collection
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from auth.web.answers import refusal, wants_json
from auth.web.asking import Door, EnrolmentNeeded, SignInNeeded
from auth.web.body_limit import DEFAULT_LIMIT_BYTES, BodyLimit
from auth.web.cookies import CookieWriter
from auth.web.headers import SecureHeaders
from auth.web.hosts import KnownHosts
from auth.web.limits import CeilingForAll, CeilingReached, too_often
from auth.web.same_origin import SameOrigin
from auth.web.turned_away import CountTurnedAway

SIGN_IN_PAGE = "/sign-in"
ENROLMENT_PAGE = "/account/security/enrol"


def put_on_skin(
    app: FastAPI, door: Door, *, origins: Collection[str], body_limit_bytes: int = DEFAULT_LIMIT_BYTES
) -> None:
    """Set ``app.state.door``, the middleware and the answers to this floor's exceptions.

    ``origins`` are all addresses the shop is served under; the Host header must be one of theirs. ValueError for plain
    http off loopback.
    """
    for origin in origins:
        _check_origin(origin)
    app.state.door = door
    # Each one added lies around the ones before, so the last is met first by a request.
    app.add_middleware(CookieWriter, cookie=door.cookie)
    app.add_middleware(BodyLimit, limit_bytes=body_limit_bytes)
    app.add_middleware(SameOrigin, origins=origins, cookie=door.cookie)
    app.add_middleware(CeilingForAll, ceilings=door.ceilings)
    app.add_middleware(KnownHosts, hosts=[urlsplit(origin).netloc for origin in origins])
    app.add_middleware(SecureHeaders, cookie=door.cookie)
    app.add_middleware(CountTurnedAway, tally=door.turned_away, networks=door.networks)
    app.add_exception_handler(SignInNeeded, _to_sign_in)
    app.add_exception_handler(EnrolmentNeeded, _to_enrolment)
    app.add_exception_handler(CeilingReached, _too_often)


def _to_sign_in(request: Request, needed: Exception) -> Response:
    if wants_json(request.scope):
        return refusal(request.scope, 401, title="Sign in first", sentence="You are not signed in.")
    next_page = needed.next_page if isinstance(needed, SignInNeeded) else "/"
    return RedirectResponse(f"{SIGN_IN_PAGE}?next={quote(next_page, safe='')}", 303)


def _to_enrolment(request: Request, _: Exception) -> Response:
    if wants_json(request.scope):
        sentence = "Staff accounts need a second factor before anything else."
        return refusal(request.scope, 403, title="Set up two-step sign-in first", sentence=sentence)
    return RedirectResponse(ENROLMENT_PAGE, 303)


async def _too_often(request: Request, reached: Exception) -> Response:
    retry_after_s = reached.retry_after_s if isinstance(reached, CeilingReached) else 60
    return too_often(request.scope, retry_after_s)


def _check_origin(origin: str) -> None:
    parts = urlsplit(origin)
    is_loopback = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path:
        raise ValueError(f"{origin!r} is not an origin: it should read like https://shop.example")
    if parts.scheme == "http" and not is_loopback:
        raise ValueError(f"{origin} is plain http off loopback: anybody on the way could take over a session")
