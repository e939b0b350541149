"""The second wall: a session reads and writes the rows of its own account, whatever a query forgets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import (
    Executable,
    ForeignKey,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
    synonym,
)

from auth.database import Belongs, Database, OutOfScope, Scope, narrow

ADA, BEN = UUID(int=1), UUID(int=2)
HOUSE = Scope.house("test")


class Elsewhere(DeclarativeBase):
    """Tables of this test, kept out of the metadata that the migrations are compared with."""


class Person(Elsewhere, Belongs):
    """Belongs to the account that it is, as ``auth.accounts.Account`` does."""

    __tablename__ = "people"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id = synonym("id")


class Box(Elsewhere, Belongs):
    __tablename__ = "boxes"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column()
    label: Mapped[str]
    things: Mapped[list["Thing"]] = relationship(back_populates="box", passive_deletes="all")


class Thing(Elsewhere, Belongs):
    __tablename__ = "things"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column()
    box_id: Mapped[UUID] = mapped_column(ForeignKey("boxes.id", ondelete="CASCADE"))
    label: Mapped[str]
    box: Mapped[Box | None] = relationship(back_populates="things")


class Notice(Elsewhere):
    """A table that belongs to nobody."""

    __tablename__ = "notices"
    id: Mapped[int] = mapped_column(primary_key=True)


ADAS, BENS = UUID(int=11), UUID(int=12)
BENS_THING_IN_ADAS_BOX, ADAS_THING_IN_BENS_BOX = UUID(int=21), UUID(int=22)
OTHER = aliased(Box)


@dataclass
class Rig:
    database: Database

    def everything(self) -> list[tuple[UUID, str]]:
        with self.database.read(HOUSE) as session:
            return [(box.account_id, box.label) for box in session.scalars(select(Box).order_by(Box.id))]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    database = Database(f"sqlite:///{tmp_path / 'guard.db'}")
    Elsewhere.metadata.create_all(database.engine)
    with database.begin(HOUSE) as session:
        session.add_all([Person(id=ADA), Person(id=BEN), Notice(id=7)])
        session.add_all([Box(id=ADAS, account_id=ADA, label="ada's"), Box(id=BENS, account_id=BEN, label="ben's")])
        session.flush()
        session.add(Thing(id=BENS_THING_IN_ADAS_BOX, account_id=BEN, box_id=ADAS, label="ben's"))
        session.add(Thing(id=ADAS_THING_IN_BENS_BOX, account_id=ADA, box_id=BENS, label="ada's"))
    yield Rig(database)
    database.close()


# Reading

QUERIES: dict[str, Callable[[], Executable]] = {
    "an entity": lambda: select(Box.label),
    "a forgotten owner": lambda: select(Box.label).where(Box.id.in_([ADAS, BENS])),
    "an alias": lambda: select(OTHER.label),
    "a subquery": lambda: select(select(Box.label).subquery().c.label),
    "a common table expression": lambda: select(select(Box.label).cte().c.label),
    "a scalar subquery": lambda: select(select(func.max(Box.label)).where(Box.label > "").scalar_subquery()),
    "a union": lambda: union_all(select(Box.label), select(OTHER.label)),
    "a join": lambda: select(OTHER.label).select_from(Person).join(OTHER, literal(True)),
    "a row named only in WHERE": lambda: select(Person.id).where(OTHER.label == "ben's"),
    "an inner select": lambda: select(Person.id).where(literal("ben's").in_(select(Box.label))),
    "an exists": lambda: select(Person.id).where(exists(select(Box.id).where(Box.label == "ben's"))),
    "a related exists": lambda: select(Box.label).where(Box.things.any(Thing.label == "ben's")),
}


@pytest.mark.filterwarnings("ignore:SELECT statement has a cartesian product")
@pytest.mark.parametrize("name", QUERIES)
def test_a_query_finds_nothing_of_anybody_else(rig: Rig, name: str) -> None:
    with rig.database.read(HOUSE) as session:
        everything = session.execute(QUERIES[name]()).scalars().all()
    with rig.database.read(Scope.own(ADA)) as session:
        own = session.execute(QUERIES[name]()).scalars().all()
    with rig.database.read(Scope.own(None)) as session:
        nothing = session.execute(QUERIES[name]()).scalars().all()
    assert {*own} <= {"ada's"} and {*nothing} <= {None}
    assert len(everything) > 0 and (len(everything) > len(own) or everything != own)


def test_the_owner_is_not_remembered_from_the_session_before(rig: Rig) -> None:
    seen = []
    for scope in (Scope.own(ADA), Scope.own(None), Scope.own(BEN), HOUSE, Scope.own(ADA)):
        with rig.database.read(scope) as session:
            seen.append(session.scalars(select(Box.label).order_by(Box.id)).all())
    assert seen == [["ada's"], [], ["ben's"], ["ada's", "ben's"], ["ada's"]]


def test_counting_counts_own_rows(rig: Rig) -> None:
    with rig.database.read(Scope.own(ADA)) as session:
        assert session.scalar(select(func.count()).select_from(Box)) == 1
        assert session.scalar(select(func.count(Box.id))) == 1
        assert session.query(Box).count() == 1


def test_a_row_is_not_had_by_its_key(rig: Rig) -> None:
    with rig.database.read(Scope.own(ADA)) as session:
        assert session.get(Box, BENS) is None and session.get(Person, BEN) is None
        assert session.get(Box, ADAS) is not None and session.get(Person, ADA) is not None


def test_a_relationship_does_not_lead_to_somebody_elses_rows(rig: Rig) -> None:
    with rig.database.read(HOUSE) as session:
        assert [t.label for t in session.get_one(Box, ADAS).things] == ["ben's"]
    with rig.database.read(Scope.own(ADA)) as session:
        assert session.get_one(Box, ADAS).things == []
        assert session.get_one(Thing, ADAS_THING_IN_BENS_BOX).box is None
    for loading in (selectinload(Box.things), joinedload(Box.things)):
        with rig.database.read(Scope.own(ADA)) as session:
            assert session.scalars(select(Box).options(loading)).unique().one().things == []


CORE: dict[str, Callable[[], Executable]] = {
    "select": lambda: select(Box.__table__),
    "select a column": lambda: select(Box.__table__.c.label),
    "inner select": lambda: select(Person.id).where(literal("x").in_(select(Box.__table__.c.label))),
    "scalar subquery": lambda: select(Person.id, select(func.max(Box.__table__.alias().c.label)).scalar_subquery()),
    "bare exists": lambda: select(exists().where(Box.label == "ben's")),
    "update": lambda: update(Box.__table__).values(label="hacked"),
    "delete": lambda: delete(Box.__table__),
    "insert": lambda: insert(Box.__table__).values(id=UUID(int=99), account_id=BEN, label="planted"),
}


@pytest.mark.parametrize("name", CORE)
def test_a_statement_that_takes_no_criterion_is_refused(rig: Rig, name: str) -> None:
    before = rig.everything()
    with pytest.raises(OutOfScope), rig.database.begin(Scope.own(ADA)) as session:
        session.execute(CORE[name]())
    assert rig.everything() == before
    with rig.database.begin(HOUSE) as session:
        session.execute(CORE[name]())


def test_a_table_that_belongs_to_nobody_is_open(rig: Rig) -> None:
    with rig.database.read(Scope.own(None)) as session:
        assert session.scalars(select(Notice.__table__.c.id)).all() == [7]


def test_a_session_without_a_scope_reads_and_writes_nothing(rig: Rig) -> None:
    with rig.database._sessions() as session, pytest.raises(OutOfScope):
        session.scalars(select(Box)).all()
    with rig.database._sessions() as session, pytest.raises(OutOfScope):
        session.add(Notice(id=8))
        session.flush()


def test_a_house_scope_says_why() -> None:
    for reason in ("", "own"):
        with pytest.raises(ValueError, match="must say why"):
            Scope.house(reason)


# Writing


def test_an_update_and_a_delete_reach_own_rows_only(rig: Rig) -> None:
    with rig.database.begin(Scope.own(ADA)) as session:
        session.execute(update(Box).values(label="changed"))
        session.execute(update(Box).where(Box.id == BENS).values(label="hacked"))
        session.execute(delete(Box).where(Box.id == BENS))
    assert rig.everything() == [(ADA, "changed"), (BEN, "ben's")]


def _add(session: Session) -> None:
    session.add(Box(id=UUID(int=99), account_id=BEN, label="planted"))


def _give_away(session: Session) -> None:
    session.get_one(Box, ADAS).account_id = BEN


def _give_away_at_once(session: Session) -> None:
    session.execute(update(Box).values(account_id=BEN))


def _insert(session: Session) -> None:
    session.execute(insert(Box).values(id=UUID(int=99), account_id=BEN, label="planted"))


def _insert_many(session: Session) -> None:
    session.execute(insert(Box), [{"id": UUID(int=99), "account_id": BEN, "label": "planted"}])


def _update_by_key(session: Session) -> None:
    session.execute(update(Box), [{"id": BENS, "label": "hacked"}])


def _merge(session: Session) -> None:
    session.merge(Box(id=BENS, account_id=BEN, label="hacked"))


@pytest.mark.parametrize("write", [_add, _give_away, _give_away_at_once, _insert, _insert_many, _update_by_key, _merge])
def test_writing_outside_the_scope_is_refused(rig: Rig, write: Callable[[Session], None]) -> None:
    before = rig.everything()
    with pytest.raises(OutOfScope), rig.database.begin(Scope.own(ADA)) as session:
        write(session)
    assert rig.everything() == before


@pytest.mark.parametrize("change", ["delete", "update"])
def test_a_row_that_came_from_another_session_is_refused_too(rig: Rig, change: str) -> None:
    with rig.database.read(HOUSE) as session:
        foreign = session.get_one(Box, BENS)
    with pytest.raises(OutOfScope), rig.database.begin(Scope.own(ADA)) as session:
        session.add(foreign)
        if change == "delete":
            session.delete(foreign)
        else:
            foreign.label = "hacked"
    assert (BEN, "ben's") in rig.everything()


def test_own_rows_are_written(rig: Rig) -> None:
    with rig.database.begin(Scope.own(ADA)) as session:
        session.add(Box(id=UUID(int=99), account_id=ADA, label="new"))
        session.delete(session.get_one(Box, ADAS))
    assert rig.everything() == [(BEN, "ben's"), (ADA, "new")]


# Narrowing


def test_narrowing_takes_away_the_rows_that_were_seen_before(rig: Rig) -> None:
    with rig.database.begin(HOUSE) as session:
        foreign, own = session.get_one(Box, BENS), session.get_one(Box, ADAS)
        narrow(session, ADA)
        assert session.get(Box, BENS) is None
        assert session.get(Box, ADAS) is own
        assert session.scalars(select(Box.label)).all() == ["ada's"]
        assert foreign.label == "ben's"


def test_a_change_to_somebody_elses_row_does_not_survive_narrowing(rig: Rig) -> None:
    with pytest.raises(OutOfScope), rig.database.begin(HOUSE) as session:
        session.get_one(Box, BENS).label = "hacked"
        narrow(session, ADA)
    assert (BEN, "ben's") in rig.everything()


def test_a_session_of_nobody_becomes_the_session_of_one(rig: Rig) -> None:
    with rig.database.begin(Scope.own(None)) as session:
        assert session.scalars(select(Box)).all() == []
        narrow(session, ADA)
        assert session.scalars(select(Box.label)).all() == ["ada's"]


def test_reading_changes_nothing_and_its_rows_can_be_shown_afterwards(rig: Rig) -> None:
    with rig.database.read(Scope.own(ADA)) as session:
        box = session.get_one(Box, ADAS)
        session.execute(update(Box).values(label="changed"))
        kept = session.get_one(Person, ADA)
    assert rig.everything()[0] == (ADA, "ada's")
    assert (kept.id, box.account_id) == (ADA, ADA)
