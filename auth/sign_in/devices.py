"""Devices an account has signed in from: each browser keeps a random cookie, and each account the hashes it has seen.

A sign-in from a browser that is not among them is told to the owner by mail (ASVS 5.0 §6.3.5). The cookie opens nothing
and names nobody: without the account's own list it says nothing at all.
"""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import LargeBinary, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.accounts import Account
from auth.actor import Role
from auth.database import Base, Owned, UtcDateTime, new_id
from auth.mail import queue_mail
from auth.sign_in import letters
from auth.sign_in.entrance import Entrance
from auth.sign_in.noted import note
from auth.sign_in.sessions import SignInSession
from auth.sign_in.visit import Visit

REMEMBERED = timedelta(days=365)


class KnownDevice(Base, Owned):
    """A browser this account has signed in from. The hash covers the account, so that two lists can't be joined."""

    __tablename__ = "known_devices"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    device_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def greet(entrance: Entrance, session: Session, account: Account, *, visit: Visit, now: datetime) -> None:
    """Note the device of a sign-in, and tell the owner when it is a new one.

    The very first sign-in of an account is no news to whoever has just opened it. To be called before its session is
    started. A sign-in without a device cookie always counts as new.
    """
    is_first = not _has_signed_in(session, account.id)
    if _recognise(session, account.id, visit.browser, now=now):
        return
    if visit.browser:
        row = KnownDevice(id=new_id(now), account_id=account.id, device_hash=_hash(account.id, visit.browser))
        row.first_seen_at = row.last_seen_at = now
        session.add(row)
        session.flush()
    if is_first or account.role == Role.GUEST:
        return
    note(session, "device.new", at=now, account_id=account.id)
    to = entrance.vault.open(session, account, "email")
    if to:
        mail = letters.new_device(entrance, to=to, device=visit.device, network=visit.network_label, at=now)
        queue_mail(session, entrance.vault, account.id, mail=mail, now=now)


def count_known(session: Session, account_id: UUID) -> int:
    """How many browsers the account has signed in from."""
    return session.scalar(select(func.count(KnownDevice.id)).where(KnownDevice.account_id == account_id)) or 0


def forget_known(session: Session, account_id: UUID, *, now: datetime) -> int:
    """Know none of them any more: the next sign-in from each is told by mail. Returns how many there were."""
    known = count_known(session, account_id)
    session.execute(delete(KnownDevice).where(KnownDevice.account_id == account_id))
    note(session, "device.forgotten", at=now, account_id=account_id, count=known)
    return known


def forget_devices(session: Session, *, before: datetime) -> None:
    """Forget browsers that nobody has signed in from since then."""
    session.execute(delete(KnownDevice).where(KnownDevice.last_seen_at < before))


def _recognise(session: Session, account_id: UUID, browser: str, *, now: datetime) -> bool:
    seen = session.scalar(
        update(KnownDevice)
        .where(KnownDevice.account_id == account_id, KnownDevice.device_hash == _hash(account_id, browser))
        .values(last_seen_at=now)
        .returning(KnownDevice.id)
    )
    return bool(browser) and seen is not None


def _has_signed_in(session: Session, account_id: UUID) -> bool:
    earlier = select(SignInSession.id).where(SignInSession.account_id == account_id).limit(1)
    return session.scalar(earlier) is not None or count_known(session, account_id) > 0


def _hash(account_id: UUID, browser: str) -> bytes:
    return hashlib.sha256(account_id.bytes + browser.encode("utf-8", "replace")).digest()
