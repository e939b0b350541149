"""How fast the audit log is: ``python tests/bench/bench_audit.py``. Each promise of the issue is one figure."""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Table

from auth.audit import AuditEntry, AuditHead, AuditLog, CheckpointSigner, Event, Witness, read_notes, verify
from auth.audit.tree import leaf_hash, root
from auth.database import Base, Database, Scope

SCOPE = Scope.house("audit bench")
ENTRIES = 100_000
SINGLE = 2_000


def run() -> list[tuple[str, float, str]]:
    """(what was measured, figure, unit) for each measurement; prints them too."""
    with tempfile.TemporaryDirectory() as folder:
        figures = [("tree append", _tree(), "µs"), *_log(Path(folder))]
    for what, figure, unit in figures:
        print(f"{what:<48}{figure:>12,.2f} {unit}")
    return figures


def _tree() -> float:
    leaves = [leaf_hash(str(number).encode()) for number in range(ENTRIES)]
    return _seconds(lambda: root(leaves)) / ENTRIES * 1e6


def _log(folder: Path) -> list[tuple[str, float, str]]:
    signer = CheckpointSigner(Ed25519PrivateKey.generate(), "bench.example/audit")
    log = AuditLog(witness=Witness(folder / "witness", signer, lambda: datetime.now(UTC)))
    database = Database(f"sqlite:///{folder / 'bench.db'}", committed=lambda: _witnessed(database, log))
    Base.metadata.create_all(database.engine, tables=[cast(Table, m.__table__) for m in (AuditEntry, AuditHead)])
    single = _seconds(lambda: _in_batches(database, log, range(0, SINGLE), 1))
    batched = _seconds(lambda: _in_batches(database, log, range(SINGLE, ENTRIES), 100))
    log.checkpoint(lambda: database.read(SCOPE), force=True)
    notes = read_notes(folder / "witness")
    verified = _seconds(lambda: _verify(database, notes, signer))
    database.close()
    return [
        ("appends, a transaction each, with checkpoints", SINGLE / single, "a second"),
        ("appends, 100 a transaction, with checkpoints", (ENTRIES - SINGLE) / batched, "a second"),
        (f"verifying {ENTRIES:,} entries, {len(notes)} checkpoints", verified, "s"),
    ]


def _in_batches(database: Database, log: AuditLog, numbers: range, size: int) -> None:
    for start in range(0, len(numbers), size):
        _append(database, log, [_event(number) for number in numbers[start : start + size]])


def _append(database: Database, log: AuditLog, events: list[Event]) -> None:
    with database.begin(SCOPE) as session:
        log.append(session, events)


def _witnessed(database: Database, log: AuditLog) -> None:
    log.checkpoint(lambda: database.read(SCOPE))


def _verify(database: Database, notes: list[str], signer: CheckpointSigner) -> None:
    with database.read(SCOPE) as session:
        report = verify(session, notes, signer.verifier)
    if not report.ok or report.entries != ENTRIES:
        raise AssertionError(report)


def _event(number: int) -> Event:
    return Event(
        kind="command.decided",
        at=datetime.now(UTC),
        account_id=UUID(int=number % 25),
        command_id=UUID(int=number // 4),
        channel="chat",
        body={
            "command": "RefundOrder",
            "order": f"HP-{number}",
            "amount_minor": 1990,
            "policies": ["refund.own-delivered-in-window"],
            "policy_version": "sha256:4e3bbb1f7b478dcf",
            "attributes": {"status": "delivered", "days_since_delivery": 4, "channel": "chat", "confirmed": True},
        },
    )


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    run()
