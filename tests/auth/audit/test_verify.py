# ruff: noqa: S608 - the statements are put together from constants of this file.
"""Every kind of tampering is noticed and named; the log left alone passes."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from auth.audit import CheckpointSigner, Kind, Report, verify
from auth.audit import stored as stored_rows
from auth.audit.entry import Columns
from auth.audit.tree import Frontier
from auth.audit.witness import FILE_NAME
from tests.auth.audit.conftest import HOUSE, House, tail_of

COLUMNS = "at, kind, account_id, command_id, channel, body, leaf_hash"


@pytest.fixture
def filled(house: House) -> House:
    """60 entries, with checkpoints at 20, 40 and 60."""
    for _ in range(3):
        house.fill(20)
        house.checkpoint()
    return house


def kinds(report: Report) -> list[tuple[Kind, int | None]]:
    return [(problem.kind, problem.seq) for problem in report.problems]


def recompute(house: House) -> None:
    """What a thorough attacker does afterwards: every hash and the head fit the rewritten entries."""
    with house.database.begin(HOUSE) as session:
        frontier = Frontier()
        for page in list(stored_rows.pages(session)):
            for stored in page:
                assert isinstance(stored.columns, Columns)
                leaf = stored.columns.leaf_hash(stored.seq)
                frontier.append(leaf)
                session.execute(
                    text("UPDATE audit_entries SET leaf_hash=:h WHERE seq=:s"), {"h": leaf, "s": stored.seq}
                )
        head = {"size": frontier.size, "peaks": frontier.to_bytes()}
        session.execute(text("UPDATE audit_head SET size=:size, frontier=:peaks"), head)


def renumber(house: House, start: int, by: int) -> None:
    # By way of far-off numbers, as the primary key allows no two entries in one place even for a moment.
    house.sql(
        f"UPDATE audit_entries SET seq = seq + 1000000 WHERE seq >= {start}",
        f"UPDATE audit_entries SET seq = seq - 1000000 + {by} WHERE seq >= 1000000",
    )


def swap(house: House, one: int, other: int) -> None:
    house.sql(
        f"UPDATE audit_entries SET seq = -1 WHERE seq = {one}",
        f"UPDATE audit_entries SET seq = {one} WHERE seq = {other}",
        f"UPDATE audit_entries SET seq = {other} WHERE seq = -1",
    )


def test_the_untouched_log_passes(filled: House) -> None:
    report = filled.verify()
    assert report == Report(entries=60, checkpoints=3, witnessed=60, problems=())
    assert report.ok


def test_entries_that_no_checkpoint_covers_are_counted(filled: House) -> None:
    filled.fill(5)
    report = filled.verify()
    assert report.ok and report.entries - report.witnessed == 5


def test_an_empty_log_passes(house: House) -> None:
    assert house.verify() == Report(0, 0, 0, ())
    house.checkpoint()
    assert house.verify().ok


@pytest.mark.parametrize(
    "change",
    [
        "body = replace(body, '1990', '1991')",
        "at = '2026-11-22 12:00:01.000000'",
        "kind = 'command.executed'",
        "account_id = '00000000000000000000000000000002'",
        "account_id = NULL",
        "command_id = '00000000000000000000000000000002'",
        "channel = 'page'",
        "body = body || ' '",
        # Values that a column type can't even read must be findings, not crashes.
        "account_id = 'nobody'",
        "at = 'yesterday'",
        "at = 17",
        "body = x'00ff'",
        "kind = 7",
    ],
)
def test_an_edited_entry(filled: House, change: str) -> None:
    filled.sql(f"UPDATE audit_entries SET {change} WHERE seq = 13")
    assert kinds(filled.verify()) == [(Kind.EDITED, 13)]


@pytest.mark.parametrize("hashed", ["zeroblob(32)", "x'00'", "'text'"])
def test_an_edited_hash(filled: House, hashed: str) -> None:
    filled.sql(f"UPDATE audit_entries SET leaf_hash = {hashed} WHERE seq = 13")
    assert kinds(filled.verify()) == [(Kind.EDITED, 13), (Kind.HEAD, None), (Kind.FORKED, 0)]


def test_neighbours_that_were_edited_are_one_finding(filled: House) -> None:
    filled.sql("UPDATE audit_entries SET channel = 'api' WHERE seq BETWEEN 10 AND 14 OR seq = 30")
    report = filled.verify()
    assert kinds(report) == [(Kind.EDITED, 10), (Kind.EDITED, 30)]
    assert report.problems[0].sentence == "Entries 10 to 14 have been changed since they were written."


def test_a_removed_entry(filled: House) -> None:
    filled.sql("DELETE FROM audit_entries WHERE seq IN (13, 14)")
    report = filled.verify()
    assert kinds(report) == [(Kind.MISSING, 13)]
    assert report.problems[0].sentence == "Entries 13 to 14 are missing from the database."


def test_a_removed_entry_with_the_rest_renumbered(filled: House) -> None:
    filled.sql("DELETE FROM audit_entries WHERE seq IN (13, 14)")
    renumber(filled, 15, -2)
    found = kinds(filled.verify())
    assert found[0] == (Kind.MISSING, 13)
    assert (Kind.TRUNCATED, 58) in found


def test_the_first_entry_removed(filled: House) -> None:
    filled.sql("DELETE FROM audit_entries WHERE seq = 0")
    assert kinds(filled.verify()) == [(Kind.MISSING, 0)]


def test_an_inserted_entry(filled: House) -> None:
    renumber(filled, 13, 1)
    filled.sql(f"INSERT INTO audit_entries (seq, {COLUMNS}) SELECT 13, {COLUMNS} FROM audit_entries WHERE seq = 3")
    found = kinds(filled.verify())
    assert (Kind.INSERTED, 14) in found
    assert (Kind.INSERTED, 60) in found


def test_an_entry_added_behind_the_head(filled: House) -> None:
    filled.sql(f"INSERT INTO audit_entries (seq, {COLUMNS}) SELECT 60, {COLUMNS} FROM audit_entries WHERE seq = 3")
    assert (Kind.INSERTED, 60) in kinds(filled.verify())


def test_an_entry_before_the_beginning(filled: House) -> None:
    filled.sql(f"INSERT INTO audit_entries (seq, {COLUMNS}) SELECT -5, {COLUMNS} FROM audit_entries WHERE seq = 3")
    assert (Kind.INSERTED, -5) in kinds(filled.verify())


@pytest.mark.parametrize(("one", "other"), [(13, 14), (5, 50), (58, 59)])
def test_reordered_entries(filled: House, one: int, other: int) -> None:
    swap(filled, one, other)
    found = kinds(filled.verify())
    assert found[:2] == [(Kind.REORDERED, one), (Kind.REORDERED, other)]


def test_a_truncated_log(filled: House) -> None:
    filled.sql("DELETE FROM audit_entries WHERE seq >= 55")
    assert kinds(filled.verify()) == [(Kind.TRUNCATED, 55), (Kind.TRUNCATED, 55)]


def test_a_truncated_log_whose_head_was_rolled_back_too(filled: House) -> None:
    filled.sql("DELETE FROM audit_entries WHERE seq >= 55")
    recompute(filled)
    assert kinds(filled.verify()) == [(Kind.TRUNCATED, 55)]


def test_an_emptied_log(filled: House) -> None:
    filled.sql("DELETE FROM audit_entries", "DELETE FROM audit_head")
    assert kinds(filled.verify()) == [(Kind.TRUNCATED, 0)]


def edit_one(house: House) -> None:
    house.sql("UPDATE audit_entries SET channel = 'page' WHERE seq = 25")
    recompute(house)


def exchange_two(house: House) -> None:
    swap(house, 25, 26)
    recompute(house)


def remove_one_and_grow_again(house: House) -> None:
    house.sql("DELETE FROM audit_entries WHERE seq = 25")
    renumber(house, 26, -1)
    recompute(house)
    house.fill(9)


@pytest.mark.parametrize("rewrite", [edit_one, exchange_two, remove_one_and_grow_again])
def test_a_fork_with_every_hash_recomputed(filled: House, rewrite: Callable[[House], None]) -> None:
    rewrite(filled)
    report = filled.verify()
    assert kinds(report) == [(Kind.FORKED, 20)]
    assert report.witnessed == 20


def test_the_same_fork_passes_without_checkpoints(filled: House) -> None:
    """The control: without the file outside the database nobody could tell."""
    edit_one(filled)
    (filled.folder / FILE_NAME).unlink()
    assert filled.verify().ok


def test_a_fork_stays_visible_when_the_log_grows_and_is_signed_again(filled: House) -> None:
    edit_one(filled)
    filled.fill(20)
    filled.checkpoint()
    assert kinds(filled.verify()) == [(Kind.FORKED, 20)]


def test_two_signed_logs_of_one_size(filled: House) -> None:
    with (filled.folder / FILE_NAME).open("a") as file:
        file.write(filled.signer.sign(60, bytes(32)) + "\n")
    assert (Kind.FORKED, 60) in kinds(filled.verify())


def test_a_bad_signature(filled: House) -> None:
    path = filled.folder / FILE_NAME
    path.write_text(path.read_text().replace("\n40\n", "\n39\n"))
    assert kinds(filled.verify()) == [(Kind.BAD_SIGNATURE, None)]


def test_a_strangers_checkpoints(filled: House) -> None:
    stranger = CheckpointSigner(Ed25519PrivateKey.generate(), filled.signer.verifier.origin)
    with filled.database.read(HOUSE) as session:
        report = verify(session, filled.witness.notes(), stranger.verifier)
    assert kinds(report) == [(Kind.BAD_SIGNATURE, None)] * 3
    assert report.witnessed == 0


@pytest.mark.parametrize(
    "change",
    ["UPDATE audit_head SET frontier = zeroblob(128)", "UPDATE audit_head SET size = 'x'", "DELETE FROM audit_head"],
)
def test_a_tampered_head(filled: House, change: str) -> None:
    filled.sql(change)
    assert kinds(filled.verify()) == [(Kind.HEAD, None)]


def test_many_edits_are_found_in_reasonable_time(house: House) -> None:
    house.fill(1000)
    house.sql("UPDATE audit_entries SET channel = 'api' WHERE seq % 2 = 0")
    assert len(house.verify().problems) == 500


def test_a_page_border_is_no_gap(house: House) -> None:
    house.fill(2000)
    assert house.verify().entries == 2000
    house.fill(1)
    steps = list[tuple[int, int]]()
    with house.database.read(HOUSE) as session:
        assert verify(session, [], house.signer.verifier, progress=lambda *step: steps.append(step)).ok
        assert tail_of(session) == 2001
    assert steps == [(2000, 2001), (2001, 2001)]
