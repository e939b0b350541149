"""Another e-mail address: asked for with a fresh proof, confirmed at both addresses, and true a day after that.

Whoever holds one mailbox can't take the account along: the old address must agree, is told when it will happen, and can
stop it until then (OWASP Authentication Cheat Sheet, "Change email address"; ASVS 5.0 §6.3.7).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth.accounts import Account, find_account
from auth.actor import Actor
from auth.database import Scope, narrow, new_id
from auth.mail import Mail, queue_mail
from auth.sign_in import attempts, letters, one_time
from auth.sign_in.address import cleaned, is_plausible
from auth.sign_in.address_changes import MailChange, end_open_changes, open_change
from auth.sign_in.attempts import TooMany
from auth.sign_in.claims import is_proved, is_proved_by_somebody
from auth.sign_in.entrance import Entrance
from auth.sign_in.factors import NotAllowed, StepUpNeeded, has_just_arrived, held_by, is_fresh, refuse_password
from auth.sign_in.lost_factor import end_open_resets
from auth.sign_in.noted import note
from auth.sign_in.one_time import Purpose
from auth.sign_in.passwords import Rejected
from auth.sign_in.resetting import WrongPassword

WAITS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class LettersSent:
    """Letters are on their way to both addresses; the answer is the same whether or not the new one has an account."""


@dataclass(frozen=True, slots=True)
class ChangeUnderWay:
    """A change that waits: for letters to be answered, or (``ready_at``) for its day."""

    email: str
    old_agreed: bool
    new_agreed: bool
    ready_at: datetime | None


def ask_mail_change(
    entrance: Entrance, actor: Actor, *, email: str, password: str
) -> LettersSent | Rejected | WrongPassword | StepUpNeeded | NotAllowed | TooMany:
    """Ask both addresses. Takes a factor shown just now, or the password where there is none; without either, having
    just come from elsewhere. A newer wish replaces the one before.
    """
    now, email = entrance.clock(), cleaned(email)
    if actor.account_id is None or not actor.is_signed_in:
        return NotAllowed()
    if not is_plausible(email):
        return Rejected("That does not look like an e-mail address. It should read like name@example.com.")
    if held_by(entrance, actor).any:
        if not is_fresh(entrance, actor.second_factor_at, now):
            return StepUpNeeded()
    elif not has_just_arrived(entrance, actor):
        refused = refuse_password(entrance, actor, password, event="mail.change_refused", now=now)
        if refused is not None:
            return refused
    with entrance.database.read(Scope.house("whether somebody has proved an address")) as session:
        is_taken = is_proved(session, entrance.vault.email_tag(email))
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        subject = f"address {actor.account_id}"
        too_many = attempts.take(session, entrance.vault, attempts.MAIL, subject=subject, now=now)
        account = find_account(session, actor.account_id)
        if account is None or too_many is not None:
            return too_many or NotAllowed()
        if entrance.vault.email_tag(email) == account.email_tag:
            return Rejected("That is your address already.")
        end_open_changes(session, account.id, now=now)
        _ask(entrance, session, account, email=email, is_taken=is_taken, now=now)
        return LettersSent()


def change_under_way(entrance: Entrance, actor: Actor) -> ChangeUnderWay | None:
    """What the security page shows of a change that waits."""
    if actor.account_id is None or not actor.is_signed_in:
        return None
    with entrance.database.read(Scope.own(actor.account_id)) as session:
        row = open_change(session, actor.account_id, now=entrance.clock())
        if row is None:
            return None
        email = entrance.vault.open(session, row, "new_email")
        return ChangeUnderWay(email, row.old_agreed_at is not None, row.new_agreed_at is not None, row.ready_at)


def cancel_mail_change(entrance: Entrance, actor: Actor) -> bool:
    """Stop the change from the security page; ``False`` when there is none."""
    if actor.account_id is None or not actor.is_signed_in:
        return False
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        return end_open_changes(session, actor.account_id, now=entrance.clock())


def agree(entrance: Entrance, session: Session, account_id: UUID, *, purpose: Purpose, now: datetime) -> bool:
    """One of the two addresses agrees, by the link of its letter. With both, the day begins after which it is true."""
    row = open_change(session, account_id, now=now)
    if row is None or row.ready_at is not None:
        return False
    if purpose is Purpose.MAIL_OLD:
        row.old_agreed_at = now
    else:
        row.new_agreed_at = now
    note(session, "mail.agreed", at=now, account_id=account_id, which=purpose.value)
    if row.old_agreed_at is not None and row.new_agreed_at is not None:
        row.ready_at = now + WAITS
        token, _ = one_time.issue(session, account_id, purpose=Purpose.MAIL_CANCEL, now=now)
        to = entrance.vault.open(session, row, "old_email")
        mail = letters.mail_change_waits(entrance, to=to, at=row.ready_at, cancel=token)
        queue_mail(session, entrance.vault, account_id, mail=mail, now=now)
    return True


def carry_out_changes(entrance: Entrance) -> int:
    """Make every change true whose day has passed; returns how many were. A chore calls this."""
    with entrance.database.read(Scope.house("changes of address that are due")) as session:
        due = select(MailChange.id, MailChange.account_id).where(
            MailChange.ended_at.is_(None), MailChange.ready_at <= entrance.clock()
        )
        found = [(change_id, account_id) for change_id, account_id in session.execute(due)]
    return sum(_carry_out(entrance, change_id, account_id) for change_id, account_id in found)


def _ask(entrance: Entrance, session: Session, account: Account, *, email: str, is_taken: bool, now: datetime) -> None:
    old, vault = entrance.vault.open(session, account, "email"), entrance.vault
    row = MailChange(id=new_id(now), account_id=account.id, asked_at=now, is_done=False)
    vault.seal(session, row, "new_email", email)
    vault.seal(session, row, "old_email", old)
    session.add(row)
    session.flush()
    agreed, _ = one_time.issue(session, account.id, purpose=Purpose.MAIL_OLD, now=now)
    cancel, _ = one_time.issue(session, account.id, purpose=Purpose.MAIL_CANCEL, now=now)
    _send(entrance, session, account.id, letters.mail_change_old(entrance, to=old, agree=agreed, cancel=cancel), now)
    note(session, "mail.change_asked", at=now, account_id=account.id)
    if is_taken:
        # It is somebody's already. The page says the same as always; only its owner is told.
        _send(entrance, session, account.id, letters.address_is_taken(entrance, to=email), now)
        return
    token, _ = one_time.issue(session, account.id, purpose=Purpose.MAIL_NEW, now=now)
    _send(entrance, session, account.id, letters.mail_change_new(entrance, to=email, agree=token), now)


def _carry_out(entrance: Entrance, change_id: UUID, account_id: UUID) -> bool:
    try:
        with entrance.database.begin(Scope.house("a change of address is due")) as session:
            return _make_true(entrance, session, change_id, account_id)
    except IntegrityError:
        # The address was taken at this very moment; the next run finds it so and ends the change.
        return False


def _make_true(entrance: Entrance, session: Session, change_id: UUID, account_id: UUID) -> bool:
    now = entrance.clock()
    row = session.scalar(select(MailChange).where(MailChange.id == change_id).with_for_update())
    account = find_account(session, account_id)
    if row is None or row.ended_at is not None or row.ready_at is None or account is None:
        return False
    new, old = (entrance.vault.open(session, row, column) for column in ("new_email", "old_email"))
    tag = entrance.vault.email_tag(new)
    row.ended_at = now
    # The new mailbox has answered, so a registration of it that nobody has confirmed gives way.
    is_free = account.status != "closed" and not is_proved_by_somebody(session, tag, now=now)
    session.flush()
    narrow(session, account_id)
    if not is_free:
        note(session, "mail.change_cancelled", at=now, account_id=account_id)
        if account.status != "closed":
            _send(entrance, session, account_id, letters.mail_change_given_up(entrance, to=old), now)
        return False
    row.is_done = True
    # What was mailed to the old address, and what was begun by it, is over.
    end_open_resets(session, account_id, now=now, why="address")
    one_time.use_up_all(session, account_id, now=now)
    entrance.vault.seal(session, account, "email", new)
    account.email_tag, account.email_verified_at = tag, now
    session.flush()
    for to in (old, new):
        what = "the e-mail address was changed"
        _send(entrance, session, account_id, letters.changed(entrance, to=to, what=what), now)
    note(session, "mail.changed", at=now, account_id=account_id)
    return True


def _send(entrance: Entrance, session: Session, account_id: UUID, mail: Mail, now: datetime) -> None:
    queue_mail(session, entrance.vault, account_id, mail=mail, now=now)
