"""How often something may be tried: one table of counters, counted before the try, so that a race gains nothing.

A counter is kept per key and window. The key is an HMAC, so the table names no address, account or network.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Integer, LargeBinary, case, delete, update
from sqlalchemy.dialects.postgresql import insert as insert_on_postgres
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, UtcDateTime
from auth.vault import Vault


class SignInAttempt(Base):
    """The tries under one key since the window opened at ``since``."""

    __tablename__ = "sign_in_attempts"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    tries: Mapped[int] = mapped_column(Integer)


@dataclass(frozen=True, slots=True)
class AttemptLimit:
    """At most ``tries`` in a ``window``; ``purpose`` keeps the counters of different limits apart."""

    purpose: str
    tries: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class TooMany:
    """Nothing was tried. ``retry_after_s`` is in whole seconds; ``is_first`` marks the refusal worth recording."""

    retry_after_s: int
    is_first: bool = False


# A person on another network is never locked out by guesses made from this one.
PASSWORD = AttemptLimit("password", 10, timedelta(minutes=15))
# Whoever tries codes knows the password already, so this counts per account and over every network. The second limit
# keeps a patient guesser under 2.5 % a year (20 tries a day, 3 valid codes out of 1,000,000).
CODE = AttemptLimit("code", 5, timedelta(minutes=15))
CODE_DAILY = AttemptLimit("code-daily", 20, timedelta(days=1))
# Whoever has many passwords tries one code on each account: that shows at the network it comes from.
CODE_NETWORK = AttemptLimit("code-network", 30, timedelta(hours=1))
MAIL = AttemptLimit("mail", 5, timedelta(hours=1))


def take(session: Session, vault: Vault, limit: AttemptLimit, *, subject: str, now: datetime) -> TooMany | None:
    """Count a try under ``subject`` and say whether it may go on: ``None``, or :class:`TooMany`.

    The row stays locked until the transaction ends, so parallel tries queue and each sees the others.
    """
    insert = insert_on_postgres if session.get_bind().dialect.name == "postgresql" else insert_on_sqlite
    expired = SignInAttempt.since <= now - limit.window
    counted = session.execute(
        insert(SignInAttempt)
        .values(key=_key(vault, limit, subject), since=now, tries=1)
        .on_conflict_do_update(
            index_elements=[SignInAttempt.key],
            set_={
                "tries": case((expired, 1), else_=SignInAttempt.tries + 1),
                "since": case((expired, now), else_=SignInAttempt.since),
            },
        )
        .returning(SignInAttempt.tries, SignInAttempt.since),
        execution_options={"populate_existing": True},
    ).one()
    tries, since = counted
    if tries <= limit.tries:
        return None
    left = since + limit.window - now
    return TooMany(retry_after_s=max(1, int(left.total_seconds()) + 1), is_first=tries == limit.tries + 1)


def forget(session: Session, vault: Vault, limit: AttemptLimit, *, subject: str) -> None:
    """Start the counter anew, as after a success."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.key == _key(vault, limit, subject)))


def give_back(session: Session, vault: Vault, limit: AttemptLimit, *, subject: str) -> None:
    """Take one counted try back, as after a success that should not reset what others have tried."""
    session.execute(
        update(SignInAttempt)
        .where(SignInAttempt.key == _key(vault, limit, subject), SignInAttempt.tries > 0)
        .values(tries=SignInAttempt.tries - 1)
    )


def sweep(session: Session, *, now: datetime) -> None:
    """Remove counters older than every window; for a nightly job."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.since <= now - CODE_DAILY.window))


def _key(vault: Vault, limit: AttemptLimit, subject: str) -> bytes:
    return vault.tag(f"attempts:{limit.purpose}", subject)
