"""Why somebody could not be signed in from elsewhere: one word for the record, and a page of plain words for each."""

from enum import StrEnum


class Trouble(StrEnum):
    """``cancelled`` to ``unsound`` come from the provider, the others from the shop's own handshake and record."""

    CANCELLED = "cancelled"
    PROVIDER_ERROR = "provider_error"
    PROVIDER_DOWN = "provider_down"
    UNSOUND = "unsound"
    NO_ADDRESS = "no_address"
    NO_HANDSHAKE = "no_handshake"
    EXPIRED = "expired"
    USED = "used"
    MISMATCH = "mismatch"
    WRONG_ISSUER = "wrong_issuer"
    OTHER_SESSION = "other_session"
    KNOWN_ADDRESS = "known_address"
    BELONGS_TO_ANOTHER = "belongs_to_another"
    CLOSED = "closed"


class OutsideTrouble(Exception):
    """Raised within this folder only; whoever is outside gets :class:`Trouble` as a value. ``why`` is for the log."""

    def __init__(self, trouble: Trouble, why: str) -> None:
        super().__init__(why)
        self.trouble = trouble
        self.why = why
