"""The entrance of the house: what every ceremony of signing in, registering and resetting needs, handed over once.

The ceremonies open their own transactions, because Argon2 works outside them: a hash under SQLite's write lock would
let anybody who posts wrong passwords hold up every order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from auth.database import Database
from auth.sign_in.authenticators import RelyingParty
from auth.sign_in.passwords import PasswordHasher
from auth.sign_in.sessions import SessionLife
from auth.vault import Vault

Clock: TypeAlias = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Entrance:
    """``origin`` is the shop's own address (``https://shop.example``), never taken from a request's Host header.

    The paths are where the mailed links lead; ``fresh`` is how long a second factor counts for security settings.
    """

    database: Database
    vault: Vault
    hasher: PasswordHasher
    clock: Clock
    origin: str
    shop_name: str
    life: SessionLife = field(default_factory=SessionLife)
    confirm_path: str = "/register/confirm/{token}"
    reset_path: str = "/reset/{token}"
    decision_path: str = "/link/{token}"
    fresh: timedelta = timedelta(minutes=5)

    @property
    def party(self) -> RelyingParty | None:
        """The shop as authenticators know it; ``None`` where its origin is an IP address, which has no passkeys."""
        return RelyingParty.at(self.origin, name=self.shop_name)

    def confirm_link(self, token: str) -> str:
        return self.origin + self.confirm_path.format(token=token)

    def decision_link(self, token: str) -> str:
        return self.origin + self.decision_path.format(token=token)

    def reset_link(self, token: str) -> str:
        return self.origin + self.reset_path.format(token=token)
