"""The vault opens a value only where it was sealed, only within scope, and never again once its key is destroyed."""

import json
import logging
import multiprocessing
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from auth.accounts import Account, open_account
from auth.actor import Role
from auth.database import Base, Belongs, Database, OutOfScope, Scope, narrow, new_id
from auth.vault import (
    DataKey,
    KeyFileUnusable,
    KeyMissing,
    LocalKeyFile,
    Sealed,
    SealedBytes,
    Shredded,
    Tampered,
    Vault,
    normalise_email,
    rotate_keys,
)

NOW = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
HOUSE = Scope.house("test")


class Elsewhere(DeclarativeBase):
    """Tables of this test, kept out of the metadata that the migrations are compared with."""


class _Text:
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column()
    body: Mapped[bytes | None] = mapped_column(Sealed)


class Note(_Text, Elsewhere, Belongs):
    __tablename__ = "notes"


class Memo(_Text, Elsewhere, Belongs):
    __tablename__ = "memos"


@dataclass
class Rig:
    database: Database
    vault: Vault
    keys: Path
    folder: Path

    def person(self, name: str = "Wilhelmina", email: str = "") -> UUID:
        with self.database.begin(HOUSE) as session:
            return open_account(session, self.vault, role=Role.CUSTOMER, now=NOW, name=name, email=email).id

    def name_of(self, account_id: UUID, scope: Scope | None = None) -> str:
        with self.database.read(scope or Scope.own(account_id)) as session:
            return self.vault.open(session, session.get_one(Account, account_id), "name")

    def kek_ids(self) -> set[str]:
        with self.database.read(HOUSE) as session:
            return set(session.scalars(select(DataKey.kek_id)))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}")
    Base.metadata.create_all(
        database.engine, tables=[Account.metadata.tables[t] for t in ("accounts", "data_keys", "house_keys")]
    )
    keys = tmp_path / "keys" / "keys.json"
    yield Rig(database, Vault(LocalKeyFile(keys), clock=lambda: NOW), keys, tmp_path)
    database.close()


# Sealing and opening


@pytest.mark.parametrize("text", ["Wilhelmina", "", "Ł ⚓ 李", "x" * 100_000])
def test_what_is_sealed_opens_again_in_its_place(rig: Rig, text: str) -> None:
    someone = rig.person()
    with rig.database.begin(Scope.own(someone)) as session:
        rig.vault.seal(session, session.get_one(Account, someone), "name", text)
    assert rig.name_of(someone) == text


def test_an_empty_column_opens_as_an_empty_text(rig: Rig) -> None:
    someone = rig.person(name="")
    assert rig.name_of(someone) == ""


def test_the_same_text_never_gives_the_same_ciphertext(rig: Rig) -> None:
    someone = rig.person()
    with rig.database.begin(Scope.own(someone)) as session:
        account, seen = session.get_one(Account, someone), set()
        for _ in range(100):
            rig.vault.seal(session, account, "name", "the same")
            seen.add(bytes(account.name or b"")[1:13])
    assert len(seen) == 100


def test_a_value_moved_to_another_row_does_not_open(rig: Rig) -> None:
    someone = rig.person()
    first, second = Note(id=UUID(int=1), account_id=someone), Note(id=UUID(int=2), account_id=someone)
    with rig.database.read(Scope.own(someone)) as session:
        rig.vault.seal(session, first, "body", "for the first row")
        second.body = first.body
        with pytest.raises(Tampered, match="notes.body"):
            rig.vault.open(session, second, "body")


def test_a_value_moved_to_another_table_does_not_open(rig: Rig) -> None:
    someone = rig.person()
    note, memo = Note(id=UUID(int=1), account_id=someone), Memo(id=UUID(int=1), account_id=someone)
    with rig.database.read(Scope.own(someone)) as session:
        rig.vault.seal(session, note, "body", "for the first table")
        memo.body = note.body
        with pytest.raises(Tampered, match="memos.body"):
            rig.vault.open(session, memo, "body")


def test_a_value_moved_to_another_column_does_not_open(rig: Rig) -> None:
    someone = rig.person()
    with rig.database.begin(Scope.own(someone)) as session:
        account = session.get_one(Account, someone)
        account.email = account.name
        with pytest.raises(Tampered, match="accounts.email"):
            rig.vault.open(session, account, "email")


def test_a_value_moved_to_another_account_does_not_open(rig: Rig) -> None:
    first, second = rig.person("Wilhelmina"), rig.person("Bartholomew")
    with rig.database.begin(HOUSE) as session:
        session.get_one(Account, second).name = session.get_one(Account, first).name
    with pytest.raises(Tampered):
        rig.name_of(second)


def test_another_accounts_data_key_put_in_place_of_ones_own_does_not_unwrap(rig: Rig) -> None:
    first, second = rig.person("Wilhelmina"), rig.person("Bartholomew")
    with rig.database.begin(HOUSE) as session:
        stolen = session.scalars(select(DataKey).where(DataKey.account_id == first)).one().wrapped
        session.execute(update(DataKey).where(DataKey.account_id == second).values(wrapped=stolen))
    fresh = Vault(LocalKeyFile(rig.keys), clock=lambda: NOW)
    with rig.database.read(HOUSE) as session, pytest.raises(Tampered, match="data key"):
        fresh.open(session, session.get_one(Account, second), "name")


@pytest.mark.parametrize("position", [0, 5, 20, -1])
def test_a_changed_byte_is_noticed_and_the_message_names_the_place_only(rig: Rig, position: int) -> None:
    someone = rig.person()
    with rig.database.read(HOUSE) as session:
        account = session.get_one(Account, someone)
        changed = bytearray(account.name or b"")
        changed[position] ^= 1
        account.name = SealedBytes(changed)
        with pytest.raises(Tampered) as refused:
            rig.vault.open(session, account, "name")
    assert "accounts.name" in str(refused.value) and str(someone) in str(refused.value)
    assert "Wilhelmina" not in str(refused.value)


def test_plaintext_is_refused_by_the_column_and_does_not_show_in_the_error(rig: Rig) -> None:
    someone = rig.person()
    for plain in (b"Bartholomew", SealedBytes(b"Bartholomew")):
        with pytest.raises(StatementError, match="sealed values only") as refused, rig.database.begin(HOUSE) as session:
            session.get_one(Account, someone).name = plain
        assert "Bartholomew" not in str(refused.value)
    with rig.database.read(HOUSE) as session, pytest.raises(StatementError):
        session.scalars(select(Account).where(Account.name == b"Bartholomew")).all()


def test_a_sealed_value_does_not_show_itself(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    someone = rig.person()
    with rig.database.read(HOUSE) as session:
        name = session.get_one(Account, someone).name
    logging.getLogger("test").warning("%s %r", name, name)
    assert (str(name), repr(name), f"{name}", f"{[name]}") == ("<encrypted>",) * 3 + ("[<encrypted>]",)
    assert caplog.messages == ["<encrypted> <encrypted>"]


def test_only_sealed_columns_are_sealed(rig: Rig) -> None:
    someone = rig.person()
    with rig.database.read(HOUSE) as session, pytest.raises(TypeError, match="not a sealed column"):
        rig.vault.seal(session, session.get_one(Account, someone), "password_hash", "x")


def test_a_row_without_an_id_cannot_be_sealed(rig: Rig) -> None:
    someone = rig.person()
    with rig.database.read(Scope.own(someone)) as session, pytest.raises(ValueError, match="needs its id"):
        rig.vault.seal(session, Account(role="customer"), "name", "x")


def test_no_name_is_readable_in_the_database_file(rig: Rig) -> None:
    rig.person("Wilhelmina", "wilhelmina@harbor.example")
    stored = b"".join(path.read_bytes() for path in rig.folder.glob("shop.db*"))
    assert b"customer" in stored
    assert b"ilhelmina" not in stored and b"harbor.example" not in stored


# Scope and cache


def test_the_key_of_another_account_is_out_of_scope_even_when_it_is_cached(rig: Rig) -> None:
    first, second = rig.person(), rig.person()
    with rig.database.read(HOUSE) as session:
        foreign = session.get_one(Account, first)
        assert rig.vault.open(session, foreign, "name") == "Wilhelmina"
    for scope in (Scope.own(second), Scope.own(None)):
        with rig.database.read(scope) as session, pytest.raises(OutOfScope):
            rig.vault.open(session, foreign, "name")
        with rig.database.read(scope) as session, pytest.raises(OutOfScope):
            rig.vault.seal(session, foreign, "name", "x")
        with rig.database.begin(scope) as session, pytest.raises(OutOfScope):
            rig.vault.shred(session, first)
    assert rig.name_of(first) == "Wilhelmina"


def test_a_session_that_was_narrowed_forgets_the_keys_it_had(rig: Rig) -> None:
    first, second = rig.person(), rig.person()
    with rig.database.begin(HOUSE) as session:
        foreign = session.get_one(Account, first)
        rig.vault.open(session, foreign, "name")
        narrow(session, second)
        with pytest.raises(OutOfScope):
            rig.vault.open(session, foreign, "name")


def test_a_session_without_a_scope_opens_nothing(rig: Rig) -> None:
    someone = rig.person()
    with rig.database.read(HOUSE) as session:
        account = session.get_one(Account, someone)
    with Session(rig.database.engine) as session, pytest.raises(OutOfScope):
        rig.vault.open(session, account, "name")


def test_the_cache_holds_no_more_keys_than_it_was_given_room_for(rig: Rig) -> None:
    small = Vault(LocalKeyFile(rig.keys), clock=lambda: NOW, cache_size=3)
    people = [rig.person(f"Person {n}") for n in range(8)]
    with rig.database.read(HOUSE) as session:
        names = [small.open(session, session.get_one(Account, person), "name") for person in people * 2]
    assert names == [f"Person {n}" for n in range(8)] * 2
    assert len(small.cache) == 3


def test_the_cache_survives_many_threads(rig: Rig) -> None:
    small = Vault(LocalKeyFile(rig.keys), clock=lambda: NOW, cache_size=2)
    people = {rig.person(f"Person {n}"): f"Person {n}" for n in range(6)}
    wrong: list[object] = []

    def look() -> None:
        for _ in range(10):
            for person, name in people.items():
                with rig.database.read(Scope.own(person)) as session:
                    found = small.open(session, session.get_one(Account, person), "name")
                    if found != name or len(small.cache) > 2:
                        wrong.append((found, name))

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_sealing_does_not_flush_the_row_that_is_still_being_filled_in(rig: Rig) -> None:
    someone = rig.person()
    with rig.database.begin(Scope.own(someone)) as session:
        account = session.get_one(Account, someone)
        unfinished = Account(id=new_id(NOW))
        session.add(unfinished)
        assert rig.vault.open(session, account, "name") == "Wilhelmina"
        assert unfinished in session.new
        session.expunge(unfinished)


# Shredding


def test_a_shredded_key_opens_nothing_any_more(rig: Rig) -> None:
    gone, stays = rig.person("Wilhelmina"), rig.person("Bartholomew")
    with rig.database.begin(Scope.own(gone)) as session:
        rig.vault.shred(session, gone)
    with pytest.raises(Shredded):
        rig.name_of(gone)
    with rig.database.begin(Scope.own(gone)) as session, pytest.raises(Shredded):
        rig.vault.seal(session, session.get_one(Account, gone), "name", "again")
    assert rig.name_of(stays) == "Bartholomew"


def test_shredding_empties_the_cache_even_when_the_key_is_read_before_the_commit(rig: Rig) -> None:
    gone = rig.person()
    with rig.database.begin(HOUSE) as session:
        key_id = session.scalars(select(DataKey.id)).one()
        assert key_id in rig.vault.cache
        rig.vault.shred(session, gone)
        assert key_id not in rig.vault.cache
        assert rig.name_of(gone) == "Wilhelmina"
        assert key_id in rig.vault.cache
    assert key_id not in rig.vault.cache


def test_another_process_with_the_key_in_its_cache_refuses_too(rig: Rig) -> None:
    gone = rig.person()
    other = Rig(rig.database, Vault(LocalKeyFile(rig.keys), clock=lambda: NOW), rig.keys, rig.folder)
    assert other.name_of(gone) == "Wilhelmina"
    with rig.database.begin(HOUSE) as session:
        rig.vault.shred(session, gone)
    with pytest.raises(Shredded):
        other.name_of(gone)


def test_the_wrapped_key_is_overwritten_on_the_disk(rig: Rig) -> None:
    gone = rig.person()
    with rig.database.begin(HOUSE) as session:
        wrapped = session.scalars(select(DataKey.wrapped)).one()
        rig.vault.shred(session, gone)
        assert session.scalars(select(DataKey)).one().shredded_at == NOW
    with rig.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert wrapped not in b"".join(path.read_bytes() for path in rig.folder.glob("shop.db*"))


def test_a_shredding_that_is_rolled_back_did_not_happen(rig: Rig) -> None:
    someone = rig.person()
    with pytest.raises(RuntimeError), rig.database.begin(HOUSE) as session:
        rig.vault.shred(session, someone)
        raise RuntimeError("the handler failed")
    assert rig.name_of(someone) == "Wilhelmina"


# Rotation


def test_rotation_rewraps_every_key_and_retires_the_old_one(rig: Rig) -> None:
    people = [rig.person(f"Person {n}") for n in range(7)]
    (old,) = rig.kek_ids()
    seen: list[tuple[int, int]] = []
    report = rotate_keys(rig.database, rig.vault, batch=3, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(3, 7), (6, 7), (7, 7)]
    assert (report.rewrapped, report.resumed, report.failed, report.retired) == (7, False, (), (old,))
    assert rig.kek_ids() == {report.kek_id} != {old}
    assert old not in rig.keys.read_text()
    fresh = Vault(LocalKeyFile(rig.keys), clock=lambda: NOW)
    with rig.database.read(HOUSE) as session:
        names = [fresh.open(session, session.get_one(Account, person), "name") for person in people]
    assert names == [f"Person {n}" for n in range(7)]


def test_an_interrupted_rotation_is_finished_with_the_same_key(rig: Rig) -> None:
    people = [rig.person(f"Person {n}") for n in range(5)]

    def crash(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate_keys(rig.database, rig.vault, batch=2, progress=crash)
    halfway = rig.vault.provider.current()
    assert len(rig.kek_ids()) == 2
    assert [rig.name_of(person) for person in people] == [f"Person {n}" for n in range(5)]

    report = rotate_keys(rig.database, Vault(LocalKeyFile(rig.keys), clock=lambda: NOW), batch=2)
    assert (report.resumed, report.kek_id, report.rewrapped, len(report.retired)) == (True, halfway, 3, 1)
    assert rig.kek_ids() == {halfway}
    assert [rig.name_of(person) for person in people] == [f"Person {n}" for n in range(5)]
    assert not rotate_keys(rig.database, rig.vault).resumed


def test_a_rotation_interrupted_before_its_first_batch_makes_no_second_key(rig: Rig) -> None:
    rig.person()
    minted = rig.vault.provider.rotate()
    report = rotate_keys(rig.database, rig.vault)
    assert (report.resumed, report.kek_id) == (True, minted)


def test_a_key_that_does_not_unwrap_is_reported_and_keeps_its_kek(rig: Rig) -> None:
    good, bad = rig.person(), rig.person()
    (old,) = rig.kek_ids()
    with rig.database.begin(HOUSE) as session:
        session.scalars(select(DataKey).where(DataKey.account_id == bad)).one().wrapped = bytes(60)
    first = rotate_keys(rig.database, rig.vault)
    second = rotate_keys(rig.database, rig.vault)
    assert first.failed == second.failed == (bad,)
    assert old in rig.vault.provider.held()
    assert second.kek_id != first.kek_id
    assert rig.name_of(good) == "Wilhelmina"


def test_a_shredded_key_is_neither_rewrapped_nor_in_the_way(rig: Rig) -> None:
    gone = rig.person()
    with rig.database.begin(HOUSE) as session:
        rig.vault.shred(session, gone)
    report = rotate_keys(rig.database, rig.vault)
    assert (report.rewrapped, report.failed, len(report.retired)) == (0, (), 1)
    with pytest.raises(Shredded):
        rig.name_of(gone)


def test_a_running_shop_goes_on_while_another_process_rotates(rig: Rig) -> None:
    before = rig.person("Wilhelmina")
    elsewhere = multiprocessing.get_context("spawn").Process(
        target=_rotate_elsewhere, args=(rig.database.engine.url.render_as_string(), str(rig.keys))
    )
    elsewhere.start()
    elsewhere.join(60)
    assert elsewhere.exitcode == 0
    rig.vault.cache.drop(_key_id(rig, before))
    assert rig.name_of(before) == "Wilhelmina"
    after = rig.person("Bartholomew")
    assert len(rig.kek_ids()) == 1
    fresh = Rig(rig.database, Vault(LocalKeyFile(rig.keys), clock=lambda: NOW), rig.keys, rig.folder)
    assert fresh.name_of(after) == "Bartholomew"


def test_a_session_that_read_its_row_before_the_rotation_still_opens_it(rig: Rig) -> None:
    someone = rig.person()
    with rig.database.read(HOUSE) as session:
        account = session.get_one(Account, someone)
        rig.vault.open(session, account, "name")
        rotate_keys(rig.database, Vault(LocalKeyFile(rig.keys), clock=lambda: NOW))
        rig.vault.cache.drop(_key_id(rig, someone))
        assert rig.vault.provider.current()
        assert rig.vault.open(session, account, "name") == "Wilhelmina"


# The key file


def test_the_key_file_is_readable_by_its_owner_only_and_stays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first, again = LocalKeyFile(path), LocalKeyFile(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert (first.current(), first.index_key(), first.derive("a")) == (
        again.current(),
        again.index_key(),
        again.derive("a"),
    )
    assert [p.name for p in tmp_path.iterdir()] == ["keys.json"]
    assert LocalKeyFile(tmp_path / "other.json").index_key() != first.index_key()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o660])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    LocalKeyFile(path)
    path.chmod(mode)
    with pytest.raises(KeyFileUnusable, match="chmod 600"):
        LocalKeyFile(path)


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"format": 1}', "half"])
def test_a_damaged_key_file_is_refused_without_quoting_it(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "keys.json"
    LocalKeyFile(path)
    whole = path.read_text()
    path.write_text(whole[: len(whole) // 2] if damage == "half" else damage)
    with pytest.raises(KeyFileUnusable, match="damaged") as refused:
        LocalKeyFile(path)
    assert json.loads(whole)["root"] not in str(refused.value) and refused.value.__cause__ is None


def test_a_crash_while_writing_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys.json"
    keys = LocalKeyFile(path)
    whole = path.read_text()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyFileUnusable, match="No space left"):
        keys.rotate()
    assert path.read_text() == whole and [p.name for p in tmp_path.iterdir()] == ["keys.json"]


def test_processes_that_start_together_agree_on_one_key_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    made: list[bytes] = []
    threads = [threading.Thread(target=lambda: made.append(LocalKeyFile(path).index_key())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8 and len(set(made)) == 1


def test_the_current_key_cannot_be_retired(tmp_path: Path) -> None:
    keys = LocalKeyFile(tmp_path / "keys.json")
    with pytest.raises(ValueError, match="current"):
        keys.retire(keys.current())


def test_an_unknown_key_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match="kek-9"):
        LocalKeyFile(tmp_path / "keys.json").unwrap("kek-9", bytes(60), b"")


def test_derived_secrets_differ_by_purpose_and_survive_rotation(tmp_path: Path) -> None:
    keys = LocalKeyFile(tmp_path / "keys.json")
    cookie, index = keys.derive("cookies"), keys.index_key()
    assert len(cookie) == 32 and cookie != keys.derive("mail links")
    keys.retire({*keys.held()}.difference({keys.rotate()}).pop())
    assert (LocalKeyFile(keys.path).derive("cookies"), keys.index_key()) == (cookie, index)


# The blind index


@pytest.mark.parametrize(
    "variant",
    [
        "Ada@Example.org",
        "  ada@example.org\n",
        "ADA@EXAMPLE.ORG",
        "ａｄａ＠ｅｘａｍｐｌｅ．ｏｒｇ",
        "ada\u200b@example\u200e.org",
        "ada@example.org.",
        "ada@example。org",
    ],
)
def test_spellings_of_one_address_share_a_tag(rig: Rig, variant: str) -> None:
    assert normalise_email(variant) == "ada@example.org"
    assert rig.vault.email_tag(variant) == rig.vault.email_tag("ada@example.org")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ada@example.org", "ada@example.com"),
        ("a.da@example.org", "ada@example.org"),
        ("ada+shop@example.org", "ada@example.org"),
        ("ada@straße.example", "ada@strasse.example"),
        ("аda@example.org", "ada@example.org"),
    ],
)
def test_different_mailboxes_do_not_share_a_tag(rig: Rig, first: str, second: str) -> None:
    assert rig.vault.email_tag(first) != rig.vault.email_tag(second)


def test_an_international_domain_has_one_form() -> None:
    assert normalise_email("ada@BÜCHER.example") == normalise_email("ada@xn--bcher-kva.example")
    assert normalise_email("ada@bu\u0308cher.example") == "ada@xn--bcher-kva.example"


@given(st.text(max_size=60) | st.emails())
def test_normalising_twice_changes_nothing(email: str) -> None:
    assert normalise_email(normalise_email(email)) == normalise_email(email)


def test_tags_of_different_kinds_and_different_houses_never_match(rig: Rig, tmp_path: Path) -> None:
    other = Vault(LocalKeyFile(tmp_path / "other.json"), clock=lambda: NOW)
    tags = {
        rig.vault.tag("phone", "x"),
        rig.vault.tag("email", "x"),
        other.tag("phone", "x"),
        rig.vault.tag("phon", "ex"),
    }
    assert len(tags) == 4 and {len(tag) for tag in tags} == {32}


def _rotate_elsewhere(url: str, keys: str) -> None:
    database = Database(url)
    rotate_keys(database, Vault(LocalKeyFile(Path(keys)), clock=lambda: NOW))


def _key_id(rig: Rig, account_id: UUID) -> UUID:
    with rig.database.read(HOUSE) as session:
        return session.scalars(select(DataKey.id).where(DataKey.account_id == account_id)).one()
