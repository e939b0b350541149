"""Time-based one-time codes (RFC 6238): each code is accepted once, the one that confirms the enrolment included.

Six digits, 30 seconds, one step of clock drift either way. Tries are limited per account, also over many networks.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
import segno
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import BigInteger, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.accounts import Account
from auth.database import Base, Owned, UtcDateTime, new_id
from auth.sign_in import attempts
from auth.sign_in.attempts import TooMany
from auth.sign_in.noted import note
from auth.vault import Sealed, Vault

_DRIFT_STEPS = 1
_PICTURE_LASTS = timedelta(minutes=15)
_CODE = re.compile(r"[0-9]{6}")


class TotpFactor(Base, Owned):
    """A shared secret. It counts once ``confirmed_at`` is set; ``last_timecode`` is the newest 30-s step used."""

    __tablename__ = "totp_factors"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    secret: Mapped[bytes | None] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_timecode: Mapped[int] = mapped_column(BigInteger, default=0)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the person needs once: the otpauth URI, the secret in Base32, and the URI as an SVG picture."""

    uri: str
    secret: str
    qr_svg: str


@dataclass(frozen=True, slots=True)
class CodeAccepted:
    """The code was right and is used up."""


@dataclass(frozen=True, slots=True)
class CodeRefused:
    """``reason`` (``no_factor``, ``malformed``, ``wrong``, ``replayed``) is for the log; people read one sentence."""

    reason: str


CodeCheck = CodeAccepted | CodeRefused | TooMany


def enrol(session: Session, vault: Vault, account: Account, *, now: datetime, issuer: str) -> Enrolment:
    """Make a secret that waits for its first code. An earlier unconfirmed one is dropped; a confirmed one stays.

    Whoever calls this for an account that has a factor already must have asked for a fresh code of it first.
    """
    # Two pictures asked for at once wait for each other here, or both secrets would be left and both confirmed.
    session.execute(select(Account.id).where(Account.id == account.id).with_for_update())
    session.execute(delete(TotpFactor).where(TotpFactor.confirmed_at.is_(None), TotpFactor.account_id == account.id))
    factor = TotpFactor(id=new_id(now), account_id=account.id, created_at=now, last_timecode=0)
    secret = pyotp.random_base32()
    vault.seal(session, factor, "secret", secret)
    session.add(factor)
    session.flush()
    note(session, "totp.enrolment_started", at=now, account_id=account.id)
    return _enrolment(secret, label=vault.open(session, account, "email") or "account", issuer=issuer)


def waiting_enrolment(
    session: Session, vault: Vault, account: Account, *, now: datetime, issuer: str
) -> Enrolment | None:
    """The enrolment that still waits for its first code, to show the same picture again after a mistyped code.

    It waits for a quarter of an hour: a picture that was left lying is nobody's way in.
    """
    factor = _waiting(session, account.id, now=now)
    if factor is None:
        return None
    label = vault.open(session, account, "email") or "account"
    return _enrolment(vault.open(session, factor, "secret"), label=label, issuer=issuer)


def confirm_enrolment(session: Session, vault: Vault, account_id: UUID, code: str, *, now: datetime) -> CodeCheck:
    """Accept the first code of a waiting secret, use it up, and let this secret replace any earlier one."""
    answer = _try(session, vault, account_id, code, now=now, confirmed=False)
    if isinstance(answer, CodeAccepted):
        session.execute(
            delete(TotpFactor).where(TotpFactor.account_id == account_id, TotpFactor.confirmed_at.is_not(None))
        )
        session.execute(update(TotpFactor).where(TotpFactor.account_id == account_id).values(confirmed_at=now))
        note(session, "totp.enrolled", at=now, account_id=account_id)
    return answer


def check(session: Session, vault: Vault, account_id: UUID, code: str, *, now: datetime) -> CodeCheck:
    """Accept a code of the confirmed secret, once. Needs a changing transaction, which also counts the try."""
    return _try(session, vault, account_id, code, now=now, confirmed=True)


def has_factor(session: Session, account_id: UUID) -> bool:
    """Whether a confirmed secret is there."""
    return _factor(session, account_id) is not None


def remove(session: Session, account_id: UUID, *, now: datetime) -> None:
    """Take the second factor away; whoever calls this must have asked for a fresh code first."""
    session.execute(delete(TotpFactor).where(TotpFactor.account_id == account_id))
    note(session, "totp.removed", at=now, account_id=account_id)


def current_code(session: Session, vault: Vault, account_id: UUID, *, now: datetime) -> str | None:
    """The code that is valid now. Only the demo's sign-in page may show it: it makes the second factor worthless."""
    factor = _factor(session, account_id)
    return None if factor is None else pyotp.TOTP(vault.open(session, factor, "secret")).at(now)


def _try(session: Session, vault: Vault, account_id: UUID, code: str, *, now: datetime, confirmed: bool) -> CodeCheck:
    refused = limited(session, vault, account_id, now=now)
    if refused is not None:
        return refused
    answer = _compare(session, vault, account_id, code, now=now, confirmed=confirmed)
    match answer:
        case CodeAccepted():
            count_success(session, vault, account_id)
        case CodeRefused(reason):
            kind = "totp.replayed" if reason == "replayed" else "totp.refused"
            note(session, kind, at=now, account_id=account_id, reason=reason)
    return answer


def limited(session: Session, vault: Vault, account_id: UUID, *, now: datetime) -> TooMany | None:
    """Count a try of any one-time code of this account; :class:`TooMany` when it may not go on."""
    for limit in (attempts.CODE, attempts.CODE_DAILY):
        refused = attempts.take(session, vault, limit, subject=str(account_id), now=now)
        if refused is not None:
            if refused.is_first:
                note(session, "code.too_many", at=now, account_id=account_id, limit=limit.purpose)
            return refused
    return None


def count_success(session: Session, vault: Vault, account_id: UUID) -> None:
    """After a right code the short counter starts anew; the daily one keeps what was guessed wrong before."""
    attempts.forget(session, vault, attempts.CODE, subject=str(account_id))
    attempts.give_back(session, vault, attempts.CODE_DAILY, subject=str(account_id))


def _compare(
    session: Session, vault: Vault, account_id: UUID, code: str, *, now: datetime, confirmed: bool
) -> CodeAccepted | CodeRefused:
    factor = _factor(session, account_id) if confirmed else _waiting(session, account_id, now=now)
    if factor is None:
        return CodeRefused("no_factor")
    digits = re.sub(r"[\s-]", "", code)
    if not _CODE.fullmatch(digits):
        return CodeRefused("malformed")
    totp = pyotp.TOTP(vault.open(session, factor, "secret"))
    try:
        timecode = totp.verify_and_get_timecode(digits, for_time=now, valid_window=_DRIFT_STEPS)
    except OTPVerificationError:
        return CodeRefused("wrong")
    return CodeAccepted() if _use_up(session, factor.id, timecode) else CodeRefused("replayed")


def _use_up(session: Session, factor_id: UUID, timecode: int) -> bool:
    # RFC 6238 §5.2: a code must not be accepted twice. Comparing and setting in one statement decides a race, where
    # reading first and writing later would let both requests in.
    used = session.scalar(
        update(TotpFactor)
        .where(TotpFactor.id == factor_id, TotpFactor.last_timecode < timecode)
        .values(last_timecode=timecode)
        .returning(TotpFactor.id)
    )
    return used is not None


def _factor(session: Session, account_id: UUID) -> TotpFactor | None:
    stands = TotpFactor.confirmed_at.is_not(None)
    return session.scalar(select(TotpFactor).where(TotpFactor.account_id == account_id, stands))


def _waiting(session: Session, account_id: UUID, *, now: datetime) -> TotpFactor | None:
    waits = TotpFactor.confirmed_at.is_(None), TotpFactor.created_at > now - _PICTURE_LASTS
    return session.scalar(select(TotpFactor).where(TotpFactor.account_id == account_id, *waits))


def _enrolment(secret: str, *, label: str, issuer: str) -> Enrolment:
    uri = pyotp.TOTP(secret).provisioning_uri(name=label, issuer_name=issuer)
    # svg_inline writes presentation attributes and no style attribute, which the content security policy would block.
    picture = segno.make(uri, error="m").svg_inline(scale=5, svgclass="qr", title="QR code for your app")
    return Enrolment(uri=uri, secret=secret, qr_svg=picture)
