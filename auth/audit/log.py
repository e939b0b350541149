"""The log itself: events are appended inside the transaction they tell about, in one order, linked and hashed.

Committed together with the change or not at all; the signed checkpoints (:mod:`auth.audit.witness`) come after.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth.audit import tree
from auth.audit.entry import PREVIOUS, AuditEntry, AuditHead, Columns, Event, canonical_json
from auth.audit.witness import Observation, Witness

_HEAD_ID = 1

# The statements are built once: they are immutable, and building them anew took a third of an append.
_HEAD = select(AuditHead.size, AuditHead.frontier).where(AuditHead.id == _HEAD_ID)
_LOCKED_HEAD = _HEAD.with_for_update()
_FIRST_HEAD = insert(AuditHead).values(id=_HEAD_ID, size=0, frontier=b"")
_MOVE_HEAD = update(AuditHead).where(AuditHead.id == _HEAD_ID).values(size=bindparam("to"), frontier=bindparam("peaks"))
_INSERT = insert(AuditEntry)
_LATEST = select(func.max(AuditEntry.seq)).where(AuditEntry.command_id == bindparam("command"))


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Proof that the entry at ``seq`` stands in the log of ``size`` entries (RFC 9162 §2.1.3.1)."""

    seq: int
    size: int
    leaf_hash: bytes
    path: tuple[bytes, ...]

    def verifies(self, root: bytes) -> bool:
        """Whether it leads to this root, which must come from a signed checkpoint of the same size."""
        return tree.verify_inclusion(self.leaf_hash, self.seq, self.size, self.path, root)


class AuditLog:
    """Appends, reads and proves entries; with a witness, also asks for checkpoints after commits."""

    def __init__(self, *, witness: Witness | None) -> None:
        self._witness = witness

    def append(self, session: Session, events: Sequence[Event]) -> list[AuditEntry]:
        """Record events in order as the last act of a changing transaction; returns them as detached entries.

        Writers queue at the head row from here to the commit, so nothing may be done in between. On SQLite the
        transaction must have begun with BEGIN IMMEDIATE.
        """
        if not events:
            return []
        # Waiting changes go to the database now, so that none of that work happens under the head's lock.
        session.flush()
        connection = session.connection()
        frontier = _lock_head(connection)
        rows = _rows(connection, events, frontier)
        connection.execute(_INSERT, rows)
        connection.execute(_MOVE_HEAD, {"to": frontier.size, "peaks": frontier.to_bytes()})
        if self._witness is not None:
            self._witness.note(len(rows))
        return [AuditEntry(**row) for row in rows]

    def checkpoint(
        self, open_read: Callable[[], AbstractContextManager[Session]], *, force: bool = False
    ) -> Observation | None:
        """Have the committed head signed outside the database when that is due, or at once with ``force``.

        Called after a commit, with no transaction open. ``open_read`` gives a session of its own, so that only what
        is committed can be signed. None when nothing was due. OSError when the folder can't be written.
        """
        if self._witness is None:
            return None
        return self._witness.maybe_checkpoint(lambda: self._committed_head(open_read), force=force)

    def head(self, session: Session) -> tree.Frontier:
        """The size and frontier as this session sees them."""
        row = session.connection().execute(_HEAD).one_or_none()
        return tree.Frontier() if row is None else tree.Frontier.from_bytes(row.size, row.frontier)

    def entries(
        self,
        session: Session,
        *,
        account_id: UUID | None = None,
        command_id: UUID | None = None,
        after: int | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> list[AuditEntry]:
        """Up to ``limit`` entries, oldest first unless asked otherwise. ``after`` is the seq where the last page ended.

        Without ``account_id`` the entries of every account are read: only staff and the auditor may ask that.
        """
        query = select(AuditEntry).limit(limit)
        query = query.order_by(AuditEntry.seq.desc() if newest_first else AuditEntry.seq)
        if account_id is not None:
            query = query.where(AuditEntry.account_id == account_id)
        if command_id is not None:
            query = query.where(AuditEntry.command_id == command_id)
        if after is not None:
            query = query.where(AuditEntry.seq < after if newest_first else AuditEntry.seq > after)
        return list(session.scalars(query))

    def prove(self, session: Session, seq: int, size: int) -> InclusionProof:
        """Proof of the entry at ``seq`` in the log of ``size`` entries; reads ``size`` hashes. IndexError outside."""
        query = select(AuditEntry.leaf_hash).where(AuditEntry.seq < size).order_by(AuditEntry.seq)
        leaves = tree.Tree(session.connection().execute(query).scalars())
        path = leaves.inclusion(seq, size)
        return InclusionProof(seq=seq, size=size, leaf_hash=leaves.leaf(seq), path=tuple(path))

    def _committed_head(self, open_read: Callable[[], AbstractContextManager[Session]]) -> tree.Frontier:
        with open_read() as session:
            return self.head(session)


def _lock_head(connection: Connection) -> tree.Frontier:
    row = connection.execute(_LOCKED_HEAD).one_or_none()
    if row is None:
        _create_head(connection)
        row = connection.execute(_LOCKED_HEAD).one()
    return tree.Frontier.from_bytes(row.size, row.frontier)


def _create_head(connection: Connection) -> None:
    # Two first writers may meet here on PostgreSQL: the second one's insert fails, and it queues like everybody.
    try:
        with connection.begin_nested():
            connection.execute(_FIRST_HEAD)
    except IntegrityError:
        pass


def _rows(connection: Connection, events: Sequence[Event], frontier: tree.Frontier) -> list[dict[str, object]]:
    """The events as table rows; the frontier grows by each."""
    latest: dict[UUID, int | None] = {}
    rows = list[dict[str, object]]()
    for event in events:
        seq = frontier.size
        columns = _columns(event, _link(connection, event, latest, seq))
        leaf = columns.leaf_hash(seq)
        frontier.append(leaf)
        rows.append({"seq": seq, "leaf_hash": leaf} | {name: getattr(columns, name) for name in columns.__slots__})
    return rows


def _link(connection: Connection, event: Event, latest: dict[UUID, int | None], seq: int) -> dict[str, int | None]:
    """``prev`` for an event of a command: the seq of the one before it, from this batch or from the index."""
    if event.command_id is None:
        return {}
    if event.command_id not in latest:
        latest[event.command_id] = connection.execute(_LATEST, {"command": event.command_id}).scalar_one()
    previous, latest[event.command_id] = latest[event.command_id], seq
    return {PREVIOUS: previous}


def _columns(event: Event, link: dict[str, int | None]) -> Columns:
    return Columns(
        at=event.at,
        kind=event.kind,
        account_id=event.account_id,
        command_id=event.command_id,
        channel=event.channel,
        body=canonical_json({**event.body, **link}),
    )
