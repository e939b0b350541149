"""Money back for delivered orders: never more than was paid, line by line, whoever asks and however often at once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base, Owned, UtcDateTime
from auth.vault import Sealed

CLAIMED, SETTLED, RELEASED = "claimed", "settled", "released"


class Refund(Base, Owned):
    """Money on its way back. ``lines`` is a JSON list of ``[line, minor]``, line 0 being the shipping. A claimed
    refund counts as spent, so that two requests at once can't both have the same money."""

    __tablename__ = "refunds"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    lines: Mapped[str] = mapped_column(Text)
    reason: Mapped[bytes | None] = mapped_column(Sealed)
    state: Mapped[str] = mapped_column(String(16), index=True)
    grant_id: Mapped[UUID | None] = mapped_column(unique=True)
    reference: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
