"""Ten recovery codes for the day the phone is gone: each works once, and the table holds only their hashes."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, Owned, UtcDateTime, new_id
from auth.sign_in.noted import note
from auth.sign_in.totp import CodeAccepted, CodeCheck, CodeRefused, count_success, limited
from auth.vault import Vault

HOW_MANY = 10
# Crockford's Base32 leaves out I, L, O and U, which people misread; 16 characters carry 80 bits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS = 16
_MISREAD = str.maketrans("ILO", "110", " -\t\n\r")


class RecoveryCode(Base, Owned):
    """One code, hashed; ``used_at`` is set when it was spent."""

    __tablename__ = "recovery_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def make_codes(session: Session, account_id: UUID, *, now: datetime) -> tuple[str, ...]:
    """Ten new codes as ``XXXX-XXXX-XXXX-XXXX``, to be shown once; all earlier ones stop working."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = tuple("".join(secrets.choice(_ALPHABET) for _ in range(_CHARACTERS)) for _ in range(HOW_MANY))
    for code in codes:
        session.add(
            RecoveryCode(id=new_id(now), account_id=account_id, code_hash=_hash(account_id, code), created_at=now)
        )
    session.flush()
    note(session, "recovery_codes.made", at=now, account_id=account_id, count=HOW_MANY)
    return tuple("-".join(code[at : at + 4] for at in range(0, _CHARACTERS, 4)) for code in codes)


def use_code(session: Session, vault: Vault, account_id: UUID, code: str, *, now: datetime) -> CodeCheck:
    """Spend a code. Tries count together with those of TOTP codes."""
    refused = limited(session, vault, account_id, now=now)
    if refused is not None:
        return refused
    # One statement compares and spends, so that of two requests with the same code one finds it gone.
    spent = session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.code_hash == _hash(account_id, code.upper().translate(_MISREAD)),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    if spent is None:
        note(session, "recovery_code.refused", at=now, account_id=account_id)
        return CodeRefused("wrong")
    count_success(session, vault, account_id)
    note(session, "recovery_code.used", at=now, account_id=account_id, left=codes_left(session, account_id))
    return CodeAccepted()


def codes_left(session: Session, account_id: UUID) -> int:
    """How many codes still work."""
    unused = select(func.count(RecoveryCode.id)).where(
        RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
    )
    return session.scalar(unused) or 0


def remove_codes(session: Session, account_id: UUID) -> None:
    """Make every code worthless, as when the second factor is turned off."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))


def _hash(account_id: UUID, code: str) -> bytes:
    # SHA-256 without salt or stretching is enough here: a code has 80 random bits, which nobody can try through,
    # whereas a password is chosen by a person and needs Argon2.
    return hashlib.sha256(account_id.bytes + code.encode("utf-8", "replace")).digest()
