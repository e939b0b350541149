"""What happens here is told to the audit log in one form: a kind, whose account, through which door, and no names."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from auth.actor import Channel
from auth.audit import Event, record

Said = str | int | bool | None


def note(
    session: Session, kind: str, *, at: datetime, account_id: UUID | None, channel: Channel = Channel.API, **body: Said
) -> None:
    """Queue an event; it is appended with the commit of the running transaction, or not at all."""
    record(session, Event(kind, at, account_id, None, channel.value, body))
