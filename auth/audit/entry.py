"""What the log holds: events as they are told, entries as they are stored, and the exact bytes that are hashed.

Entries hold references and salted commitments, never personal data: they can't be erased later, by design.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from auth.audit import tree
from auth.database import Base, UtcDateTime

JSON: TypeAlias = "None | bool | int | str | Sequence[JSON] | Mapping[str, JSON]"
PREVIOUS = "prev"  # The body key that links an event to the one before it of the same command.
_DEEPEST = 32
_SHORTEST_SALT = 16
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as the caller tells it; the log adds its place and its link.

    ``at`` is aware. ``account_id`` is the account it concerns, ``command_id`` chains the steps of one command,
    ``body`` holds JSON without floats. ValueError for a naive time, a float, a foreign type, a key ``prev``,
    or nesting deeper than 32.
    """

    kind: str
    at: datetime
    account_id: UUID | None
    command_id: UUID | None
    channel: str
    body: Mapping[str, JSON]

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("an event without a time zone can't be put in order")
        if PREVIOUS in self.body:
            raise ValueError(f"{PREVIOUS!r} is the log's own key: it links the steps of a command")
        # A private copy, so that what was checked here is what is hashed later.
        object.__setattr__(self, "body", _plain(self.body, 0))


class AuditEntry(Base):
    """One leaf of the log. ``seq`` is its 0-based place, given by the log; ``body`` is canonical JSON text."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_account_id_seq", "account_id", "seq"),
        Index("ix_audit_entries_command_id_seq", "command_id", "seq"),
    )

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(80))
    # No foreign keys: the record of an account or a command outlives it.
    account_id: Mapped[UUID | None] = mapped_column(Uuid)
    command_id: Mapped[UUID | None] = mapped_column(Uuid)
    channel: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary(tree.HASH_SIZE))

    def facts(self) -> dict[str, JSON]:
        """The body as it was told, with ``prev`` for an event of a command."""
        told: dict[str, JSON] = json.loads(self.body)
        return told


class AuditHead(Base):
    """The single row (id 1) that writers queue at: how many entries there are, and the frontier over them."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    frontier: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class Columns:
    """The hashed columns of one entry, wherever they come from: a new event, or a stored row that is checked."""

    at: datetime
    kind: str
    account_id: UUID | None
    command_id: UUID | None
    channel: str
    body: str

    def leaf_hash(self, seq: int) -> bytes:
        """The leaf hash (RFC 9162 §2.1.1) of these columns standing at ``seq``."""
        return tree.leaf_hash(canonical_json(self.told(seq)).encode())

    def told(self, seq: int) -> dict[str, JSON]:
        """The JSON object that is hashed. Every column is in it, so that an edit of any column shows."""
        return {
            "account_id": None if self.account_id is None else str(self.account_id),
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "body": self.body,
            "channel": self.channel,
            "command_id": None if self.command_id is None else str(self.command_id),
            "kind": self.kind,
            "seq": seq,
        }


def canonical_json(value: JSON) -> str:
    """JSON with sorted keys, no spaces and no escapes beyond the necessary, always encodable as UTF-8."""
    # A lone surrogate can be typed by an attacker; it becomes "?" because a refusal must be recorded all the same.
    return _encode(value).encode("utf-8", "replace").decode()


def commitment(value: str, salt: bytes) -> str:
    """A salted commitment to personal data that an entry refers to without holding it: ``hmac-sha256:`` and hex.

    Whoever is shown value and salt can check it; once the salt is destroyed it says nothing. The salt has 16 random
    bytes or more (ValueError): an unsalted hash of an e-mail address is found by trying addresses.
    """
    if len(salt) < _SHORTEST_SALT:
        raise ValueError(f"a commitment needs a salt of at least {_SHORTEST_SALT} bytes")
    return "hmac-sha256:" + hmac.new(salt, value.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _plain(value: object, depth: int) -> JSON:
    """The value as plain dicts and lists; ValueError for what has no exact JSON form here."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if depth >= _DEEPEST:
        raise ValueError(f"an event's body may not nest deeper than {_DEEPEST}")
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, float):
        raise ValueError("an event's body holds no floats: money is whole minor units, time is text")
    raise ValueError(f"an event's body can't hold a {type(value).__name__}")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise ValueError("the keys of an event's body are text")
    return key
