"""A log on a real SQLite file, a witness beside it, and a clock that stands still until it is pushed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.orm import Session

from auth.audit import AuditEntry, AuditHead, AuditLog, CheckpointSigner, Event, Report, Witness, verify
from auth.database import Base, Database, Scope

HOUSE = Scope.house("audit test")


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def push(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class House:
    """The room under test with everything that it needs, joined as ``frontend/app.py`` joins it."""

    database: Database
    witness: Witness
    signer: CheckpointSigner
    log: AuditLog
    folder: Path
    clock: Clock = field(default_factory=Clock)

    def event(self, number: int = 0, command: int | None = None, account: int | None = 1) -> Event:
        return Event(
            kind="command.decided",
            at=self.clock.now + timedelta(microseconds=number),
            account_id=None if account is None else UUID(int=account),
            command_id=None if command is None else UUID(int=command),
            channel="chat",
            body={"order": f"HP-{number}", "amount_minor": 1990, "policies": ["refund.own"], "allowed": True},
        )

    def append(self, *events: Event) -> list[AuditEntry]:
        with self.database.begin(HOUSE) as session:
            return self.log.append(session, events)

    def fill(self, count: int) -> None:
        size = self.size()
        self.append(*(self.event(number, command=number % 7) for number in range(size, size + count)))

    def size(self) -> int:
        with self.database.read(HOUSE) as session:
            return self.log.head(session).size

    def entries(self) -> list[AuditEntry]:
        with self.database.read(HOUSE) as session:
            read = self.log.entries(session, limit=1000)
            session.expunge_all()
        return read

    def checkpoint(self) -> None:
        self.log.checkpoint(lambda: self.database.read(HOUSE), force=True)

    def verify(self) -> Report:
        notes = self.witness.notes()
        with self.database.read(HOUSE) as session:
            return verify(session, notes, self.signer.verifier)

    def sql(self, *statements: str) -> None:
        """What somebody with the database in their hands would do."""
        with self.database.begin(HOUSE) as session:
            for statement in statements:
                session.execute(text(statement))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def signer() -> CheckpointSigner:
    return CheckpointSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), "shop.example/audit")


@pytest.fixture
def house(tmp_path: Path, signer: CheckpointSigner, clock: Clock) -> Iterator[House]:
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}")
    Base.metadata.create_all(database.engine, tables=[AuditEntry.__table__, AuditHead.__table__])
    folder = tmp_path / "witness"
    witness = Witness(folder, signer, clock)
    yield House(database, witness, signer, AuditLog(witness=witness), folder, clock)
    database.close()


def tail_of(session: Session) -> int:
    return session.execute(text("SELECT count(*) FROM audit_entries")).scalar_one()
