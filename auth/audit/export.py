"""Writes the log as JSON lines that anyone can check with SHA-256 and the public verifier key alone."""

from collections.abc import Callable
from typing import TextIO

from sqlalchemy.orm import Session

from auth.audit.entry import JSON, canonical_json
from auth.audit.stored import UNREADABLE, Stored, head_row, pages


def export(
    session: Session,
    out: TextIO,
    *,
    checkpoint: str | None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write every entry as one line and the newest checkpoint note as the last; returns the number of entries.

    A line holds every column and ``leaf_hash`` in hex: without that key, and in canonical JSON (sorted keys, no
    spaces, UTF-8), it is the leaf that was hashed behind a 0x00 byte (RFC 9162 §2.1.1). ``progress`` is told
    (entries done, entries in all).
    """
    head, count = head_row(session), 0
    for page in pages(session):
        out.writelines(_line(stored) + "\n" for stored in page)
        count += len(page)
        if progress is not None:
            progress(count, max(count, head[0] if head else 0))
    out.write(canonical_json({"checkpoint": checkpoint, "entries": count}) + "\n")
    return count


def _line(stored: Stored) -> str:
    try:
        return canonical_json(_told(stored) | {"leaf_hash": stored.leaf.hex()})
    except UNREADABLE:
        # A row that was tampered with beyond reading is still named, so that the export has no silent hole.
        return canonical_json({"seq": stored.seq, "leaf_hash": stored.leaf.hex(), "unreadable": True})


def _told(stored: Stored) -> dict[str, JSON]:
    if stored.columns is None:
        raise ValueError("a column is unreadable")
    return stored.columns.told(stored.seq)
