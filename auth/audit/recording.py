"""Events wait in their session and are appended together as the last thing before its commit."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from auth.audit.entry import Event
from auth.audit.log import AuditLog

_WAITING = "audit_events"


def record(session: Session, event: Event) -> None:
    """Have the event written with this session's commit, or not at all."""
    session.info.setdefault(_WAITING, []).append(event)


def recorded(session: Session) -> int:
    """How many events wait; a mark to return to."""
    return len(session.info.get(_WAITING, ()))


def forget_since(session: Session, mark: int) -> None:
    """Take back the events recorded since the mark, as the savepoint they told about was taken back."""
    del session.info.get(_WAITING, [])[mark:]


def append_recorded(log: AuditLog) -> Callable[[Session], None]:
    """The hook for :class:`auth.database.Database`: append what this session has recorded, in its order."""

    def close(session: Session) -> None:
        log.append(session, session.info.pop(_WAITING, []))

    return close
