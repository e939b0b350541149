"""A house of its own for each test: a SQLite file, a real vault and audit log, a stopped clock, cheap hashes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from auth.accounts import open_account
from auth.actor import Actor, Channel, Role
from auth.audit import AuditEntry, AuditLog, append_recorded
from auth.database import Base, Database, Scope
from auth.mail import WaitingMail, waiting_mail
from auth.sign_in import sessions, totp
from auth.sign_in.entrance import Entrance
from auth.sign_in.passwords import Argon2Cost, Match, NoMatch, PasswordHasher
from auth.sign_in.visit import Visit
from auth.vault import LocalKeyFile, Vault

PASSWORD = "otter lantern quay 41"


@dataclass
class StoppedClock:
    now: datetime = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **step: float) -> None:
        self.now += timedelta(**step)


@dataclass
class CountingHasher(PasswordHasher):
    """The real hasher; it also counts the hashes, which are nearly all of the time an answer takes."""

    count: int = 0

    def __post_init__(self) -> None:
        super().__init__(Argon2Cost(memory_kib=64, iterations=1, lanes=1))

    def hash(self, password: str) -> str:
        self.count += 1
        return super().hash(password)

    def verify(self, encoded: str | None, password: str) -> Match | NoMatch:
        self.count += 1
        return super().verify(encoded, password)


@dataclass
class House:
    database: Database
    vault: Vault
    clock: StoppedClock
    hasher: CountingHasher
    entrance: Entrance
    visit: Visit = field(default_factory=lambda: Visit("203.0.113.7", "Firefox on Linux", browser="b" * 43))

    def person(self, email: str = "ida@example.com", *, role: Role = Role.CUSTOMER, password: str = PASSWORD):
        """An account with a confirmed address; returns its id."""
        with self.database.begin(Scope.house("test")) as session:
            account = open_account(session, self.vault, role=role, now=self.clock(), name="Ida Quist", email=email)
            account.password_hash = self.hasher.hash(password)
            account.email_verified_at = self.clock()
            return account.id

    def with_totp(self, account_id) -> None:
        """A confirmed second factor; afterwards the clock stands at a code that is unused."""
        with self.database.begin(Scope.own(account_id)) as session:
            from auth.accounts import find_account

            totp.enrol(session, self.vault, find_account(session, account_id), now=self.clock(), issuer="Test")
        with self.database.begin(Scope.own(account_id)) as session:
            answer = totp.confirm_enrolment(
                session, self.vault, account_id, self.waiting_code(account_id), now=self.clock()
            )
            assert isinstance(answer, totp.CodeAccepted)
        self.clock.advance(minutes=2)

    def waiting_code(self, account_id) -> str:
        import pyotp

        with self.database.read(Scope.own(account_id)) as session:
            factor = session.scalars(select(totp.TotpFactor).where(totp.TotpFactor.confirmed_at.is_(None))).one()
            return pyotp.TOTP(self.vault.open(session, factor, "secret")).at(self.clock())

    def code(self, account_id) -> str:
        with self.database.read(Scope.own(account_id)) as session:
            return totp.current_code(session, self.vault, account_id, now=self.clock())

    def mails(self) -> list[WaitingMail]:
        with self.database.read(Scope.house("test")) as session:
            return list(waiting_mail(session, self.vault))

    def link_token(self, at: int = 0) -> str:
        """The token of the newest mail (or an older one)."""
        text = sorted(self.mails(), key=lambda waiting: waiting.mail_id, reverse=True)[at].mail.text
        return next(line for line in text.splitlines() if line.startswith("https://")).rsplit("/", 1)[1]

    def kinds(self) -> list[str]:
        with self.database.read(Scope.house("test")) as session:
            return list(session.scalars(select(AuditEntry.kind).order_by(AuditEntry.seq)))

    def found(self, token: str) -> sessions.Found | None:
        with self.database.begin(Scope.own(None)) as session:
            return sessions.find(session, token, life=self.entrance.life, now=self.clock())

    def actor(self, token: str) -> Actor:
        found = self.found(token)
        assert found is not None
        return sessions.actor_of(found.row, found.account, channel=Channel.PAGE)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = StoppedClock()
    database = Database(f"sqlite:///{tmp_path}/shop.db", closing=append_recorded(AuditLog(witness=None)))
    Base.metadata.create_all(database.engine)
    vault = Vault(LocalKeyFile(tmp_path / "keys.json"), clock=clock)
    hasher = CountingHasher()
    entrance = Entrance(database, vault, hasher, clock, origin="https://shop.example", shop_name="Harbor & Pine")
    yield House(database, vault, clock, hasher, entrance)
    database.close()
