"""Reads the log as it lies in the database, tampered or not: a value that can't be read never stops the auditor."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from auth.audit import tree
from auth.audit.entry import AuditEntry, AuditHead, Columns

# What a column type raises for a value that the log can't have written, such as text where a UUID belongs.
UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)
_PAGE = 2000


@dataclass(frozen=True, slots=True)
class Stored:
    """A row as read: its place, its 32-byte hash, and its columns, None when one of them is unreadable.

    An unreadable hash is given as zeros, which no entry has.
    """

    seq: int
    leaf: bytes
    columns: Columns | None

    def stands_at(self, seq: int) -> bool:
        """Whether the stored hash is the hash of the columns standing at ``seq``."""
        try:
            return self.columns is not None and self.columns.leaf_hash(seq) == self.leaf
        except UNREADABLE:
            return False


def pages(session: Session) -> Iterator[list[Stored]]:
    """All entries by seq, a page at a time. Core rows, because an ORM object for each would double the time."""
    query = select(
        AuditEntry.seq,
        AuditEntry.leaf_hash,
        AuditEntry.at,
        AuditEntry.kind,
        AuditEntry.account_id,
        AuditEntry.command_id,
        AuditEntry.channel,
        AuditEntry.body,
    ).order_by(AuditEntry.seq)
    page = _page(session, query.limit(_PAGE))
    while page:
        yield page
        page = _page(session, query.where(AuditEntry.seq > page[-1].seq).limit(_PAGE))


def head_row(session: Session) -> tuple[int, bytes] | None:
    """Size and peaks as stored, None when there is no head; an unreadable head has size -1."""
    query = select(AuditHead.size, AuditHead.frontier).where(AuditHead.id == 1)
    try:
        row = session.connection().execute(query).one_or_none()
    except UNREADABLE:
        return -1, b""
    if row is None:
        return None
    return (row[0], row[1]) if isinstance(row[0], int) and isinstance(row[1], bytes) else (-1, b"")


def _page(session: Session, query: Select[*tuple[Any, ...]]) -> list[Stored]:
    try:
        return [_stored(*row) for row in session.connection().execute(query)]
    except UNREADABLE:
        # One tampered value makes the whole page unreadable: its rows are then read one by one.
        seqs = session.connection().execute(query.with_only_columns(AuditEntry.seq)).scalars().all()
        return [_one(session, query, seq) for seq in seqs]


def _one(session: Session, query: Select[*tuple[Any, ...]], seq: int) -> Stored:
    try:
        return _stored(*session.connection().execute(query.where(AuditEntry.seq == seq)).one())
    except UNREADABLE:
        return Stored(seq, _hash_alone(session, seq), None)


def _hash_alone(session: Session, seq: int) -> bytes:
    query = select(AuditEntry.leaf_hash).where(AuditEntry.seq == seq)
    try:
        return _whole(session.connection().execute(query).scalar_one())
    except UNREADABLE:
        return bytes(tree.HASH_SIZE)


def _stored(seq: int, leaf: object, *columns: Any) -> Stored:
    return Stored(seq, _whole(leaf), Columns(*columns))


def _whole(stored: object) -> bytes:
    return stored if isinstance(stored, bytes) and len(stored) == tree.HASH_SIZE else bytes(tree.HASH_SIZE)
