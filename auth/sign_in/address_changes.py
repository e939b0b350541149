"""The record of changes of an e-mail address: what is under way, and which addresses an account had lately."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.accounts import Account
from auth.database import Base, Owned, UtcDateTime
from auth.sign_in import one_time
from auth.sign_in.noted import note
from auth.sign_in.one_time import Purpose
from auth.vault import Sealed, Vault

CONFIRMED_WITHIN = timedelta(hours=24)
# For so long the address before is told of what happens to the account as well.
REMEMBERED = timedelta(days=30)


class MailChange(Base, Owned):
    """A change of address under way or done. ``ready_at`` is set once both addresses have agreed."""

    __tablename__ = "mail_changes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    new_email: Mapped[bytes | None] = mapped_column(Sealed)
    old_email: Mapped[bytes | None] = mapped_column(Sealed)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    old_agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    new_agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ready_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_done: Mapped[bool] = mapped_column(default=False)


def open_change(session: Session, account_id: UUID, *, now: datetime) -> MailChange | None:
    """The change that waits for letters to be answered, or for its day."""
    row = session.scalar(select(MailChange).where(MailChange.account_id == account_id, MailChange.ended_at.is_(None)))
    is_stale = row is not None and row.ready_at is None and now >= row.asked_at + CONFIRMED_WITHIN
    return None if is_stale else row


def end_open_changes(session: Session, account_id: UUID, *, now: datetime) -> bool:
    """Stop whatever change is under way: by its link, on the page, or because the password was changed."""
    ended = session.scalars(
        update(MailChange)
        .where(MailChange.account_id == account_id, MailChange.ended_at.is_(None))
        .values(ended_at=now)
        .returning(MailChange.id)
    ).all()
    if ended:
        # A letter about an older wish must not agree to a newer one.
        purposes = {Purpose.MAIL_OLD, Purpose.MAIL_NEW, Purpose.MAIL_CANCEL}
        one_time.use_up_all(session, account_id, now=now, only=purposes)
        note(session, "mail.change_cancelled", at=now, account_id=account_id)
    return bool(ended)


def addresses_of(session: Session, vault: Vault, account: Account, *, now: datetime) -> list[str]:
    """Where to tell the account's owner of something grave: the address of now, and those left within 30 days."""
    left = select(MailChange).where(
        MailChange.account_id == account.id, MailChange.is_done.is_(True), MailChange.ended_at > now - REMEMBERED
    )
    older = [vault.open(session, row, "old_email") for row in session.scalars(left)]
    return list(dict.fromkeys(address for address in (vault.open(session, account, "email"), *older) if address))


def forget_changes(session: Session, *, before: datetime) -> None:
    """Forget changes that were asked for before this, with the addresses in them."""
    session.execute(delete(MailChange).where(MailChange.asked_at < before))
