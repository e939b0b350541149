"""Every step of signing in is told to the audit log in one form: a kind, an account, and a body without names."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from auth.actor import Channel
from auth.audit import Event, record


def note(
    session: Session, kind: str, *, at: datetime, account_id: UUID | None, **body: str | int | bool | None
) -> None:
    """Queue an event of this floor; it is appended with the commit of the running transaction, or not at all."""
    record(
        session,
        Event(kind=kind, at=at, account_id=account_id, command_id=None, channel=Channel.PAGE.value, body=body),
    )
