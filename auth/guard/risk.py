"""How risky an account looks just now: what the log holds of its last hour, and what that comes to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.actor import Risk
from auth.audit import AuditEntry

_LOOK_BACK = timedelta(hours=1)
# The newest entries of an account are found by an index; what lies further back is not worth a longer look.
_NEWEST = 300
_REFUSED = frozenset({"command.refused"})
# Only whoever has the password, or a session, comes to try a code; so no stranger can make an account look risky.
_WRONG_CODES = frozenset({"totp.refused", "totp.replayed", "recovery_code.refused"})


@dataclass(frozen=True, slots=True)
class Signals:
    """Counts of an account's last hour. Refusals that repeat themselves within a minute count once."""

    refused_commands: int = 0
    failed_second_factors: int = 0


def assess(signals: Signals) -> Risk:
    """The level is the worst that any signal gives. The policy reads it (``context.risk``)."""
    if signals.failed_second_factors >= 5 or signals.refused_commands >= 20:
        return Risk.HIGH
    if signals.failed_second_factors >= 3 or signals.refused_commands >= 8:
        return Risk.ELEVATED
    return Risk.LOW


def signals_of(session: Session, account_id: UUID, *, now: datetime) -> Signals:
    """Count what the log holds of the account's last hour, among its newest 300 entries."""
    newest = (
        select(AuditEntry.kind, AuditEntry.at)
        .where(AuditEntry.account_id == account_id)
        .order_by(AuditEntry.seq.desc())
        .limit(_NEWEST)
        .subquery()
    )
    lately = newest.c.kind.in_(_REFUSED | _WRONG_CODES) & (newest.c.at > now - _LOOK_BACK)
    query = select(newest.c.kind, func.count()).select_from(newest).where(lately).group_by(newest.c.kind)
    counts = {kind: count for kind, count in session.execute(query)}
    return Signals(
        refused_commands=sum(counts.get(kind, 0) for kind in _REFUSED),
        failed_second_factors=sum(counts.get(kind, 0) for kind in _WRONG_CODES),
    )
