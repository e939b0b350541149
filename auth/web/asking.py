"""Who asks, as a type in a page's signature: ``def orders(actor: Customer)``, ``def queue(clerk: Staff)``.

The answer comes from the session cookie and the record behind it; no other header and no field says who somebody is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from auth.accounts import open_account
from auth.actor import VISITOR, Actor, Channel, Role
from auth.database import Scope, narrow
from auth.guard.risk import assess, signals_of
from auth.sign_in import sessions
from auth.sign_in.entrance import Clock, Entrance
from auth.sign_in.visit import Visit, device_label
from auth.web.browser_cookies import browser_of
from auth.web.cookies import SessionCookie, give_session
from auth.web.limits import DEFAULT_RATES, Ceilings
from auth.web.network import ClientNetworks
from auth.web.turned_away import TurnedAway


@dataclass(frozen=True, slots=True)
class Door:
    """What the dependencies need; made at composition and kept as ``app.state.door``."""

    entrance: Entrance
    cookie: SessionCookie
    networks: ClientNetworks
    ceilings: Ceilings
    turned_away: TurnedAway = field(default_factory=TurnedAway)

    @property
    def clock(self) -> Clock:
        return self.entrance.clock


class SignInNeeded(Exception):
    """Nobody is signed in; ``next_page`` is where to go afterwards, a path of this shop."""

    def __init__(self, next_page: str) -> None:
        super().__init__("sign in first")
        self.next_page = next_page


class EnrolmentNeeded(Exception):
    """A clerk has no second factor yet and may do nothing else before setting one up."""


def door_of(request: Request) -> Door:
    """The door of the running app."""
    door = request.app.state.door
    if not isinstance(door, Door):
        raise TypeError("app.state.door is to be a Door: set it where the app is put together")
    return door


def token_of(request: Request) -> str:
    """The session token of the request, for ceremonies that change the session; empty without one."""
    return door_of(request).cookie.read(request.headers) or ""


def visit_of(request: Request) -> Visit:
    """Where the request comes from, coarsely: the network and the kind of browser."""
    user_agent = request.headers.get("user-agent", "")[:400]
    network = door_of(request).networks.of(request.scope)
    return Visit(network=network, device=device_label(user_agent), browser=browser_of(request))


def asker_of(request: Request) -> Actor:
    """Whoever asks, for a page that is no route and has no signature, such as the page for an error."""
    return _anybody(request)


def _anybody(request: Request) -> Actor:
    door, network = door_of(request), visit_of(request).network
    token = door.cookie.read(request.headers)
    known = None if token is None else _known(door, token, network)
    return known or Actor(account_id=None, role=VISITOR.role, channel=VISITOR.channel, network=network)


def _visitor(actor: Annotated[Actor, Depends(_anybody)]) -> Actor:
    if actor.role is Role.CLERK and actor.second_factor_at is None:
        raise EnrolmentNeeded
    return actor


def _enrolling(request: Request, actor: Annotated[Actor, Depends(_anybody)]) -> Actor:
    if not actor.is_signed_in:
        raise SignInNeeded(_this_page(request))
    return actor


def _signed_in(request: Request, actor: Annotated[Actor, Depends(_visitor)]) -> Actor:
    return _enrolling(request, actor)


def _customer(actor: Annotated[Actor, Depends(_signed_in)]) -> Actor:
    if actor.role is not Role.CUSTOMER:
        raise HTTPException(404)
    return actor


def _staff(actor: Annotated[Actor, Depends(_anybody)]) -> Actor:
    # Others get the same answer as for a page that does not exist, so that the staff's pages can't be mapped.
    if actor.role is not Role.CLERK or actor.second_factor_at is None:
        raise HTTPException(404)
    return actor.through(Channel.STAFF)


Visitor = Annotated[Actor, Depends(_visitor)]
"""Anybody, guests and people without a cookie included."""
Enrolling = Annotated[Actor, Depends(_enrolling)]
"""Signed in, perhaps as a clerk who has no second factor yet: for the enrolment page and for signing out."""
SignedIn = Annotated[Actor, Depends(_signed_in)]
"""A customer or a clerk; others are sent to the sign-in page."""
Customer = Annotated[Actor, Depends(_customer)]
"""A signed-in customer; for a clerk the page is not there."""
Staff = Annotated[Actor, Depends(_staff)]
"""A clerk who showed a second factor in this session; for everybody else the page is not there."""


def ceiling(name: str) -> Callable[[Request, Actor], None]:
    """A dependency that counts the request for the person: ``dependencies=[Depends(ceiling("chat"))]``."""
    if name not in DEFAULT_RATES:
        raise ValueError(f"there is no ceiling called {name!r}")

    def check(request: Request, actor: Visitor) -> None:
        door_of(request).ceilings.check(name, request, actor)

    return check


def ensure_guest(request: Request, actor: Actor) -> Actor:
    """An actor with an account: the given one, or a new guest whose cookie the answer to this request will set.

    Called when a visitor first leaves something behind (a basket line, a message), not when they look around.
    """
    if actor.account_id is not None:
        return actor
    door, visit = door_of(request), visit_of(request)
    door.ceilings.check("guest", request)
    entrance, now = door.entrance, door.clock()
    with entrance.database.begin(Scope.house("opening a guest account")) as session:
        account = open_account(session, entrance.vault, role=Role.GUEST, now=now)
        narrow(session, account.id)
        started = sessions.start(session, entrance.vault, account, life=entrance.life, visit=visit, now=now, amr="")
        found = sessions.find(session, started.token, life=entrance.life, now=now)
    if found is None:
        raise RuntimeError("a session that was started a moment ago is not there")
    give_session(request, started.token)
    return sessions.actor_of(found.row, found.account, channel=actor.channel, network=actor.network)


def safe_next(path: str | None) -> str:
    """A path of this shop to go on to; ``/`` for anything that could lead elsewhere (CWE-601)."""
    if not path or not path.isascii() or not path.isprintable() or len(path) > 1000:
        return "/"
    # Browsers read "//host" and "/\host" as another host.
    return path if path[0] == "/" and path[1:2] not in {"/", "\\"} else "/"


def _this_page(request: Request) -> str:
    if request.method != "GET":
        return "/"
    query = f"?{request.url.query}" if request.url.query else ""
    return safe_next(request.url.path + query)


def _known(door: Door, token: str, network: str) -> Actor | None:
    entrance, now = door.entrance, door.clock()
    with entrance.database.read(Scope.own(None)) as session:
        found = sessions.find(session, token, life=entrance.life, now=now)
        if found is None:
            return None
        risk = assess(signals_of(session, found.account.id, now=now))
        actor = sessions.actor_of(found.row, found.account, channel=Channel.PAGE, network=network, risk=risk)
        session_id, is_due = found.row.id, sessions.is_due_for_touch(found.row, now=now)
    # Looking costs no write lock; a visit is written down only when the one on record is a minute old.
    if is_due:
        with entrance.database.begin(Scope.own(actor.account_id)) as session:
            sessions.touch(session, session_id, now=now)
    return actor
