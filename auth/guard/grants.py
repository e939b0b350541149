"""A grant: the proof that the desk decided, in a type. A function that changes the shop takes one.

Grants are rows too. A grant is spent once, by compare-and-set. One whose command calls the outside world is first
*claimed*, so that a crash leaves a trace that the recovery job can follow with the same key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic
from uuid import UUID

from sqlalchemy import CursorResult, String, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.actor import Actor
from auth.database import Base, Owned, UtcDateTime
from auth.guard.commands import C, Json
from auth.vault import Sealed

MINTED, CLAIMED, SPENT, VOID = "minted", "claimed", "spent", "void"


class GrantRow(Base, Owned):
    """What is kept of a grant. ``request`` is what the outside world is asked for, with no personal data in it.

    ``whose`` is the account the change concerns where that is not the actor's own: a clerk's work is the customer's.
    """

    __tablename__ = "grants"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    command_id: Mapped[UUID] = mapped_column(index=True)
    approval_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(String(64))
    command: Mapped[bytes] = mapped_column(Sealed)
    actor: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), index=True)
    request: Mapped[str | None] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(String(128))
    request_id: Mapped[str | None] = mapped_column(String(80))
    whose: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True, init=False)
class Grant(Generic[C]):
    """Permission for one command, once. Only :mod:`auth.guard._mint` makes one, and only the desk can reach or lend it.

    ``settlement`` is the outside world's reference once it has answered, and ``None`` before.
    """

    id: UUID
    command: C
    actor: Actor
    command_id: UUID
    at: datetime
    settlement: str | None
    request: Mapping[str, Json] | None

    def __init__(self) -> None:
        raise TypeError("a grant cannot be made here: submit the command to the desk")

    @property
    def account_id(self) -> UUID:
        """Whose account the change concerns."""
        if self.actor.account_id is None:
            raise ValueError("this grant belongs to a visitor without an account")
        return self.actor.account_id


def change_state(session: Session, grant_id: UUID, *, before: str, after: str, reference: str | None = None) -> bool:
    """Compare-and-set; ``False`` means that somebody else was first."""
    result = session.execute(
        update(GrantRow)
        .where(GrantRow.id == grant_id, GrantRow.state == before)
        .values(state=after, reference=reference)
        .execution_options(synchronize_session=False)
    )
    return isinstance(result, CursorResult) and result.rowcount == 1


def claimed_before(session: Session, instant: datetime) -> Sequence[GrantRow]:
    """Claims that nobody has settled since before the instant, oldest first; for the recovery job."""
    return session.scalars(
        select(GrantRow).where(GrantRow.state == CLAIMED, GrantRow.created_at < instant).order_by(GrantRow.created_at)
    ).all()
