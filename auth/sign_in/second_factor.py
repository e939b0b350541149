"""One question for every page that asks for a code: is this a valid TOTP or recovery code of this account, now?"""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from auth.sign_in import recovery, totp
from auth.sign_in.attempts import TooMany
from auth.sign_in.totp import CodeAccepted, CodeRefused
from auth.vault import Vault

_SIX_DIGITS = re.compile(r"[\s-]*([0-9][\s-]*){6}")


@dataclass(frozen=True, slots=True)
class Proved:
    """A code was right and is used up. ``method`` is ``otp`` (RFC 8176) or ``recovery``."""

    method: str


def prove(
    session: Session, vault: Vault, account_id: UUID, code: str, *, now: datetime
) -> Proved | CodeRefused | TooMany:
    """Try the code, by its form: six digits are a TOTP code, anything else a recovery code.

    Needs a changing transaction that is committed whatever the answer, because the try has been counted in it.
    """
    is_totp = _SIX_DIGITS.fullmatch(code) is not None
    attempt = totp.check if is_totp else recovery.use_code
    match attempt(session, vault, account_id, code, now=now):
        case CodeAccepted():
            return Proved("otp" if is_totp else "recovery")
        case answer:
            return answer
