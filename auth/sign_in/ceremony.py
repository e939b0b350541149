"""Signing in, in two steps, and stepping up later. Each answer is a value; a wrong guess learns nothing from it.

An unknown address, a wrong password and an address that was never confirmed get the same answer after the same work:
one Argon2 hash and two transactions (OWASP Authentication Cheat Sheet, "Authentication Responses").
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from auth.accounts import Account, find_account, find_account_id_by_email_tag
from auth.actor import Role
from auth.database import Scope, narrow
from auth.sign_in import attempts, devices, one_time, sessions
from auth.sign_in.address import LONGEST_ADDRESS, cleaned
from auth.sign_in.attempts import TooMany
from auth.sign_in.entrance import Entrance
from auth.sign_in.held import Held, factors_held
from auth.sign_in.noted import note
from auth.sign_in.passwords import Match
from auth.sign_in.second_factor import Proved, prove
from auth.sign_in.tickets import TICKETS, find_ticket
from auth.sign_in.totp import CodeRefused
from auth.sign_in.visit import Visit


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person is who they say; ``token`` goes into the cookie."""

    token: str
    session_id: UUID
    account_id: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class MustEnrol:
    """A clerk without a second factor: the session is good for setting one up and for nothing else."""

    token: str
    session_id: UUID
    account_id: UUID


@dataclass(frozen=True, slots=True)
class NeedsSecondFactor:
    """The password was right. ``ticket`` stands for that, for five minutes and one use; no session exists yet.

    ``held`` is what can be shown now, beside a recovery code.
    """

    ticket: str
    held: Held = Held()


@dataclass(frozen=True, slots=True)
class Refused:
    """No. The reason is in the audit log and not in the answer."""


@dataclass(frozen=True, slots=True)
class SteppedUp:
    """A second factor was shown just now; ``token`` replaces the one in the cookie."""

    token: str


FirstStep: TypeAlias = SignedIn | MustEnrol | NeedsSecondFactor | Refused | TooMany


def begin_sign_in(entrance: Entrance, *, email: str, password: str, visit: Visit) -> FirstStep:
    """The first step: address and password. Tries count per address and network, known address or not."""
    now = entrance.clock()
    tag = entrance.vault.email_tag(cleaned(email[: LONGEST_ADDRESS + 1]))
    subject = f"{tag.hex()} {visit.network}"
    known = _look_up(entrance, tag, subject=subject, now=now)
    if isinstance(known, TooMany):
        return known
    # (1) The hash is computed outside any transaction, and for unknown addresses too.
    verdict = entrance.hasher.verify(known.password_hash, password)
    fresh_hash = entrance.hasher.hash(password) if isinstance(verdict, Match) and verdict.needs_rehash else None
    with entrance.database.begin(Scope.own(known.account_id)) as session:
        account = None if known.account_id is None else find_account(session, known.account_id)
        # (2) The record is read again: the password may have been changed while the hash was computed.
        still_stands = account is not None and account.password_hash == known.password_hash
        if account is None or not isinstance(verdict, Match) or not still_stands or not may_sign_in(account):
            note(session, "sign_in.refused", at=now, account_id=known.account_id, step="password")
            return Refused()
        account.password_hash = fresh_hash or account.password_hash
        attempts.forget(session, entrance.vault, attempts.PASSWORD, subject=subject)
        return after_first_step(entrance, session, account, visit=visit, now=now, method="pwd")


def finish_sign_in(entrance: Entrance, *, ticket: str, code: str, visit: Visit) -> SignedIn | Refused | TooMany:
    """The second step: the ticket of the first, and a TOTP or recovery code. An expired ticket is a refusal."""
    now = entrance.clock()
    with entrance.database.begin(Scope.own(None)) as session:
        row, first = find_ticket(session, ticket, now=now)
        account = None if row is None else find_account(session, row.account_id)
        if row is None or account is None or not may_sign_in(account):
            note(session, "sign_in.refused", at=now, account_id=None, step="ticket")
            return Refused()
        match prove(session, entrance.vault, account.id, code, now=now, network=visit.network):
            case TooMany() as refused:
                return refused
            case CodeRefused():
                note(session, "sign_in.refused", at=now, account_id=account.id, step="code")
                return Refused()
            case Proved(method):
                if not one_time.use_up(session, row, now=now):
                    return Refused()
                return come_in(entrance, session, account, visit=visit, now=now, amr=f"{first} {method}")


def step_up(entrance: Entrance, *, token: str, code: str, network: str = "") -> SteppedUp | Refused | TooMany:
    """Show a second factor again in a running session: its instant is stamped and the token changes."""
    now = entrance.clock()
    with entrance.database.begin(Scope.own(None)) as session:
        found = sessions.find(session, token, life=entrance.life, now=now)
        if found is None:
            return Refused()
        match prove(session, entrance.vault, found.account.id, code, now=now, network=network):
            case TooMany() as refused:
                return refused
            case CodeRefused():
                note(session, "step_up.refused", at=now, account_id=found.account.id)
                return Refused()
            case Proved(method):
                note(session, "step_up.succeeded", at=now, account_id=found.account.id, method=method)
                return SteppedUp(sessions.stamp_second_factor(session, found.row, method=method, now=now))


def sign_out(entrance: Entrance, *, token: str) -> None:
    """End the session behind the token; an unknown token changes nothing."""
    now = entrance.clock()
    with entrance.database.begin(Scope.own(None)) as session:
        found = sessions.find(session, token, life=entrance.life, now=now)
        if found is not None:
            sessions.revoke(session, found.account.id, found.row.id, now=now)


@dataclass(frozen=True, slots=True)
class _Known:
    account_id: UUID | None
    password_hash: str | None


def _look_up(entrance: Entrance, tag: bytes, *, subject: str, now: datetime) -> _Known | TooMany:
    with entrance.database.begin(Scope.own(None)) as session:
        refused = attempts.take(session, entrance.vault, attempts.PASSWORD, subject=subject, now=now)
        account_id = find_account_id_by_email_tag(session, tag)
        if refused is not None:
            # Told once per window, so that a flood of guesses does not become a flood of entries.
            if refused.is_first:
                note(session, "sign_in.too_many", at=now, account_id=account_id)
            return refused
        if account_id is None:
            return _Known(None, None)
        narrow(session, account_id)
        account = find_account(session, account_id)
        return _Known(account_id, None if account is None else account.password_hash)


def held_by_ticket(entrance: Entrance, *, ticket: str) -> Held:
    """What the one who has made the first step can show; nothing for a ticket that is used or too old."""
    with entrance.database.read(Scope.own(None)) as session:
        row, _ = find_ticket(session, ticket, now=entrance.clock())
        return Held() if row is None else factors_held(session, row.account_id)


def may_sign_in(account: Account) -> bool:
    """Whether the account is open and its address confirmed."""
    return account.status != "closed" and account.email_verified_at is not None


def after_first_step(
    entrance: Entrance, session: Session, account: Account, *, visit: Visit, now: datetime, method: str
) -> SignedIn | MustEnrol | NeedsSecondFactor:
    """What follows a first step, however it was made: ``method`` is one of :data:`TICKETS`. A second factor that the
    account has is asked for in any case.
    """
    held = factors_held(session, account.id)
    if held.any:
        ticket, _ = one_time.issue(session, account.id, purpose=TICKETS[method], now=now)
        return NeedsSecondFactor(ticket, held)
    signed_in = come_in(entrance, session, account, visit=visit, now=now, amr=method)
    if signed_in.role is Role.CLERK:
        return MustEnrol(signed_in.token, signed_in.session_id, signed_in.account_id)
    return signed_in


def come_in(
    entrance: Entrance, session: Session, account: Account, *, visit: Visit, now: datetime, amr: str
) -> SignedIn:
    """Start a session for an account that has proved who it is by the methods in ``amr`` (RFC 8176)."""
    devices.greet(entrance, session, account, visit=visit, now=now)
    started = sessions.start(
        session,
        entrance.vault,
        account,
        life=entrance.life,
        visit=visit,
        now=now,
        amr=amr,
        second_factor_at=None if amr in TICKETS else now,
    )
    note(session, "sign_in.succeeded", at=now, account_id=account.id, amr=amr)
    return SignedIn(started.token, started.session_id, account.id, Role(account.role))
