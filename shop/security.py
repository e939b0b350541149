"""How one's account is protected, where it is signed in, and signing out everywhere else.

The sign-in floor stays shut to the shop: what is needed of it comes as one object when the house is put together.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Card, Facts, Room
from auth.keeping import Keeps
from shop.commands import EndSessions, ListSessions, ShowSecurity
from shop.views import SecurityView, SessionList, SessionView


class Protection(Protocol):
    """How an account is protected, as the sign-in tells it."""

    @property
    def two_factor(self) -> bool: ...
    @property
    def recovery_codes_left(self) -> int: ...
    @property
    def sessions(self) -> int: ...
    @property
    def password_changed(self) -> datetime | None: ...


class SignedInDevice(Protocol):
    """One living session, as the sign-in tells it."""

    @property
    def session_id(self) -> UUID: ...
    @property
    def device(self) -> str: ...
    @property
    def last_seen_at(self) -> datetime: ...
    @property
    def is_current(self) -> bool: ...


class SignIn(Protocol):
    """What the shop may ask of the sign-in; each call is about one account, in that account's scope."""

    @property
    def keeps(self) -> tuple[Keeps, ...]: ...

    def protection(self, session: Session, account_id: UUID, *, now: datetime) -> Protection: ...

    def sessions(
        self, session: Session, account_id: UUID, *, now: datetime, current: UUID | None
    ) -> Sequence[SignedInDevice]: ...

    def end_sessions(self, session: Session, account_id: UUID, *, now: datetime, keep: UUID | None) -> int: ...

    def password_age_s(
        self, session: Session, account_id: UUID, session_id: UUID | None, *, now: datetime
    ) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Devices:
    """Where the account is signed in, the one that asks aside."""

    account_id: UUID | None
    others: tuple[SignedInDevice, ...] = ()


def security_rooms(sign_in: SignIn, clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """The rooms of this file."""
    watch = Watch(sign_in, clock)
    return (
        Room(ShowSecurity, Effect.READ, watch.find_own, watch.facts, watch.show),
        Room(ListSessions, Effect.READ, watch.find_own, watch.facts, watch.list_all),
        Room(
            EndSessions,
            Effect.WRITE,
            find=watch.find_others,
            facts=watch.facts,
            handle=watch.end,
            verify=watch.is_alone,
            card=watch.card,
            says=say_ended,
        ),
    )


@dataclass(frozen=True, slots=True)
class Watch:
    """Looking at the protection of one's own account, and ending its other sessions."""

    sign_in: SignIn
    clock: Callable[[], datetime]

    def find_own(self, session: Session, actor: Actor, command: ShowSecurity | ListSessions) -> Devices:
        return Devices(actor.account_id)

    def find_others(self, session: Session, actor: Actor, command: EndSessions) -> Devices:
        return Devices(actor.account_id, self._others(session, actor))

    def facts(
        self, session: Session, actor: Actor, command: ShowSecurity | ListSessions | EndSessions, found: Devices
    ) -> Facts:
        """A new sign-in is no reason for a new card: it would be ended as well, and nobody is asked twice for that."""
        owner = str(found.account_id or "nobody")
        return Facts(Entity("Account", owner, {"owner": owner}))

    def show(self, session: Session, grant: Grant[ShowSecurity]) -> SecurityView:
        now = self.sign_in.protection(session, grant.account_id, now=grant.at)
        return SecurityView(now.two_factor, now.recovery_codes_left, now.sessions, now.password_changed)

    def list_all(self, session: Session, grant: Grant[ListSessions]) -> SessionList:
        current = grant.actor.session_id
        found = self.sign_in.sessions(session, grant.account_id, now=grant.at, current=current)
        return SessionList(tuple(SessionView(line.device, line.last_seen_at, line.is_current) for line in found))

    def card(self, session: Session, command: EndSessions, found: Devices) -> Card:
        lines = tuple(("Signs out", line.device) for line in found.others[:10])
        return Card("Sign out everywhere but here", lines or (("Signed in elsewhere", "nowhere at the moment"),))

    def end(self, session: Session, grant: Grant[EndSessions]) -> Mapping[str, Json]:
        keep = grant.actor.session_id
        return {"ended": self.sign_in.end_sessions(session, grant.account_id, now=grant.at, keep=keep)}

    def is_alone(self, session: Session, grant: Grant[EndSessions], result: Mapping[str, Json]) -> bool:
        return not self._others(session, grant.actor)

    def _others(self, session: Session, actor: Actor) -> tuple[SignedInDevice, ...]:
        if actor.account_id is None:
            return ()
        found = self.sign_in.sessions(session, actor.account_id, now=self.clock(), current=actor.session_id)
        return tuple(line for line in found if line.session_id != actor.session_id)


def say_ended(result: Mapping[str, Json]) -> str:
    match result["ended"]:
        case 0:
            return "You were signed in nowhere else."
        case 1:
            return "Every other device is signed out. It was one."
        case ended:
            return f"Every other device is signed out. There were {ended}."
