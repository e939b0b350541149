"""Refusals of the same kind are written to the log once for each key and minute, with a count.

An attacker who is refused a thousand times a minute must leave a trace, and must not be able to fill the log.
"""

import hashlib
from datetime import datetime

from sqlalchemy import LargeBinary, delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, UtcDateTime


class RefusalCount(Base):
    """How often one kind of refusal happened in the minute that began at ``minute``."""

    __tablename__ = "refusal_counts"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    minute: Mapped[datetime] = mapped_column(UtcDateTime)
    count: Mapped[int]


def count_refusal(session: Session, key: str, now: datetime) -> int | None:
    """Count one refusal. ``None``: already written down this minute. Otherwise how many went unwritten before."""
    hashed = hashlib.sha256(key.encode()).digest()
    minute = now.replace(second=0, microsecond=0)
    kept = session.get(RefusalCount, hashed, with_for_update=True)
    if kept is None:
        return 0 if _is_first(session, RefusalCount(key=hashed, minute=minute, count=1)) else None
    if kept.minute == minute:
        kept.count += 1
        return None
    unwritten = kept.count - 1
    kept.minute, kept.count = minute, 1
    return unwritten


def _is_first(session: Session, row: RefusalCount) -> bool:
    """Keep a first count; on PostgreSQL a request beside this one may have done so in the same moment."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def forget_counts(session: Session, *, before: datetime) -> None:
    """Forget counts whose minute is long over. How many of its refusals went unwritten is forgotten with it."""
    session.execute(delete(RefusalCount).where(RefusalCount.minute < before))
