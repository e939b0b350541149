"""One question for every page that asks for a code: is this a valid TOTP or recovery code of this account, now?"""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from auth.sign_in import attempts, recovery, totp
from auth.sign_in.attempts import TooMany
from auth.sign_in.lost_factor import end_open_resets
from auth.sign_in.noted import note
from auth.sign_in.totp import CodeAccepted, CodeRefused
from auth.vault import Vault

_SIX_DIGITS = re.compile(r"[\s-]*([0-9][\s-]*){6}")


@dataclass(frozen=True, slots=True)
class Proved:
    """A code was right and is used up. ``method`` is ``otp`` (RFC 8176) or ``recovery``."""

    method: str


def prove(
    session: Session, vault: Vault, account_id: UUID, code: str, *, now: datetime, network: str = ""
) -> Proved | CodeRefused | TooMany:
    """Try the code, by its form: six digits are a TOTP code, anything else a recovery code.

    Tries count per account over every network, and per ``network`` over every account; a terminal has none.

    Needs a changing transaction that is committed whatever the answer, because the try has been counted in it.
    """
    is_totp = _SIX_DIGITS.fullmatch(code) is not None
    attempt = totp.check if is_totp else recovery.use_code
    if network:
        refused = _limited_by_network(session, vault, account_id, network, now=now)
        if refused is not None:
            return refused
    match attempt(session, vault, account_id, code, now=now):
        case CodeAccepted():
            if network:
                attempts.give_back(session, vault, attempts.CODE_NETWORK, subject=network)
            # What was said to be lost is not.
            end_open_resets(session, account_id, now=now, why="factor")
            return Proved("otp" if is_totp else "recovery")
        case answer:
            return answer


def _limited_by_network(
    session: Session, vault: Vault, account_id: UUID, network: str, *, now: datetime
) -> TooMany | None:
    refused = attempts.take(session, vault, attempts.CODE_NETWORK, subject=network, now=now)
    if refused is not None and refused.is_first:
        note(session, "code.too_many", at=now, account_id=account_id, limit=attempts.CODE_NETWORK.purpose)
    return refused
