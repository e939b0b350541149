"""Signing in as the rest of the house may see it: how an account is protected, where it is signed in, and ending that.

The shop cannot import this floor's ceremonies; it is handed this one object when the house is put together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.accounts import find_account
from auth.keeping import Ending, Keeps
from auth.sign_in import recovery, sessions
from auth.sign_in.address_changes import MailChange
from auth.sign_in.devices import KnownDevice
from auth.sign_in.held import has_factor
from auth.sign_in.lost_factor import FactorReset
from auth.sign_in.one_time import OneTimeToken
from auth.sign_in.outside.identities import OutsideIdentity
from auth.sign_in.passkeys import Passkey
from auth.sign_in.recovery import RecoveryCode
from auth.sign_in.sessions import SessionLife, SessionLine, SignInSession
from auth.sign_in.totp import TotpFactor
from auth.vault import Vault

KEEPS = (
    Keeps(TotpFactor, "authenticators", Ending.DELETE, hidden=frozenset({"secret"})),
    Keeps(Passkey, "passkeys", Ending.DELETE, hidden=frozenset({"credential", "public_key"})),
    Keeps(RecoveryCode, "recovery codes", Ending.DELETE),
    Keeps(KnownDevice, "known devices", Ending.DELETE),
    Keeps(MailChange, "changes of address", Ending.DELETE),
    Keeps(FactorReset, "", Ending.DELETE),
    Keeps(OneTimeToken, "", Ending.DELETE, hidden=frozenset({"password_hash"})),
    Keeps(SignInSession, "sign-ins", Ending.DELETE),
    Keeps(OutsideIdentity, "identities elsewhere that sign you in", Ending.DELETE),
)


@dataclass(frozen=True, slots=True)
class Protection:
    """How an account is protected. ``password_changed`` is ``None`` where that was never written down."""

    two_factor: bool
    recovery_codes_left: int
    sessions: int
    password_changed: datetime | None


@dataclass(frozen=True, slots=True)
class SignInOverview:
    """Looks into the sign-in of one account, within the session's scope, and ends its sessions."""

    vault: Vault
    life: SessionLife = field(default_factory=SessionLife)
    keeps: tuple[Keeps, ...] = KEEPS

    def protection(self, session: Session, account_id: UUID, *, now: datetime) -> Protection:
        """The state of the account's protection. LookupError when the account is not there."""
        account = find_account(session, account_id)
        if account is None:
            raise LookupError("an account that asks is there")
        living = self.sessions(session, account_id, now=now, current=None)
        return Protection(
            has_factor(session, account_id),
            recovery.codes_left(session, account_id),
            len(living),
            account.password_set_at,
        )

    def sessions(
        self, session: Session, account_id: UUID, *, now: datetime, current: UUID | None
    ) -> Sequence[SessionLine]:
        """The account's living sessions, the one visited last first."""
        account = find_account(session, account_id)
        if account is None:
            return ()
        return sessions.list_sessions(session, self.vault, account, life=self.life, now=now, current=current)

    def end_sessions(self, session: Session, account_id: UUID, *, now: datetime, keep: UUID | None) -> int:
        """End every session but ``keep``; returns how many were ended."""
        return sessions.revoke_all(session, account_id, now=now, keep=keep)

    def password_age_s(
        self, session: Session, account_id: UUID, session_id: UUID | None, *, now: datetime
    ) -> int | None:
        """How many seconds ago the password was typed in this very session; ``None`` for never."""
        if session_id is None:
            return None
        mine = select(SignInSession).where(SignInSession.id == session_id, SignInSession.account_id == account_id)
        row = session.scalar(mine.where(SignInSession.revoked_at.is_(None)))
        typed = None if row is None else row.password_at
        return None if typed is None or typed > now else int((now - typed).total_seconds())
