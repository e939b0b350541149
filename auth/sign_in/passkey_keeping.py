"""Adding, naming and removing passkeys. A first one takes the password; any other change a factor shown just now.

The last factor goes only with a password that can stand alone, and a clerk's not at all: nobody is left outside.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth.accounts import Account, find_account
from auth.actor import Actor, Role
from auth.database import Scope
from auth.sign_in import attempts, passkeys, recovery, sessions
from auth.sign_in.address import cleaned
from auth.sign_in.attempts import TooMany
from auth.sign_in.authenticators import BadAnswer, Made, ask_for_new, check_new
from auth.sign_in.ceremony import Refused
from auth.sign_in.challenges import Asked, issue_challenge, take_challenge
from auth.sign_in.entrance import Entrance
from auth.sign_in.factors import (
    NotAllowed,
    Removed,
    StepUpNeeded,
    has_just_arrived,
    has_password,
    is_fresh,
    needs_password_to_enrol,
    refuse_password,
    subject_of,
    tell,
)
from auth.sign_in.first_factor import tell_of_first_factor
from auth.sign_in.held import factors_held
from auth.sign_in.noted import note
from auth.sign_in.passkeys import LONGEST_NAME, MOST, PasskeyLine, find_passkey
from auth.sign_in.passwords import Rejected, judge_password
from auth.sign_in.resetting import WrongPassword
from auth.sign_in.sessions import Found


@dataclass(frozen=True, slots=True)
class Adding:
    """What the browser's authenticator is to make. ``handle`` goes into the cookie, ``options`` to the script."""

    handle: str
    options: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Added:
    """The passkey counts from now on. ``token`` replaces the one in the cookie; ``codes`` are there with a first
    factor only and are shown this once.
    """

    token: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TooManyPasskeys:
    """The account has as many as one may have."""


@dataclass(frozen=True, slots=True)
class LastFactor:
    """Without it the account could not be entered, or would be a clerk's without a second factor."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """The passkey has its new name."""


def passkeys_of(entrance: Entrance, actor: Actor) -> tuple[PasskeyLine, ...]:
    """The actor's passkeys, oldest first; none for somebody who is not signed in."""
    if actor.account_id is None or not actor.is_signed_in:
        return ()
    with entrance.database.read(Scope.own(actor.account_id)) as session:
        return tuple(passkeys.list_passkeys(session, entrance.vault, actor.account_id))


def start_adding(
    entrance: Entrance, actor: Actor, *, password: str
) -> Adding | WrongPassword | StepUpNeeded | NotAllowed | TooMany | TooManyPasskeys:
    """Options for a new passkey, good for five minutes in this session.

    As with an authenticator app, a first factor takes the password and a further one a factor shown just now.
    """
    now, party = entrance.clock(), entrance.party
    if actor.account_id is None or actor.session_id is None or not actor.is_signed_in or party is None:
        return NotAllowed()
    is_first = needs_password_to_enrol(entrance, actor)
    if is_first:
        refused = refuse_password(entrance, actor, password, event="passkey.adding_refused", now=now)
        if refused is not None:
            return refused
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        account = find_account(session, actor.account_id)
        if account is None:
            return NotAllowed()
        # Asked here and not above: another request may have added a factor while the password was checked.
        held = factors_held(session, account.id)
        if held.any and not is_fresh(entrance, actor.second_factor_at, now):
            return StepUpNeeded()
        if held.passkeys >= MOST:
            return TooManyPasskeys()
        if is_first:
            attempts.forget(session, entrance.vault, attempts.PASSWORD, subject=subject_of(actor))
        issued = issue_challenge(session, asked=Asked.ADD, subject=str(actor.session_id), now=now)
        options = ask_for_new(
            party,
            challenge=issued.challenge,
            user_handle=passkeys.user_handle(entrance.vault, account.id),
            address=entrance.vault.open(session, account, "email"),
            name=entrance.vault.open(session, account, "name"),
            known=passkeys.credential_ids(session, entrance.vault, account.id),
        )
        return Adding(issued.handle, options)


def finish_adding(
    entrance: Entrance, *, token: str, handle: str, answer: str, name: str
) -> Added | Refused | StepUpNeeded | NotAllowed:
    """The new passkey, if the answer is good. With a first factor all other sessions end, and recovery codes come."""
    try:
        return _finish(entrance, token=token, handle=handle, answer=answer, name=name)
    except IntegrityError:
        # The same credential was sent twice at once; the other request has added it.
        return Refused()


def _finish(
    entrance: Entrance, *, token: str, handle: str, answer: str, name: str
) -> Added | Refused | StepUpNeeded | NotAllowed:
    now = entrance.clock()
    with entrance.database.begin(Scope.own(None)) as session:
        found = sessions.find(session, token, life=entrance.life, now=now)
        if found is None or found.account.role == Role.GUEST:
            return NotAllowed()
        held = factors_held(session, found.account.id)
        if held.any and not is_fresh(entrance, found.row.second_factor_at, now):
            return StepUpNeeded()
        made = _made(entrance, session, found, handle=handle, answer=answer)
        if isinstance(made, BadAnswer) or held.passkeys >= MOST:
            reason = made.reason if isinstance(made, BadAnswer) else "too many"
            note(session, "passkey.refused", at=now, account_id=found.account.id, step="add", reason=reason)
            return Refused()
        passkeys.keep(session, entrance.vault, found.account.id, made=made, name=_name(name), now=now)
        note(session, "passkey.added", at=now, account_id=found.account.id, can_be_copied=made.can_be_copied)
        codes: tuple[str, ...] = ()
        if held.any:
            tell(entrance, session, found.account, "a passkey was added", now)
        else:
            tell_of_first_factor(entrance, session, found.account, "a passkey was added", now=now)
            sessions.revoke_all(session, found.account.id, now=now, keep=found.row.id)
            codes = recovery.make_codes(session, found.account.id, now=now)
        method = "swk" if made.can_be_copied else "hwk"
        return Added(sessions.stamp_second_factor(session, found.row, method=method, now=now), codes)


def rename_passkey(entrance: Entrance, actor: Actor, *, passkey_id: UUID, name: str) -> Renamed | NotAllowed:
    """Give one of the actor's own passkeys another name."""
    if actor.account_id is None or not actor.is_signed_in:
        return NotAllowed()
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        row = find_passkey(session, actor.account_id, passkey_id)
        if row is None:
            return NotAllowed()
        entrance.vault.seal(session, row, "name", _name(name))
        note(session, "passkey.renamed", at=entrance.clock(), account_id=actor.account_id)
        return Renamed()


def remove_passkey(
    entrance: Entrance, actor: Actor, *, passkey_id: UUID, password: str
) -> Removed | Rejected | StepUpNeeded | WrongPassword | LastFactor | NotAllowed | TooMany:
    """Take a passkey away, after a factor was shown. The last factor of a customer goes with the password, which must
    be long enough to stand alone; that of a clerk stays.
    """
    now = entrance.clock()
    if actor.account_id is None or not actor.is_signed_in or not _has(entrance, actor.account_id, passkey_id):
        return NotAllowed()
    if not is_fresh(entrance, actor.second_factor_at, now):
        return StepUpNeeded()
    proved = False
    if _is_last(entrance, actor.account_id):
        refused = _refuse_going_without(entrance, actor, password)
        if refused is not None:
            return refused
        proved = True
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        # Two removals at once wait for each other here, or each would take what it thinks is not the last one.
        account = session.scalar(select(Account).where(Account.id == actor.account_id).with_for_update())
        row = find_passkey(session, actor.account_id, passkey_id)
        if account is None or row is None:
            return NotAllowed()
        held = factors_held(session, account.id)
        is_last = not held.totp and held.passkeys == 1
        if is_last and not proved:
            return LastFactor()
        session.delete(row)
        if is_last:
            recovery.remove_codes(session, account.id)
        note(session, "passkey.removed", at=now, account_id=account.id, was_last=is_last)
        tell(entrance, session, account, "a passkey was removed", now)
        return Removed()


def _refuse_going_without(
    entrance: Entrance, actor: Actor, password: str
) -> LastFactor | WrongPassword | Rejected | TooMany | None:
    """Why the last factor may not go; ``None`` when the password is right and can stand alone."""
    if actor.role is Role.CUSTOMER and has_just_arrived(entrance, actor):
        return None
    if actor.role is not Role.CUSTOMER or not has_password(entrance, actor):
        return LastFactor()
    refused = refuse_password(entrance, actor, password, event="passkey.remove_refused", now=entrance.clock())
    if refused is not None:
        return refused
    verdict = judge_password(password, has_second_factor=False)
    return verdict if isinstance(verdict, Rejected) else None


def _made(entrance: Entrance, session: Session, found: Found, *, handle: str, answer: str) -> Made | BadAnswer:
    now, party, subject = entrance.clock(), entrance.party, str(found.row.id)
    challenge = take_challenge(session, handle, asked=Asked.ADD, subject=subject, now=now)
    if challenge is None or party is None:
        return BadAnswer("no such challenge")
    made = check_new(party, answer, challenge=challenge)
    # A credential that is anybody's already is nobody else's (WebAuthn level 3 §7.1).
    if isinstance(made, Made) and passkeys.account_of_credential(session, made.credential_id) is not None:
        return BadAnswer("already known")
    return made


def _has(entrance: Entrance, account_id: UUID, passkey_id: UUID) -> bool:
    with entrance.database.read(Scope.own(account_id)) as session:
        return find_passkey(session, account_id, passkey_id) is not None


def _is_last(entrance: Entrance, account_id: UUID) -> bool:
    with entrance.database.read(Scope.own(account_id)) as session:
        held = factors_held(session, account_id)
    return not held.totp and held.passkeys == 1


def _name(typed: str) -> str:
    """The name as it can be shown: visible characters only, and never empty."""
    visible = "".join(each for each in cleaned(typed) if each.isprintable())
    return visible[:LONGEST_NAME].strip() or "Passkey"
