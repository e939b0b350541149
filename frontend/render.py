"""Templates into pages: everything is escaped, and a name a template does not know is an error, never an empty text."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote, unquote

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response

from auth.accounts import find_account
from auth.actor import Actor
from auth.database import Scope
from auth.guard.decisions import AwaitingApproval, Done, Outcome, Pending
from auth.guard.submissions import Submission, outcome_from_json, submission_key
from frontend.art import COLOURS
from frontend.compromise import rehearsal_of
from frontend.house import House, house_of
from shop.basket import BasketLine
from shop.catalogue import CATEGORIES
from shop.ratings import REASONS

THEMES = frozenset({"system", "light", "dark"})
THEME_COOKIE = "countersign_theme"
# What the next page is to tell: a key of NOTICES, or a request id whose outcome the desk has kept. It is a cookie and
# no part of an address, so that nobody can make the shop say that something was done by sending a link.
TOLD_COOKIE = "countersign_told"
NOTICES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "signed-out": ("told", "You are signed out."),
        "confirmed": ("done", "Your address is confirmed. You can sign in now."),
        "password-changed": ("done", "Your password is changed, and every other device is signed out."),
        "password-reset": (
            "done",
            "Your password is changed, and every device is signed out. Sign in with the new one.",
        ),
        "session-ended": ("done", "That device is signed out."),
        "app-disconnected": ("done", "The app is disconnected. Its next call is refused."),
        "factor-removed": ("done", "Two-step sign-in is off. Your password alone signs you in."),
    }
)


def render(
    request: Request,
    template: str,
    *,
    actor: Actor,
    session: Session | None = None,
    status: int = 200,
    **context: object,
) -> HTMLResponse:
    """A whole page. ``session`` is the page's own read session, so that a page asks the database in one go."""
    house = house_of(request)
    if session is None and actor.account_id is not None:
        with house.database.read(Scope.own(actor.account_id)) as own:
            whose = _whose(request, own, actor)
    else:
        whose = _whose(request, session, actor)
    page = HTMLResponse(_write(template, {**_base(request, house, actor), **whose, **context}), status)
    if TOLD_COOKIE in request.cookies:
        page.delete_cookie(TOLD_COOKIE, httponly=True, samesite="lax")
    return page


def render_part(template: str, *, status: int = 200, **context: object) -> HTMLResponse:
    """A piece of a page, for a script that puts it in its place."""
    return HTMLResponse(_write(template, context), status)


@contextmanager
def looking(request: Request, actor: Actor) -> Iterator[Session]:
    """A session that reads the actor's own rows, for one page."""
    with house_of(request).database.read(Scope.own(actor.account_id)) as session:
        yield session


def tell_next(answer: Response, what: str) -> Response:
    """Have the next page tell ``what``: a key of :data:`NOTICES`, or the outcome of a request id."""
    answer.set_cookie(TOLD_COOKIE, quote(what, safe=""), max_age=60, httponly=True, samesite="lax")
    return answer


def words_of(outcome: Outcome) -> tuple[str, str]:
    """How an outcome is told: the kind of message, and the shop's own sentence."""
    kind = (
        "done" if isinstance(outcome, Done) else "wait" if isinstance(outcome, AwaitingApproval | Pending) else "wrong"
    )
    return kind, outcome.says


def new_request_id() -> str:
    """What makes two clicks on one form the same request: 128 random bits."""
    return secrets.token_urlsafe(16)


def art(kind: str, colour: str, seed: int = 0) -> str:
    """The address of a product's picture."""
    return f"/art/{quote(kind)}/{quote(colour.lower())}.svg" + (f"?seed={seed}" if seed else "")


def fill(colour: str) -> str:
    """A colour's ``#rrggbb``; empty for a colour the palette does not have."""
    palette = COLOURS.get(colour.lower())
    return palette.base if palette else ""


def day(at: datetime | date) -> str:
    """``7 November 2026``."""
    return f"{at.day} {at:%B %Y}"


def moment(at: datetime) -> str:
    """``7 Nov 2026, 14:05 UTC``: the server does not know where the reader is, so it says whose time it tells."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def _base(request: Request, house: House, actor: Actor) -> dict[str, object]:
    theme = request.cookies.get(THEME_COOKIE, "system")
    return {
        "shop": {"name": house.name, "demo": house.demo is not None},
        "theme": theme if theme in THEMES else "system",
        "path": request.url.path,
        "actor": actor,
        "categories": _aisles(),
    }


def _whose(request: Request, session: Session | None, actor: Actor) -> dict[str, object]:
    is_compromised = session is not None and rehearsal_of(house_of(request), session) is not None
    if session is None or actor.account_id is None:
        nobody = {"viewer_name": "", "basket_count": 0, "notice": _told(request, None, actor)}
        return {**nobody, "is_compromised": is_compromised}
    account = find_account(session, actor.account_id)
    name = house_of(request).vault.open(session, account, "name") if account is not None else ""
    pieces = select(func.coalesce(func.sum(BasketLine.quantity), 0)).where(BasketLine.account_id == actor.account_id)
    count = session.scalar(pieces) or 0
    return {
        "viewer_name": name,
        "basket_count": count,
        "is_compromised": is_compromised,
        "notice": _told(request, session, actor),
    }


def _told(request: Request, session: Session | None, actor: Actor) -> tuple[str, str] | None:
    what = unquote(request.cookies.get(TOLD_COOKIE, ""))
    if not what or what in NOTICES or session is None or actor.account_id is None:
        return NOTICES.get(what)
    kept = session.get(Submission, submission_key(actor.account_id, what))
    return None if kept is None else words_of(outcome_from_json(kept.outcome))


@cache
def _aisles() -> tuple[dict[str, str], ...]:
    return tuple({"href": f"/c/{slug}", "name": name} for slug, name, _ in CATEGORIES)


def _write(template: str, context: dict[str, object]) -> bytes:
    # A lone surrogate can be typed into a form and has no UTF-8; what was typed is shown again all the same.
    return _environment().get_template(template).render(context).encode("utf-8", "replace")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": day, "moment": moment, "fill": fill, "quote_path": quote}
    environment.globals |= {"art": art, "new_request_id": new_request_id, "reasons": REASONS}
    return environment
