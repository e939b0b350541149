"""The security page: second factor and recovery codes. The first factor takes the password; a factor is shown before it
can be replaced or removed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.accounts import Account, find_account
from auth.actor import Actor, Role
from auth.database import Scope
from auth.mail import queue_mail
from auth.sign_in import attempts, devices, letters, recovery, sessions, totp
from auth.sign_in.attempts import TooMany
from auth.sign_in.ceremony import Refused, SteppedUp
from auth.sign_in.entrance import Entrance
from auth.sign_in.first_factor import tell_of_first_factor
from auth.sign_in.held import Held, factors_held, has_factor
from auth.sign_in.noted import note
from auth.sign_in.passkeys import PasskeyLine, list_passkeys
from auth.sign_in.passwords import Match, Rejected, judge_password
from auth.sign_in.resetting import WrongPassword
from auth.sign_in.sessions import SessionLine, SignInSession
from auth.sign_in.totp import CodeAccepted, CodeRefused, Enrolment


@dataclass(frozen=True, slots=True)
class StepUpNeeded:
    """The account has a second factor that was not shown in this session within the last minutes."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The factor counts from now on. ``token`` replaces the one in the cookie; ``codes`` are shown this once."""

    token: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewCodes:
    """Ten new recovery codes, shown this once."""

    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """The factor is gone."""


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """Not for this account: nobody is signed in, or a clerk wants to go without a second factor."""


@dataclass(frozen=True, slots=True)
class Security:
    """What the security page shows."""

    has_totp: bool
    recovery_codes_left: int
    sessions: Sequence[SessionLine]
    password_set_at: datetime | None
    passkeys: Sequence[PasskeyLine] = ()
    email: str = ""
    known_devices: int = 0
    has_password: bool = True

    @property
    def is_two_step(self) -> bool:
        return self.has_totp or bool(self.passkeys)


def security_of(entrance: Entrance, actor: Actor) -> Security | NotAllowed:
    """The state of the actor's account, read only."""
    with entrance.database.read(Scope.own(actor.account_id)) as session:
        account = _account(session, actor)
        if account is None:
            return NotAllowed()
        lines = sessions.list_sessions(
            session, entrance.vault, account, life=entrance.life, now=entrance.clock(), current=actor.session_id
        )
        has_totp, codes_left = totp.has_factor(session, account.id), recovery.codes_left(session, account.id)
        keys = list_passkeys(session, entrance.vault, account.id)
        email, known = entrance.vault.open(session, account, "email"), devices.count_known(session, account.id)
        has_one = account.password_hash is not None
        return Security(has_totp, codes_left, lines, account.password_set_at, keys, email, known, has_one)


def held_by(entrance: Entrance, actor: Actor) -> Held:
    """What the actor can show; nothing for somebody who is not signed in."""
    with entrance.database.read(Scope.own(actor.account_id)) as session:
        account = _account(session, actor)
        return Held() if account is None else factors_held(session, account.id)


def needs_password_to_enrol(entrance: Entrance, actor: Actor) -> bool:
    """Whether :func:`start_enrolment` asks for the password: there is no factor yet that could be shown instead.

    An account without a password has an identity elsewhere: who has just signed in with that has shown enough.
    """
    with entrance.database.read(Scope.own(actor.account_id)) as session:
        account = _account(session, actor)
        if account is None or has_factor(session, account.id):
            return False
        return not _has_arrived(entrance, session, account, actor)


def has_just_arrived(entrance: Entrance, actor: Actor) -> bool:
    """Whether the actor has no password and came from elsewhere within the last minutes, which stands for one."""
    with entrance.database.read(Scope.own(actor.account_id)) as session:
        account = _account(session, actor)
        return account is not None and _has_arrived(entrance, session, account, actor)


def has_password(entrance: Entrance, actor: Actor) -> bool:
    """Whether the actor's account has a password; one that was opened with an identity elsewhere may have none."""
    with entrance.database.read(Scope.own(actor.account_id)) as session:
        account = _account(session, actor)
        return account is not None and account.password_hash is not None


def start_enrolment(
    entrance: Entrance, actor: Actor, *, password: str
) -> Enrolment | WrongPassword | StepUpNeeded | NotAllowed | TooMany:
    """A new secret and its picture. It counts once its first code was entered.

    A first factor takes the password, or a stolen session could set one of its own and lock the owner out. Where there
    is a factor, a code of it must have been shown within the last minutes, and the password is not looked at.
    """
    now = entrance.clock()
    is_first = needs_password_to_enrol(entrance, actor)
    if is_first:
        refused = refuse_password(entrance, actor, password, event="totp.enrolment_refused", now=now)
        if refused is not None:
            return refused
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        account = _account(session, actor)
        if account is None:
            return NotAllowed()
        # Asked here and not above: another request may have confirmed a factor while the password was checked.
        if not _has_shown_factor(entrance, session, actor, now):
            return StepUpNeeded()
        if is_first:
            attempts.forget(session, entrance.vault, attempts.PASSWORD, subject=subject_of(actor))
        return totp.enrol(session, entrance.vault, account, now=now, issuer=entrance.shop_name)


def waiting_enrolment(entrance: Entrance, actor: Actor) -> Enrolment | None:
    """The picture again, after a mistyped code."""
    with entrance.database.read(Scope.own(actor.account_id)) as session:
        account = _account(session, actor)
        if account is None:
            return None
        return totp.waiting_enrolment(session, entrance.vault, account, now=entrance.clock(), issuer=entrance.shop_name)


def finish_enrolment(
    entrance: Entrance, *, token: str, code: str
) -> Enrolled | CodeRefused | TooMany | StepUpNeeded | NotAllowed:
    """The first code of the waiting secret. All other sessions end: they were opened without this factor."""
    now = entrance.clock()
    with entrance.database.begin(Scope.own(None)) as session:
        found = sessions.find(session, token, life=entrance.life, now=now)
        if found is None or found.account.role == Role.GUEST:
            return NotAllowed()
        account_id, shown_at = found.account.id, found.row.second_factor_at
        is_first = not has_factor(session, account_id)
        if not is_first and not is_fresh(entrance, shown_at, now):
            return StepUpNeeded()
        match totp.confirm_enrolment(session, entrance.vault, account_id, code, now=now):
            case CodeAccepted():
                sessions.revoke_all(session, account_id, now=now, keep=found.row.id)
                renewed = sessions.stamp_second_factor(session, found.row, method="otp", now=now)
                codes = recovery.make_codes(session, account_id, now=now)
                what = "two-step sign-in was set up"
                if is_first:
                    tell_of_first_factor(entrance, session, found.account, what, now=now)
                else:
                    tell(entrance, session, found.account, what, now)
                return Enrolled(renewed, codes)
            case answer:
                return answer


def renew_recovery_codes(entrance: Entrance, actor: Actor) -> NewCodes | StepUpNeeded | NotAllowed:
    """Ten new codes instead of the old ones; needs a second factor shown within the last minutes."""
    now = entrance.clock()
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        account = _account(session, actor)
        if account is None or not has_factor(session, account.id):
            return NotAllowed()
        if not is_fresh(entrance, actor.second_factor_at, now):
            return StepUpNeeded()
        tell(entrance, session, account, "new recovery codes were made", now)
        return NewCodes(recovery.make_codes(session, account.id, now=now))


def remove_factor(
    entrance: Entrance, actor: Actor, *, password: str
) -> Removed | Rejected | StepUpNeeded | NotAllowed | TooMany:
    """Take the authenticator app away. Where it is the last factor the account goes back to the password alone, which
    a clerk can't; then the password is asked for, and must be long enough to stand alone (NIST SP 800-63B-4 §3.1.1.2:
    15 characters), which a hash does not tell.
    """
    now = entrance.clock()
    if actor.account_id is None or not actor.is_signed_in:
        return NotAllowed()
    is_last = not _has_passkeys(entrance, actor)
    if is_last and actor.role is not Role.CUSTOMER:
        return NotAllowed()
    if not is_fresh(entrance, actor.second_factor_at, now):
        return StepUpNeeded()
    refused = _refuse_going_without(entrance, actor, password, now=now) if is_last else None
    if refused is not None:
        return refused
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        # Whoever takes the last passkey away at this moment waits here, or the account would be left with neither.
        account = session.scalars(select(Account).where(Account.id == actor.account_id).with_for_update()).one()
        if not is_last and not factors_held(session, account.id).passkeys:
            return NotAllowed()
        attempts.forget(session, entrance.vault, attempts.PASSWORD, subject=subject_of(actor))
        totp.remove(session, account.id, now=now)
        if is_last:
            recovery.remove_codes(session, account.id)
        what = "two-step sign-in was turned off" if is_last else "the authenticator app was removed"
        tell(entrance, session, account, what, now)
        return Removed()


def show_password(entrance: Entrance, actor: Actor, *, token: str, password: str) -> SteppedUp | Refused | TooMany:
    """Type the password again in a running session, where there is no second factor that could be shown instead.

    It counts for as long as a second factor does, in this session only, and only where a policy takes it.
    """
    now = entrance.clock()
    if actor.account_id is None or not needs_password_to_enrol(entrance, actor):
        return Refused()
    match refuse_password(entrance, actor, password, event="password.show_refused", now=now):
        case TooMany() as too_many:
            return too_many
        case WrongPassword():
            return Refused()
    with entrance.database.begin(Scope.own(None)) as session:
        found = sessions.find(session, token, life=entrance.life, now=now)
        # Asked again: a factor may have been set up while the password was checked.
        if found is None or found.account.id != actor.account_id or has_factor(session, found.account.id):
            return Refused()
        attempts.forget(session, entrance.vault, attempts.PASSWORD, subject=subject_of(actor))
        note(session, "password.shown", at=now, account_id=found.account.id)
        return SteppedUp(sessions.stamp_password(session, found.row, now=now))


def end_session(entrance: Entrance, actor: Actor, *, session_id: UUID) -> bool:
    """End one of the actor's own sessions; ``False`` when it is not there, which somebody else's is not either."""
    if actor.account_id is None:
        return False
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        return sessions.revoke(session, actor.account_id, session_id, now=entrance.clock())


def forget_devices(entrance: Entrance, actor: Actor) -> bool:
    """Know no browser of the actor any more; the next sign-in from each is told by mail."""
    if actor.account_id is None or not actor.is_signed_in:
        return False
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        devices.forget_known(session, actor.account_id, now=entrance.clock())
        return True


def _account(session: Session, actor: Actor) -> Account | None:
    return find_account(session, actor.account_id) if actor.account_id and actor.is_signed_in else None


def refuse_password(
    entrance: Entrance, actor: Actor, password: str, *, event: str, now: datetime
) -> WrongPassword | TooMany | None:
    """Count a try and compare, with no transaction open; ``None`` when the password is right."""
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        too_many = attempts.take(session, entrance.vault, attempts.PASSWORD, subject=subject_of(actor), now=now)
        password_hash = session.get_one(Account, actor.account_id).password_hash
        if too_many is not None and too_many.is_first:
            note(session, "password.too_many", at=now, account_id=actor.account_id)
    if too_many is not None:
        return too_many
    if isinstance(entrance.hasher.verify(password_hash, password), Match):
        return None
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        note(session, event, at=now, account_id=actor.account_id)
    return WrongPassword()


def subject_of(actor: Actor) -> str:
    """Under which name the guesses of an actor's own password are counted."""
    # The same counter as for changing the password: guesses of one secret count together.
    return f"change {actor.account_id}"


def _refuse_going_without(
    entrance: Entrance, actor: Actor, password: str, *, now: datetime
) -> Rejected | NotAllowed | TooMany | None:
    if has_just_arrived(entrance, actor):
        return None
    match refuse_password(entrance, actor, password, event="totp.remove_refused", now=now):
        case TooMany() as too_many:
            return too_many
        case WrongPassword():
            return NotAllowed()
    verdict = judge_password(password, has_second_factor=False)
    return verdict if isinstance(verdict, Rejected) else None


def _has_arrived(entrance: Entrance, session: Session, account: Account, actor: Actor) -> bool:
    row = None if actor.session_id is None else session.get(SignInSession, actor.session_id)
    if account.password_hash is not None or row is None or row.revoked_at is not None or "fed" not in row.amr.split():
        return False
    return is_fresh(entrance, row.password_at, entrance.clock())


def _has_passkeys(entrance: Entrance, actor: Actor) -> bool:
    with entrance.database.read(Scope.own(actor.account_id)) as session:
        account = _account(session, actor)
        return account is not None and factors_held(session, account.id).passkeys > 0


def _has_shown_factor(entrance: Entrance, session: Session, actor: Actor, now: datetime) -> bool:
    has_none = actor.account_id is not None and not has_factor(session, actor.account_id)
    return has_none or is_fresh(entrance, actor.second_factor_at, now)


def is_fresh(entrance: Entrance, shown_at: datetime | None, now: datetime) -> bool:
    """Whether a factor shown at that instant still counts."""
    return shown_at is not None and now - shown_at < entrance.fresh


def tell(entrance: Entrance, session: Session, account: Account, what: str, now: datetime) -> None:
    """Mail the account that something about its sign-in has changed."""
    to = entrance.vault.open(session, account, "email")
    if to:
        queue_mail(session, entrance.vault, account.id, mail=letters.changed(entrance, to=to, what=what), now=now)
