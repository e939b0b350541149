"""The handshake between leaving for a provider and coming back: a short signed text in a cookie of its own, good once.

The text holds nothing secret. ``state``, ``nonce`` and the PKCE verifier are computed from its id with a key that only
the shop has, so reading the cookie is no way to any of them. It is bound to the browser's session: planted in somebody
else's browser it opens nothing (login CSRF, RFC 9700 §4.7; cookie tossing).
"""

import base64
import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import LargeBinary, delete
from sqlalchemy.dialects.postgresql import insert as insert_on_postgres
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, UtcDateTime
from auth.sign_in.sessions import token_hash
from auth.vault import Vault

LASTS = timedelta(minutes=10)
LONGEST = 3000


class Purpose(StrEnum):
    SIGN_IN = "sign_in"
    LINK = "link"


class SpentHandshake(Base):
    """A handshake that came back. Its row is what makes a second coming back, or a replayed answer, worthless."""

    __tablename__ = "spent_handshakes"

    id_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class Handshake:
    """``session`` is the id of the browser's session at the start; ``token`` a mailed one that confirms an address."""

    id: str
    provider: str
    purpose: str
    session: str
    next_page: str
    ends_at: int
    token: str = ""


@dataclass(frozen=True, slots=True)
class Proofs:
    """What only this handshake and the shop have in common: random to everybody else, 256 bits each."""

    state: str
    nonce: str
    verifier: str


def begin(
    *, provider: str, purpose: Purpose, session_id: UUID, next_page: str, now: datetime, token: str = ""
) -> Handshake:
    """A handshake nobody has had before."""
    ends_at = int((now + LASTS).timestamp())
    return Handshake(secrets.token_urlsafe(24), provider, purpose.value, session_id.hex, next_page, ends_at, token)


def proofs(vault: Vault, handshake: Handshake) -> Proofs:
    """``state``, ``nonce`` and verifier of this handshake, the same each time they are asked for."""
    state, nonce, verifier = (
        _text(vault.tag(f"outside:{what}", handshake.id)) for what in ("state", "nonce", "verifier")
    )
    return Proofs(state, nonce, verifier)


def write(vault: Vault, handshake: Handshake) -> str:
    """The signed text for the cookie."""
    body = _text(json.dumps(asdict(handshake), separators=(",", ":")).encode())
    return f"{body}.{_signature(vault, body)}"


def read(vault: Vault, text: str | None) -> Handshake | None:
    """The handshake in a cookie; ``None`` for one that the shop has not signed. Its end is not looked at here."""
    body, dot, signature = (text or "")[:LONGEST].partition(".")
    if not dot or not body.isascii() or not hmac.compare_digest(signature.encode(), _signature(vault, body).encode()):
        return None
    # Signed by the shop, so it has the form that the shop gave it.
    return Handshake(**json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


def has_ended(handshake: Handshake, *, now: datetime) -> bool:
    return now.timestamp() >= handshake.ends_at


def is_answer(vault: Vault, handshake: Handshake, state: str) -> bool:
    """Whether an answer's ``state`` belongs to this handshake."""
    return hmac.compare_digest(state.encode("utf-8", "replace"), proofs(vault, handshake).state.encode())


def spend(session: Session, handshake: Handshake) -> bool:
    """Use the handshake up; ``False`` when it was used before, by another request at this moment included."""
    insert = insert_on_postgres if session.get_bind().dialect.name == "postgresql" else insert_on_sqlite
    ends_at = datetime.fromtimestamp(handshake.ends_at, tz=UTC)
    row = insert(SpentHandshake).values(id_hash=token_hash(handshake.id), ends_at=ends_at)
    spent = session.execute(row.on_conflict_do_nothing().returning(SpentHandshake.id_hash)).first()
    return spent is not None


def forget_handshakes(session: Session, *, before: datetime) -> None:
    """Forget those that would have ended before this: they are refused for their age."""
    session.execute(delete(SpentHandshake).where(SpentHandshake.ends_at < before))


def _signature(vault: Vault, body: str) -> str:
    return _text(vault.tag("outside:handshake", body))


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
