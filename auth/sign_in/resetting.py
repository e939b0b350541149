"""A forgotten password, and a changed one. Both end the other sessions and apps; neither touches the second factor.

A forgotten one is also how an owner gets rid of somebody else: it takes every linked identity off and knows no browser.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from auth.accounts import Account, find_account, find_account_id_by_email_tag
from auth.actor import Actor, Role
from auth.database import Scope, narrow
from auth.mail import queue_mail
from auth.oauth import delegations
from auth.oauth.delegations import Why
from auth.sign_in import attempts, devices, letters, one_time, sessions
from auth.sign_in.address import LONGEST_ADDRESS, cleaned
from auth.sign_in.address_changes import end_open_changes
from auth.sign_in.attempts import TooMany
from auth.sign_in.entrance import Entrance
from auth.sign_in.held import factors_held, has_factor
from auth.sign_in.lost_factor import end_open_resets
from auth.sign_in.noted import note
from auth.sign_in.one_time import Purpose
from auth.sign_in.outside.identities import lines_of, remove_identities
from auth.sign_in.passwords import Accepted, Match, Rejected, judge_password
from auth.sign_in.registration import LookAtYourMail


@dataclass(frozen=True, slots=True)
class Changed:
    """The password is changed. ``token`` replaces the one in the cookie; empty after a reset: sign in anew."""

    token: str = ""


@dataclass(frozen=True, slots=True)
class LinkIsDead:
    """The mailed link was used, is older than 30 minutes, or never existed."""


@dataclass(frozen=True, slots=True)
class WrongPassword:
    """The current password is not right, or nobody is signed in."""


def request_reset(entrance: Entrance, *, email: str) -> LookAtYourMail:
    """Mail a link to the address on record, if there is an account. The answer and its main work never differ."""
    now = entrance.clock()
    tag = entrance.vault.email_tag(cleaned(email[: LONGEST_ADDRESS + 1]))
    # A hash nobody needs: its 20 ms cover the two milliseconds by which the two paths below differ.
    entrance.hasher.verify(None, email[:LONGEST_ADDRESS])
    with entrance.database.begin(Scope.own(None)) as session:
        too_many = attempts.take(session, entrance.vault, attempts.MAIL, subject=f"reset {tag.hex()}", now=now)
        account_id = find_account_id_by_email_tag(session, tag)
        if account_id is not None and too_many is None:
            narrow(session, account_id)
            _mail_link(entrance, session, account_id, now)
    return LookAtYourMail()


def reset_password(entrance: Entrance, *, token: str, password: str) -> Changed | Rejected | LinkIsDead:
    """Set a new password with the mailed token. A rejected password leaves the link usable; the mailbox counts as
    confirmed, every session ends, linked identities are removed, every browser is new, and the second factor is asked
    for at the next sign-in as before.
    """
    now = entrance.clock()
    with entrance.database.read(Scope.own(None)) as session:
        row = one_time.find_token(session, token, purpose=Purpose.RESET, now=now)
        account = None if row is None else find_account(session, row.account_id)
        if account is None or account.status == "closed":
            return LinkIsDead()
        verdict = _judge(entrance, session, account, password)
    if isinstance(verdict, Rejected):
        return verdict
    password_hash = entrance.hasher.hash(password)
    with entrance.database.begin(Scope.own(None)) as session:
        row = one_time.find_token(session, token, purpose=Purpose.RESET, now=now)
        account = None if row is None else find_account(session, row.account_id)
        if row is None or account is None or not one_time.use_up(session, row, now=now):
            return LinkIsDead()
        account.email_verified_at = account.email_verified_at or now
        _set(entrance, session, account, password_hash, keep=None, now=now, how="reset")
        return Changed()


def change_password(
    entrance: Entrance, actor: Actor, *, token: str, current: str, new: str
) -> Changed | Rejected | WrongPassword | TooMany:
    """Change the password of a running session; it keeps running under a new token, all others end."""
    now = entrance.clock()
    if actor.account_id is None or not actor.is_signed_in:
        return WrongPassword()
    subject = f"change {actor.account_id}"
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        refused = attempts.take(session, entrance.vault, attempts.PASSWORD, subject=subject, now=now)
        if refused is not None:
            if refused.is_first:
                note(session, "password.too_many", at=now, account_id=actor.account_id)
            return refused
        account = session.get_one(Account, actor.account_id)
        old_hash = account.password_hash
        verdict = _judge(entrance, session, account, new)
    if not isinstance(entrance.hasher.verify(old_hash, current), Match):
        with entrance.database.begin(Scope.own(actor.account_id)) as session:
            note(session, "password.change_refused", at=now, account_id=actor.account_id)
        return WrongPassword()
    if isinstance(verdict, Rejected):
        return verdict
    new_hash = entrance.hasher.hash(new)
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        found = sessions.find(session, token, life=entrance.life, now=now)
        if found is None or found.account.id != actor.account_id or found.account.password_hash != old_hash:
            return WrongPassword()
        attempts.forget(session, entrance.vault, attempts.PASSWORD, subject=subject)
        _set(entrance, session, found.account, new_hash, keep=found.row.id, now=now, how="change")
        return Changed(sessions.rotate(session, found.row))


def _mail_link(entrance: Entrance, session: Session, account_id: UUID, now: datetime) -> None:
    account = find_account(session, account_id)
    if account is None or account.status == "closed" or account.role == Role.GUEST:
        return
    token, _ = one_time.issue(session, account_id, purpose=Purpose.RESET, now=now)
    # To the address on record and never to the one that was typed: two spellings may share a blind index.
    to = entrance.vault.open(session, account, "email")
    queue_mail(session, entrance.vault, account_id, mail=letters.reset(entrance, to=to, token=token), now=now)
    note(session, "reset.requested", at=now, account_id=account_id)


def _judge(entrance: Entrance, session: Session, account: Account, password: str) -> Accepted | Rejected:
    context = (
        entrance.shop_name,
        entrance.vault.open(session, account, "name"),
        entrance.vault.open(session, account, "email"),
    )
    return judge_password(password, has_second_factor=has_factor(session, account.id), context=context)


def _set(
    entrance: Entrance,
    session: Session,
    account: Account,
    password_hash: str,
    *,
    keep: UUID | None,
    now: datetime,
    how: str,
) -> None:
    account.password_hash, account.password_set_at = password_hash, now
    # The link that disowns a first factor stays: whoever set that up may be the one who changes the password.
    one_time.use_up_all(session, account.id, now=now, only=frozenset(Purpose) - {Purpose.FACTOR_DISOWN})
    sessions.revoke_all(session, account.id, now=now, keep=keep)
    # Whatever somebody with the old password has begun ends with it, the apps they may have connected too.
    delegations.end_all(session, account.id, why=Why.ACCOUNT, now=now)
    end_open_changes(session, account.id, now=now)
    end_open_resets(session, account.id, now=now, why="password")
    gone = _forget_others(entrance, session, account.id, now=now) if how == "reset" else ""
    to, stays = entrance.vault.open(session, account, "email"), _other_ways(entrance, session, account.id)
    mail = letters.password_changed(entrance, to=to, gone=gone, stays=stays)
    queue_mail(session, entrance.vault, account.id, mail=mail, now=now)
    note(session, "password.changed", at=now, account_id=account.id, how=how)


def _forget_others(entrance: Entrance, session: Session, account_id: UUID, *, now: datetime) -> str:
    """Take off what somebody who was in may have left as a way back; returns the identities, for the letter."""
    gone = _linked(entrance, session, account_id)
    remove_identities(session, account_id)
    devices.forget_known(session, account_id, now=now)
    if gone:
        note(session, "outside.unlinked_all", at=now, account_id=account_id)
    return gone


def _other_ways(entrance: Entrance, session: Session, account_id: UUID) -> str:
    held, linked = factors_held(session, account_id), _linked(entrance, session, account_id)
    ways = ("an authenticator app" if held.totp else "", f"passkeys ({held.passkeys})" if held.passkeys else "", linked)
    return ", ".join(way for way in ways if way)


def _linked(entrance: Entrance, session: Session, account_id: UUID) -> str:
    """The linked identities by the shop's own names for their providers; what a provider says is not repeated."""
    lines = lines_of(session, entrance.vault, account_id)
    return ", ".join(f"sign-in with {line.provider}" for line in lines)
