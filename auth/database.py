"""One place where transactions begin, and where rows that belong to somebody are walled off from everybody else.

Two rules hold for every session made here. A changing transaction takes the write lock at its first statement
(``BEGIN IMMEDIATE`` on SQLite), because a read that is upgraded later fails or loses updates. And every session has a
:class:`Scope`: rows of an :class:`Belongs` model that lie outside it can be neither read nor written.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ClauseElement,
    DateTime,
    Dialect,
    Engine,
    ForeignKey,
    Select,
    Table,
    UpdateBase,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Mapper,
    ORMExecuteState,
    Session,
    declared_attr,
    mapped_column,
    sessionmaker,
    with_loader_criteria,
)
from sqlalchemy.sql import visitors
from sqlalchemy.types import TypeDecorator


class Base(DeclarativeBase):
    """All tables of the house; Alembic compares the migrations with this metadata."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, always aware and always UTC; a naive value is refused instead of guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database: pass an aware one")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a session may touch: one account's, or the whole house for a stated reason."""

    account_id: UUID | None
    reason: str

    @classmethod
    def own(cls, account_id: UUID | None) -> "Scope":
        """The rows of one account; ``None`` (nobody is signed in) sees no owned row at all."""
        return cls(account_id, "own")

    @classmethod
    def house(cls, reason: str) -> "Scope":
        """Every row: for staff duties, recovery jobs and seeding. The reason is part of the call on purpose."""
        if reason in {"", "own"}:
            raise ValueError("a session that sees every row must say why")
        return cls(None, reason)

    @property
    def is_house(self) -> bool:
        return self.reason != "own"


class Belongs:
    """A row that belongs to exactly one account, named by its ``account_id``. The row guard covers each such model."""

    account_id: Any = None


class Owned(Belongs):
    """A row that belongs to an account through a column of its own."""

    @declared_attr
    @classmethod
    def account_id(cls) -> Mapped[UUID]:
        return mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)


class OutOfScope(Exception):
    """An owned row was about to be read or written by a session that has no business with it."""


def new_id(at: datetime) -> UUID:
    """A UUID version 7 (RFC 9562 §5.7): sortable by time, with 74 random bits, so that it resists guessing."""
    value = (int(at.timestamp() * 1000) & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


class Database:
    """The way to the tables: :meth:`begin` to change, :meth:`read` to look.

    ``closing`` runs as the last thing before a commit (the audit append), ``committed`` after it (checkpoints).
    """

    def __init__(
        self,
        url: str,
        *,
        closing: Callable[[Session], None] | None = None,
        committed: Callable[[], None] | None = None,
        pool_size: int = 10,
    ) -> None:
        self.engine = _engine(url, pool_size)
        self.closing = closing
        self.committed = committed
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        event.listen(self._sessions, "do_orm_execute", _guard_reads)
        event.listen(self._sessions, "before_flush", _guard_writes)
        event.listen(self._sessions, "before_commit", _guard_commit)

    @property
    def is_postgres(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def begin(self, scope: Scope) -> Iterator[Session]:
        """A changing transaction: committed at the end of the block, rolled back on any exception.

        Nothing may call the outside world inside the block: the write lock is held.
        """
        with self._sessions(info={"scope": scope}) as session:
            connection = session.connection(execution_options={"countersign_changing": True})
            _tell_postgres(connection, scope)
            yield session
            session.flush()
            if self.closing is not None:
                self.closing(session)
            session.commit()
        if self.committed is not None:
            self.committed()

    @contextmanager
    def read(self, scope: Scope) -> Iterator[Session]:
        """A transaction that looks and never commits; changes made in it are rolled back when the session closes.

        It locks no row, also where a finder asks for it: pages use the finders of the desk, and nobody may wait for a
        page. Rows keep what was loaded, so a page may show them after the block.
        """
        with self._sessions(info={"scope": scope, "only_looks": True}, autoflush=False) as session:
            _tell_postgres(session.connection(), scope)
            yield session

    @contextmanager
    def glance(self, scope: Scope) -> Iterator[Connection]:
        """A bare connection for the one look-up that every call of a program pays for; a session costs twice as much.

        The row guard does not see what is asked here, so the statement names its owner itself. On PostgreSQL row-level
        security stands behind it as always.
        """
        with self.engine.connect() as connection:
            _tell_postgres(connection, scope)
            yield connection

    def close(self) -> None:
        self.engine.dispose()


def narrow(session: Session, account_id: UUID) -> None:
    """Restrict a running session to one account, as sign-in does once it knows whom it is talking about.

    Other people's rows that were loaded before leave the session, so that ``session.get`` cannot hand them out.
    """
    for row in session.identity_map.values():
        # A changed row stays on purpose: its flush is refused, where expunging would lose the change in silence.
        if isinstance(row, Belongs) and row.account_id != account_id and row not in session.dirty:
            session.expunge(row)
    session.info["scope"] = Scope.own(account_id)
    _tell_postgres(session.connection(), session.info["scope"])


def _engine(url: str, pool_size: int) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": 5.0, "check_same_thread": False}, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.get_backend_name() == "postgresql":
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_size=pool_size, pool_pre_ping=True, hide_parameters=True
        )
    raise ValueError(f"the shop runs on sqlite or postgresql, not on {parsed.get_backend_name()!r}")


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own transaction handling starts transactions late and as readers; ours starts them (see below).
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    changing = connection.get_execution_options().get("countersign_changing", False)
    # With a deferred BEGIN, 125 of 160 concurrent read-modify-write transactions were lost in a test of ours.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if changing else "BEGIN")


def _tell_postgres(connection: Connection, scope: Scope) -> None:
    """Pass the scope on to row-level security; the settings end with the transaction (``is_local``)."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text(
                "SELECT set_config('countersign.account', :account, true), set_config('countersign.scope', :kind, true)"
            ),
            {"account": str(scope.account_id or ""), "kind": "house" if scope.is_house else "own"},
        )


def _scope(session: Session) -> Scope:
    scope = session.info.get("scope")
    if not isinstance(scope, Scope):
        raise OutOfScope("a session without a scope may not touch owned rows: use Database.begin() or Database.read()")
    return scope


def _guard_reads(state: ORMExecuteState) -> None:
    """The second wall under the owner-scoped finders: a criterion on every statement that names an owned model.

    It does not see textual SQL, statements given to the connection, and the ``bulk_*`` methods of a session; those
    are for look-ups which must not know an owner yet, and on PostgreSQL row-level security stands behind them too.
    """
    scope = _scope(state.session)
    if state.session.info.get("only_looks"):
        _lock_nothing(state)
    if scope.is_house:
        return
    _refuse_what_takes_no_criterion(state)
    if not state.is_orm_statement:
        return
    owner = scope.account_id
    state.statement = state.statement.options(
        with_loader_criteria(Belongs, lambda model: model.account_id == owner, include_aliases=True)
    )


def _lock_nothing(state: ORMExecuteState) -> None:
    statement = cast(Any, state.statement)
    if state.is_select and getattr(statement, "_for_update_arg", None) is not None:
        statement = statement._generate()
        statement._for_update_arg = None
        state.statement = statement


def _refuse_what_takes_no_criterion(state: ORMExecuteState) -> None:
    statement = cast(Any, state.statement)
    mapper = state.bind_mapper
    if state.is_orm_statement and mapper is not None and issubclass(mapper.class_, Belongs):
        gives_away = state.is_update and any(column.key == "account_id" for column in statement._values or ())
        if state.is_insert or gives_away or (state.is_update and state.parameters):
            raise OutOfScope(f"rows of {mapper.class_.__name__} are added and given away through the session only")
    for part in visitors.iterate(statement):
        # A Core statement, or a Core select inside another statement, may not name an owned table at all.
        if isinstance(part, Select | UpdateBase) and part._propagate_attrs.get("compile_state_plugin") != "orm":
            _refuse_owned_tables(part)


def _refuse_owned_tables(statement: ClauseElement) -> None:
    named = {part for part in visitors.iterate(statement) if isinstance(part, Table)}
    for table in named & _owned_tables() if named else ():
        raise OutOfScope(f"{table.name} belongs to somebody: ask for it through its model, named in select_from()")


def _owned_tables() -> set[Table]:
    found: set[Table] = set()
    classes: list[type] = list(Belongs.__subclasses__())
    while classes:
        model = classes.pop()
        classes += model.__subclasses__()
        mapper: Mapper[Any] | None = inspect(model, raiseerr=False)
        found |= {table for table in mapper.tables if isinstance(table, Table)} if mapper is not None else set()
    return found


def _guard_writes(session: Session, _context: object, _instances: Sequence[object] | None) -> None:
    scope = _scope(session)
    if scope.is_house:
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, Belongs) and row.account_id != scope.account_id:
            raise OutOfScope(f"a row of {type(row).__name__} belongs to another account than the session's")


def _guard_commit(session: Session) -> None:
    # The desk raises this flag while a handler runs: what a handler does is committed with its audit event or not.
    if session.info.get("may_not_commit"):
        raise OutOfScope("a handler may not commit: the desk does, together with the audit event")
