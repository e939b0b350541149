"""The way back for somebody who has lost phone, passkeys and recovery codes: it takes the password, the mailbox, three
days, and nobody who objects.

It is announced at once to every address the account had lately, and stopped by a link in that mail, on the security
page, by a new password, or by anybody who still shows a second factor (NIST SP 800-63B-4 §4.2; ASVS 5.0 §6.4.4).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.accounts import Account, find_account
from auth.actor import Actor, Role
from auth.database import Base, Owned, Scope, UtcDateTime, new_id
from auth.mail import queue_mail
from auth.oauth import delegations
from auth.oauth.delegations import Why
from auth.sign_in import attempts, letters, one_time, passkeys, recovery, sessions, totp
from auth.sign_in.address_changes import addresses_of
from auth.sign_in.attempts import TooMany
from auth.sign_in.entrance import Entrance
from auth.sign_in.noted import note
from auth.sign_in.one_time import Purpose
from auth.sign_in.tickets import find_ticket

WAITS = timedelta(hours=72)
# So long after the wait its link still works; then it has to be asked for anew.
OPEN_FOR = timedelta(days=7)


class FactorReset(Base, Owned):
    """A wish to go on without the second factor. At most one of an account is open."""

    __tablename__ = "factor_resets"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ready_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_done: Mapped[bool] = mapped_column(default=False)


@dataclass(frozen=True, slots=True)
class Waits:
    """Nothing happens before ``ready_at``. The link that ends the wait is in the mail."""

    ready_at: datetime


@dataclass(frozen=True, slots=True)
class NoWayBack:
    """Not by this path: the ticket is used or too old, or it is a clerk's account."""


def ask_factor_reset(entrance: Entrance, *, ticket: str) -> Waits | NoWayBack | TooMany:
    """Begin to wait, with the ticket of a first step that was right. Asked again, it is still the first wish."""
    now = entrance.clock()
    with entrance.database.begin(Scope.own(None)) as session:
        row, method = find_ticket(session, ticket, now=now)
        account = None if row is None else find_account(session, row.account_id)
        # A clerk's second factor is handed out by whoever runs the shop, face to face.
        if account is None or account.role != Role.CUSTOMER:
            return NoWayBack()
        waiting = _open_reset(session, account.id, now=now)
        if waiting is not None:
            return Waits(waiting.ready_at)
        subject = f"lost {account.id}"
        too_many = attempts.take(session, entrance.vault, attempts.MAIL, subject=subject, now=now)
        if too_many is not None:
            return too_many
        end_open_resets(session, account.id, now=now, why="too old")
        reset = FactorReset(id=new_id(now), account_id=account.id, asked_at=now, ready_at=now + WAITS, is_done=False)
        session.add(reset)
        session.flush()
        cancel, _ = one_time.issue(session, account.id, purpose=Purpose.LOST_CANCEL, now=now)
        finish, _ = one_time.issue(session, account.id, purpose=Purpose.LOST_FINISH, now=now)
        to = entrance.vault.open(session, account, "email")
        mail = letters.factor_reset(entrance, to=to, at=reset.ready_at, cancel=cancel, finish=finish, method=method)
        queue_mail(session, entrance.vault, account.id, mail=mail, now=now)
        for address in addresses_of(session, entrance.vault, account, now=now):
            if address != to:
                # An address that was left lately can stop it, and can't end the wait.
                told = letters.factor_reset(
                    entrance, to=address, at=reset.ready_at, cancel=cancel, finish="", method=method
                )
                queue_mail(session, entrance.vault, account.id, mail=told, now=now)
        note(session, "factors.reset_asked", at=now, account_id=account.id)
        return Waits(reset.ready_at)


def reset_under_way(entrance: Entrance, actor: Actor) -> Waits | None:
    """What the security page warns of."""
    if actor.account_id is None or not actor.is_signed_in:
        return None
    with entrance.database.read(Scope.own(actor.account_id)) as session:
        row = _open_reset(session, actor.account_id, now=entrance.clock())
        return None if row is None else Waits(row.ready_at)


def cancel_factor_reset(entrance: Entrance, actor: Actor) -> bool:
    """Stop it from the security page; ``False`` when there is none."""
    if actor.account_id is None or not actor.is_signed_in:
        return False
    with entrance.database.begin(Scope.own(actor.account_id)) as session:
        return end_open_resets(session, actor.account_id, now=entrance.clock(), why="page")


def end_open_resets(session: Session, account_id: UUID, *, now: datetime, why: str) -> bool:
    """Stop what waits; also called when somebody shows the very factor that was said to be lost."""
    ended = session.scalars(
        update(FactorReset)
        .where(FactorReset.account_id == account_id, FactorReset.ended_at.is_(None))
        .values(ended_at=now)
        .returning(FactorReset.id)
    ).all()
    if ended:
        one_time.use_up_all(session, account_id, now=now, only={Purpose.LOST_CANCEL, Purpose.LOST_FINISH})
        note(session, "factors.reset_cancelled", at=now, account_id=account_id, why=why)
    return bool(ended)


def waits_until(session: Session, account_id: UUID, *, now: datetime) -> datetime | None:
    """When the open wish may be carried out; ``None`` where there is none."""
    row = _open_reset(session, account_id, now=now)
    return None if row is None else row.ready_at


def carry_out_reset(entrance: Entrance, session: Session, account_id: UUID, *, now: datetime) -> bool:
    """Take the second factors and the password away, end all sessions; ``False`` before its time and without a wish."""
    row, account = _open_reset(session, account_id, now=now), find_account(session, account_id)
    if row is None or account is None or now < row.ready_at:
        return False
    row.ended_at, row.is_done = now, True
    what = "two-step sign-in was taken off after the wait of three days"
    take_factors_off(entrance, session, account, what=what, now=now)
    note(session, "factors.reset", at=now, account_id=account_id)
    return True


def take_factors_off(entrance: Entrance, session: Session, account: Account, *, what: str, now: datetime) -> None:
    """Remove every second factor, and end all sessions, apps and open letters; ``what`` is the sentence of the letter.

    The password goes as well: beside a factor eight characters were enough, alone it takes fifteen (NIST SP 800-63B-4
    §3.1.1.2), and a hash does not tell how long it was. A new one is chosen by a letter (:mod:`.resetting`).
    """
    totp.remove(session, account.id, now=now)
    passkeys.remove_all(session, account.id)
    recovery.remove_codes(session, account.id)
    account.password_hash = None
    sessions.revoke_all(session, account.id, now=now)
    delegations.end_all(session, account.id, why=Why.ACCOUNT, now=now)
    one_time.use_up_all(session, account.id, now=now)
    for to in addresses_of(session, entrance.vault, account, now=now):
        mail = letters.changed(entrance, to=to, what=f"{what}; your password no longer works, so choose a new one")
        queue_mail(session, entrance.vault, account.id, mail=mail, now=now)


def forget_resets(session: Session, *, before: datetime) -> None:
    """Forget wishes older than this; that they were there stays in the audit log."""
    session.execute(delete(FactorReset).where(FactorReset.asked_at < before))


def _open_reset(session: Session, account_id: UUID, *, now: datetime) -> FactorReset | None:
    mine = select(FactorReset).where(FactorReset.account_id == account_id, FactorReset.ended_at.is_(None))
    return session.scalar(mine.where(FactorReset.ready_at > now - OPEN_FOR))
