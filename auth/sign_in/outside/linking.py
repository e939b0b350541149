"""Linking an identity to the account of the person who is signed in, and taking it away again.

Both change how somebody gets in, so both take a proof of this moment and not just an open session. The last way in
stays: what is taken away must leave a password or another identity.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth.accounts import Account, find_account
from auth.actor import Actor
from auth.database import Scope
from auth.mail import Mail, queue_mail
from auth.sign_in.entrance import Entrance
from auth.sign_in.held import has_factor
from auth.sign_in.noted import note
from auth.sign_in.outside import letters
from auth.sign_in.outside.identities import (
    IdentityLine,
    OutsideIdentity,
    add_identity,
    find_account_id_by_identity,
    find_identity,
    lines_of,
)
from auth.sign_in.outside.trouble import Trouble
from auth.sign_in.outside.way import Arrival, NoWay
from auth.sign_in.sessions import SignInSession


class Proof(StrEnum):
    """What shows that it is the owner, at this moment: ``code`` where there is a second factor, else ``password``.

    ``elsewhere`` is for an account with neither: signing in again with an identity it has.
    """

    NONE_NEEDED = "none"
    CODE = "code"
    PASSWORD = "password"  # noqa: S105  # noqa: S105
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the security page shows. ``wanted`` is what a change takes first; ``can_unlink`` is false for a last way."""

    identities: Sequence[IdentityLine]
    wanted: Proof
    has_password: bool

    @property
    def can_unlink(self) -> bool:
        return self.has_password or len(self.identities) > 1


@dataclass(frozen=True, slots=True)
class Linked:
    """The identity signs in to this account from now on. ``is_new`` is false when it did so before."""

    is_new: bool


@dataclass(frozen=True, slots=True)
class Unlinked:
    """The identity signs in to this account no more."""


@dataclass(frozen=True, slots=True)
class ProofNeeded:
    """Nothing was changed: the owner is to be shown first."""

    wanted: Proof


@dataclass(frozen=True, slots=True)
class LastWay:
    """Nothing was changed: there would be no way into the account any more."""


@dataclass(frozen=True, slots=True)
class NotThere:
    """There is no such identity of this account, which somebody else's is not either."""


def elsewhere_of(entrance: Entrance, actor: Actor) -> Elsewhere | NotThere:
    """The identities of the actor's account, read only."""
    with entrance.database.read(Scope.own(actor.account_id)) as session:
        account = _account(session, actor)
        if account is None:
            return NotThere()
        lines = lines_of(session, entrance.vault, account.id)
        return Elsewhere(lines, _wanted(entrance, session, account, actor), account.password_hash is not None)


def proof_wanted(entrance: Entrance, actor: Actor) -> Proof:
    """What the actor must show before a change; :attr:`Proof.NONE_NEEDED` when it was shown a moment ago."""
    with entrance.database.read(Scope.own(actor.account_id)) as session:
        account = _account(session, actor)
        return Proof.PASSWORD if account is None else _wanted(entrance, session, account, actor)


def link(entrance: Entrance, actor: Actor, arrival: Arrival) -> Linked | NoWay:
    """Give the actor's account the identity it has just proved elsewhere. One identity signs in to one account."""
    now, tag = entrance.clock(), arrival.identity.tag(entrance.vault)
    try:
        with entrance.database.begin(Scope.own(actor.account_id)) as session:
            account = _account(session, actor)
            if account is None or arrival.handshake.session != _hex(actor.session_id):
                return NoWay(Trouble.OTHER_SESSION, arrival.provider, arrival.handshake.next_page)
            owner = find_account_id_by_identity(session, tag)
            if owner is not None:
                return _linked_before(session, account, owner, arrival, now=now)
            add_identity(session, entrance.vault, account.id, arrival.identity, now=now)
            note(session, "outside.linked", at=now, account_id=account.id, provider=arrival.provider.key)
            to = entrance.vault.open(session, account, "email")
            _tell(entrance, session, account, letters.linked(entrance, arrival.provider, to=to), now=now)
            return Linked(is_new=True)
    except IntegrityError:
        # Somebody else's account got it at this very moment.
        return NoWay(Trouble.BELONGS_TO_ANOTHER, arrival.provider, arrival.handshake.next_page)


def unlink(
    entrance: Entrance, actor: Actor, *, identity_id: UUID, names: Mapping[str, str]
) -> Unlinked | ProofNeeded | LastWay | NotThere:
    """Take an identity away; ``names`` are the providers' by their keys, for the letter."""
    now = entrance.clock()
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        account = _account(session, actor)
        if account is None:
            return NotThere()
        wanted = _wanted(entrance, session, account, actor)
        if wanted is not Proof.NONE_NEEDED:
            return ProofNeeded(wanted)
        # The account's row is held, so that of two last identities taken away at once one finds itself the last.
        session.execute(select(Account.id).where(Account.id == account.id).with_for_update())
        row = find_identity(session, account.id, identity_id)
        if row is None:
            return NotThere()
        if not _has_another_way(session, account, row):
            note(session, "outside.unlink_refused", at=now, account_id=account.id, provider=row.provider)
            return LastWay()
        session.delete(row)
        session.flush()
        note(session, "outside.unlinked", at=now, account_id=account.id, provider=row.provider)
        to, name = entrance.vault.open(session, account, "email"), names.get(row.provider, row.provider)
        _tell(entrance, session, account, letters.unlinked(entrance, name, to=to), now=now)
        return Unlinked()


def _linked_before(
    session: Session, account: Account, owner: UUID, arrival: Arrival, *, now: datetime
) -> Linked | NoWay:
    if owner == account.id:
        return Linked(is_new=False)
    note(session, "outside.refused", at=now, account_id=account.id, provider=arrival.provider.key, why="taken")
    return NoWay(Trouble.BELONGS_TO_ANOTHER, arrival.provider, arrival.handshake.next_page)


def _has_another_way(session: Session, account: Account, row: OutsideIdentity) -> bool:
    others = select(OutsideIdentity.id).where(OutsideIdentity.account_id == account.id, OutsideIdentity.id != row.id)
    return account.password_hash is not None or session.scalar(others.limit(1)) is not None


def _wanted(entrance: Entrance, session: Session, account: Account, actor: Actor) -> Proof:
    """The strongest thing the account has is what is asked for, so that a weaker one can't stand in for it."""
    now = entrance.clock()
    mine = select(SignInSession).where(SignInSession.id == actor.session_id, SignInSession.account_id == account.id)
    row = session.scalar(mine.where(SignInSession.revoked_at.is_(None)))
    if has_factor(session, account.id):
        wanted, shown_at = Proof.CODE, None if row is None else row.second_factor_at
    elif account.password_hash is not None:
        wanted, shown_at = Proof.PASSWORD, None if row is None else row.password_at
    else:
        came_from_elsewhere = row is not None and "fed" in row.amr.split()
        wanted, shown_at = Proof.ELSEWHERE, row.created_at if row is not None and came_from_elsewhere else None
    return Proof.NONE_NEEDED if shown_at is not None and now - shown_at < entrance.fresh else wanted


def _account(session: Session, actor: Actor) -> Account | None:
    return find_account(session, actor.account_id) if actor.account_id and actor.is_signed_in else None


def _hex(session_id: UUID | None) -> str:
    return "" if session_id is None else session_id.hex


def _tell(entrance: Entrance, session: Session, account: Account, mail: Mail, *, now: datetime) -> None:
    if mail.to:
        queue_mail(session, entrance.vault, account.id, mail=mail, now=now)
