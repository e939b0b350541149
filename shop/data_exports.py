"""That somebody may fetch the file with everything about them: for ten minutes, after they have proved who they are."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, Owned, UtcDateTime

FETCHED_WITHIN = timedelta(minutes=10)


class DataExport(Base, Owned):
    """A leave to fetch one's own data. The file itself is never stored: it is made when it is fetched."""

    __tablename__ = "data_exports"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)


def open_export(session: Session, account_id: UUID | None, now: datetime) -> DataExport | None:
    """The account's newest leave that still holds."""
    if account_id is None:
        return None
    mine = select(DataExport).where(DataExport.account_id == account_id, DataExport.ends_at > now)
    return session.scalar(mine.order_by(DataExport.ends_at.desc()).limit(1))
