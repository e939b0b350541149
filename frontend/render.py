"""Templates into pages: everything is escaped, a name a template does not know is an error and never an empty string."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from urllib.parse import quote

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from auth.accounts import find_account
from auth.actor import Actor
from auth.database import Scope
from frontend.art import COLOURS
from frontend.house import House, house_of
from shop.basket import basket_count
from shop.catalogue import CATEGORIES

THEMES = frozenset({"system", "light", "dark"})
THEME_COOKIE = "countersign_theme"


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
            whose = _whose(house, own, actor)
    else:
        whose = _whose(house, session, actor)
    return HTMLResponse(_write(template, {**_base(request, house, actor), **whose, **context}), status)


def render_part(template: str, *, status: int = 200, **context: object) -> HTMLResponse:
    """A piece of a page, for a script that puts it in its place."""
    return HTMLResponse(_write(template, context), status)


@contextmanager
def looking(request: Request, actor: Actor) -> Iterator[Session]:
    """A session that reads the actor's own rows, for one page."""
    with house_of(request).database.read(Scope.own(actor.account_id)) as session:
        yield session


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


def _whose(house: House, session: Session | None, actor: Actor) -> dict[str, object]:
    if session is None or actor.account_id is None:
        return {"viewer_name": "", "basket_count": 0}
    account = find_account(session, actor.account_id)
    name = house.vault.open(session, account, "name") if account is not None and account.name else ""
    return {"viewer_name": name, "basket_count": basket_count(session, actor.account_id)}


@cache
def _aisles() -> tuple[dict[str, str], ...]:
    return tuple({"href": f"/c/{slug}", "name": name} for slug, name, _ in CATEGORIES)


def _write(template: str, context: dict[str, object]) -> str:
    return _environment().get_template(template).render(context)


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
    environment.globals |= {"art": art, "new_request_id": new_request_id}
    return environment
