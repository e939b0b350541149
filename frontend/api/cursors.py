"""Cursors: where a list goes on, signed for this list, this program and this customer. Nobody else's is taken.

A cursor is opaque to programs: it holds a place and 16 bytes of HMAC over the place and everything it is for.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from auth.vault import Vault
from frontend.api.problems import Problem

LONGEST = 300
_TAG = 16
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list. ``next`` is to be sent as ``cursor`` for what comes after; ``None`` at the end."""

    items: tuple[T, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Cursors:
    """``purpose`` names the list, with its filters, and whose it is."""

    vault: Vault
    purpose: str

    def write(self, place: str) -> str:
        raw = place.encode()
        return base64.urlsafe_b64encode(self._tag(raw) + raw).decode().rstrip("=")

    def read(self, cursor: str) -> str:
        """The place; :class:`Problem` for what this shop has not written for this list."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raw = b""
        tag, place = raw[:_TAG], raw[_TAG:]
        if len(tag) != _TAG or not hmac.compare_digest(tag, self._tag(place)):
            raise Problem("cursor", "Take the cursor as it came with the page before, for the same list and filters.")
        return place.decode()

    def _tag(self, place: bytes) -> bytes:
        return self.vault.tag("api cursor", f"{len(self.purpose)}:{self.purpose}{place.hex()}")[:_TAG]


def paged(
    cursors: Cursors, things: Sequence[Any], *, key: str, cursor: str, limit: int
) -> tuple[Sequence[Any], str | None]:
    """The part of a list after a cursor, and the next one. ``key`` names the attribute that tells things apart.

    The place is the last thing that was shown, so that something new at the front shows nothing twice.
    """
    start = _after(cursors.read(cursor), things, key) if cursor else 0
    part = things[start : start + limit]
    more = start + limit < len(things)
    return part, cursors.write(f"{start + limit}|{getattr(part[-1], key)}") if more else None


def _after(place: str, things: Sequence[Any], key: str) -> int:
    number, _, last = place.partition("|")
    known = next((n for n, thing in enumerate(things) if str(getattr(thing, key)) == last), None)
    return int(number) if known is None else known + 1
