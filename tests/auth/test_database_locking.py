"""A changing transaction takes the write lock first; without that, concurrent changes fail or are lost."""

import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import auth.database
from auth.database import Database, Scope

HOUSE = Scope.house("test")
THREADS, TIMES = 8, 20


class Elsewhere(DeclarativeBase):
    """Tables of this test, kept out of the metadata that the migrations are compared with."""


class Tally(Elsewhere):
    __tablename__ = "tallies"
    id: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int]


def test_no_concurrent_change_is_lost(tmp_path: Path) -> None:
    database = _database(tmp_path)
    assert _count_together(database) == (THREADS * TIMES, 0)
    database.close()


def test_without_the_lock_at_the_start_changes_fail_or_are_lost(tmp_path: Path) -> None:
    database = _database(tmp_path)
    event.remove(database.engine, "begin", auth.database._begin_sqlite)
    event.listen(database.engine, "begin", _begin_deferred)
    arrived, failed = _count_together(database)
    assert arrived < THREADS * TIMES
    # A reader that turns writer fails at once when somebody wrote in between; the busy timeout does not help it.
    assert failed > 0
    database.close()


def test_looking_does_not_wait_for_a_change(tmp_path: Path) -> None:
    database = _database(tmp_path)
    with database.begin(HOUSE) as session:
        session.get_one(Tally, 1).count = 5
        session.flush()
        with database.read(HOUSE) as reader:
            assert reader.get_one(Tally, 1).count == 0
    with database.read(HOUSE) as reader:
        assert reader.get_one(Tally, 1).count == 5
    database.close()


def _database(folder: Path) -> Database:
    database = Database(f"sqlite:///{folder / 'tally.db'}")
    Elsewhere.metadata.create_all(database.engine)
    with database.begin(HOUSE) as session:
        session.add(Tally(id=1, count=0))
    return database


def _count_together(database: Database) -> tuple[int, int]:
    """The count at the end, and how many of the transactions failed."""
    failed: list[OperationalError] = []
    together = threading.Barrier(THREADS)

    def work() -> None:
        together.wait()
        for _ in range(TIMES):
            try:
                with database.begin(HOUSE) as session:
                    tally = session.get_one(Tally, 1)
                    tally.count = tally.count + 1
            except OperationalError as error:
                failed.append(error)

    _run([work] * THREADS)
    with database.read(HOUSE) as session:
        return session.get_one(Tally, 1).count, len(failed)


def _run(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
