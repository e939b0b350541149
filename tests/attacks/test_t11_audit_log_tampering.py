"""T11: the audit log and what vouches for it lie in one database, so whoever can write there can rewrite history."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy import delete, text
from sqlalchemy.exc import ProgrammingError

from auth.audit import AuditEntry, AuditHead, AuditLog, Event, Report, read_notes, record, verify
from auth.database import Database, Scope
from auth.vault import LocalKeyFile
from frontend.app import checkpoint_verifier
from shop.commands import CancelOrder, RefundOrder
from tests.attacks.wiles import ADAS_MUG, ADAS_PAID, parked
from tests.building import Building
from tests.conftest import ON_POSTGRES

needs_the_file = pytest.mark.skipif(
    ON_POSTGRES,
    reason="Not run: this writes into SQLite's file past the app. On PostgreSQL its role may not, as is tested here.",
)


@pytest.fixture
def logged(building: Building) -> Building:
    """A house whose log has some entries, all of them under a checkpoint."""
    ada = building.person("ada")
    card = parked(building, ada, RefundOrder(ADAS_MUG, "broken"))
    building.desk.approve(ada.at_page(building.clock), card.approval_id)
    _sign(building)
    parked(building, ada, CancelOrder(ADAS_PAID), request_id="c")
    _sign(building)
    assert _verify(building).ok and _verify(building).witnessed == _verify(building).entries > 6
    return building


TAMPERING = {
    "edited": "UPDATE audit_entries SET body = replace(body, '2480', '1') WHERE body LIKE '%2480%'",
    "backdated": "UPDATE audit_entries SET at = '2020-01-01 00:00:00' WHERE seq = 1",
    "given to another account": "UPDATE audit_entries SET account_id = NULL WHERE seq = 2",
    "removed from the middle": "DELETE FROM audit_entries WHERE seq = 2",
    "removed from the beginning": "DELETE FROM audit_entries WHERE seq = 0",
    "cut off at the end": "DELETE FROM audit_entries WHERE seq >= 3",
    "reordered": "UPDATE audit_entries SET seq = CASE seq WHEN 1 THEN -2 WHEN 2 THEN 1 END WHERE seq IN (1, 2);"
    "UPDATE audit_entries SET seq = 2 WHERE seq = -2",
    "inserted": "INSERT INTO audit_entries "
    "SELECT seq + 1000, at, kind, account_id, command_id, channel, body, leaf_hash FROM audit_entries WHERE seq = 1",
    "without its head": "DELETE FROM audit_head",
    "with a head set back": "UPDATE audit_head SET size = 1, "
    "frontier = (SELECT leaf_hash FROM audit_entries WHERE seq = 0)",
}


@needs_the_file
@pytest.mark.parametrize("how", TAMPERING)
def test_a_log_that_was_touched_does_not_verify(logged: Building, how: str) -> None:
    with closing(sqlite3.connect(_file(logged))) as connection:
        connection.executescript(TAMPERING[how])
    assert not _verify(logged).ok


@needs_the_file
def test_a_truncated_log_with_a_truncated_head_contradicts_the_checkpoints(logged: Building) -> None:
    _rewrite(logged, lambda told: told[:3])
    assert [problem.kind for problem in _verify(logged).problems] == ["truncated"]


@needs_the_file
def test_a_history_written_anew_with_every_hash_right_contradicts_the_checkpoints(logged: Building) -> None:
    def without_the_refund(told: list[Event]) -> list[Event]:
        return [Event("nothing.happened", e.at, e.account_id, None, e.channel, {}) for e in told]

    _rewrite(logged, without_the_refund)
    assert {problem.kind for problem in _verify(logged).problems} == {"forked"}
    assert (
        logged.house.audit.checkpoint(lambda: logged.house.database.read(Scope.house("test")), force=True) == "conflict"
    )


@needs_the_file
def test_a_restored_copy_that_goes_on_otherwise_is_a_fork(logged: Building) -> None:
    copy = logged.folder / "copy.db"
    _copy(_file(logged), str(copy))
    for n in range(3):
        _note(logged, f"first.branch.{n}")
    _sign(logged)
    logged.house.database.close()
    _copy(str(copy), _file(logged))
    for n in range(5):
        _note(logged, f"second.branch.{n}")
    assert "forked" in [problem.kind for problem in _verify(logged).problems]


def test_a_checkpoint_signed_by_somebody_else_counts_for_nothing(logged: Building) -> None:
    file = next(logged.settings.checkpoints.iterdir())
    forged = read_notes(logged.settings.checkpoints)[-1].replace("\n— ", "\n— x", 1)
    file.write_text(file.read_text("utf-8") + forged + "\n", "utf-8")
    assert [problem.kind for problem in _verify(logged).problems] == ["bad_signature"]


def test_the_checkpoints_lie_outside_the_database_and_their_key_too(logged: Building) -> None:
    assert read_notes(logged.settings.checkpoints)
    private = LocalKeyFile(logged.settings.keys).derive("audit checkpoint signing")
    with logged.house.database.read(Scope.house("test")) as session:
        for table in ("audit_entries", "audit_head", "data_keys"):
            rows = session.connection().execute(text(f"SELECT * FROM {table}")).all()  # noqa: S608
            assert private.hex() not in repr(rows) and repr(private)[2:-1] not in repr(rows)


@pytest.mark.skipif(not ON_POSTGRES, reason="Not run on SQLite, which has no roles: whoever has the file may write it.")
@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET kind = 'x'", "DELETE FROM audit_entries"])
def test_the_apps_own_role_can_neither_change_nor_remove_an_entry(logged: Building, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), logged.house.database.engine.begin() as connection:
        connection.execute(text(statement))


def _rewrite(building: Building, change: Callable[[list[Event]], list[Event]]) -> None:
    """The attacker's best try: a new log in which every hash, link and the head are as they should be."""
    plain = Database(building.settings.database)
    with plain.begin(Scope.house("an attacker with the database")) as session:
        kept = session.query(AuditEntry).order_by(AuditEntry.seq).all()
        told = [Event(e.kind, e.at, e.account_id, e.command_id, e.channel, _body(e)) for e in kept]
        session.expunge_all()
        session.execute(delete(AuditEntry))
        session.execute(delete(AuditHead))
        AuditLog(witness=None).append(session, change(told))
    plain.close()


def _copy(source: str, target: str) -> None:
    with closing(sqlite3.connect(source)) as full, closing(sqlite3.connect(target)) as empty:
        full.backup(empty)


def _body(entry: AuditEntry) -> dict[str, object]:
    return {key: value for key, value in json.loads(entry.body).items() if key != "prev"}


def _note(building: Building, kind: str) -> None:
    with building.house.database.begin(Scope.house("test")) as session:
        record(session, Event(kind, building.clock(), None, None, "house", {}))


def _sign(building: Building) -> None:
    building.house.audit.checkpoint(lambda: building.house.database.read(Scope.house("test")), force=True)


def _verify(building: Building) -> Report:
    notes = read_notes(building.settings.checkpoints)
    verifier = checkpoint_verifier(LocalKeyFile(building.settings.keys))
    with building.house.database.read(Scope.house("audit verify")) as session:
        return verify(session, notes, verifier)


def _file(building: Building) -> str:
    return str(building.house.database.engine.url.database)
