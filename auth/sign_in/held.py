"""What a person can show beside the password: an authenticator app, passkeys, or nothing yet."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from auth.sign_in import passkeys, totp


@dataclass(frozen=True, slots=True)
class Held:
    """The second factors of an account. Recovery codes stand in for them and are none themselves."""

    totp: bool = False
    passkeys: int = 0

    @property
    def any(self) -> bool:
        return self.totp or self.passkeys > 0


def factors_held(session: Session, account_id: UUID) -> Held:
    """The account's second factors, as they are now."""
    return Held(totp.has_factor(session, account_id), passkeys.count_passkeys(session, account_id))


def has_factor(session: Session, account_id: UUID) -> bool:
    """Whether there is any second factor."""
    return factors_held(session, account_id).any
