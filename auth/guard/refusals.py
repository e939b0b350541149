"""Refusals of the same kind are written to the log once for each key and minute, with a count.

An attacker who is refused a thousand times a minute must leave a trace, and must not be able to fill the log.
"""

import hashlib
from datetime import datetime

from sqlalchemy import LargeBinary
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
    kept = session.get(RefusalCount, hashed)
    if kept is None:
        session.add(RefusalCount(key=hashed, minute=minute, count=1))
        return 0
    if kept.minute == minute:
        kept.count += 1
        return None
    unwritten = kept.count - 1
    kept.minute, kept.count = minute, 1
    return unwritten
