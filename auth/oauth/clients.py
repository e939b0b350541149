"""The programs that may ask a customer for leave. The operator registers them; nobody registers themselves.

A *public* program (a phone, a desktop) has no secret; a *confidential* one runs on a server and has; a *service* works
for the shop itself, with client credentials and for no customer.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from sqlalchemy import LargeBinary, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.actor import Channel
from auth.database import Base, UtcDateTime
from auth.oauth.noted import note
from auth.oauth.secrets import hash_of, is_secret, new_client_secret

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# The audit log names who acted by their id, so nobody else may have the shop's own assistant's.
RESERVED = frozenset({"assistant", "shop", "house", "countersign"})
_ID = re.compile(r"[a-z][a-z0-9-]{2,39}")
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")


class Kind(StrEnum):
    """What a program can keep secret, and for whom it works."""

    PUBLIC = "public"
    CONFIDENTIAL = "confidential"
    SERVICE = "service"


class ClientRefused(ValueError):
    """The program can't be registered so; the sentence says what to change."""


class Client(Base):
    """A registered program. ``tokens_from``: what was issued before is not believed any more (services only)."""

    __tablename__ = "oauth_clients"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(16))
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    redirect_uris: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(String(400))
    homepage: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tokens_from: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def redirects(self) -> tuple[str, ...]:
        return tuple(json.loads(self.redirect_uris))

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(self.scope.split())

    @property
    def digest(self) -> str:
        """SHA-256 of what the program was registered as: the second half of its ``act`` in every record."""
        made_of = json.dumps([self.id, self.name, self.kind, sorted(self.redirects), sorted(self.scopes)])
        return hashlib.sha256(made_of.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Added:
    """A new program, and its secret, which is shown this once."""

    client: Client
    secret: str


def add_client(
    session: Session,
    client_id: str,
    *,
    name: str,
    kind: Kind,
    redirects: Sequence[str],
    scopes: Sequence[str],
    homepage: str = "",
    now: datetime,
) -> Added:
    """Register a program. :class:`ClientRefused` says what is wrong with what it is to be."""
    _check(client_id, name, kind, redirects)
    if session.get(Client, client_id) is not None:
        raise ClientRefused(f"There is a program called {client_id} already.")
    secret = "" if kind is Kind.PUBLIC else new_client_secret()
    client = Client(
        id=client_id,
        name=name,
        kind=kind.value,
        secret_hash=hash_of(secret) if secret else None,
        redirect_uris=json.dumps(list(redirects)),
        scope=" ".join(dict.fromkeys(scopes)),
        homepage=homepage,
        created_at=now,
    )
    session.add(client)
    session.flush()
    note(
        session,
        "client.added",
        at=now,
        account_id=None,
        channel=Channel.HOUSE,
        client=client_id,
        of_kind=kind.value,
        digest=client.digest,
    )
    return Added(client, secret)


def disable_client(session: Session, client_id: str, *, now: datetime) -> bool:
    """Stop a program for good. What it holds is worth nothing at its next call; ``False`` when there is none."""
    client = session.get(Client, client_id)
    if client is None or client.disabled_at is not None:
        return False
    client.disabled_at = now
    note(session, "client.disabled", at=now, account_id=None, channel=Channel.HOUSE, client=client_id)
    return True


def could_be_id(text: str) -> bool:
    """Whether a program could have this id; what could not is not looked for (PostgreSQL refuses a NUL in a text)."""
    return _ID.fullmatch(text) is not None


def find_client(session: Session, client_id: str) -> Client | None:
    """A program that may work: registered and not disabled."""
    client = session.get(Client, client_id) if could_be_id(client_id) else None
    return client if client is not None and client.disabled_at is None else None


def list_clients(session: Session) -> Sequence[Client]:
    return session.scalars(select(Client).order_by(Client.created_at, Client.id)).all()


def proves_itself(client: Client, secret: str | None) -> bool:
    """Whether the secret is right; a public program has none, and may not pretend to."""
    if client.secret_hash is None:
        return client.kind == Kind.PUBLIC and secret is None
    return secret is not None and is_secret(secret, client.secret_hash)


def _check(client_id: str, name: str, kind: Kind, redirects: Sequence[str]) -> None:
    if _ID.fullmatch(client_id) is None or client_id in RESERVED:
        raise ClientRefused("An id has 3 to 40 small letters, digits and hyphens, and is none of the shop's own names.")
    if not name.strip() or len(name) > 60 or not name.isprintable():
        raise ClientRefused("A name has 1 to 60 printable characters: people read it when they are asked.")
    if kind is Kind.SERVICE and redirects:
        raise ClientRefused("A service asks no customer, so it has no address to send one back to.")
    if kind is not Kind.SERVICE and not redirects:
        raise ClientRefused("Where are people to be sent back to? Give at least one address.")
    for uri in redirects:
        _check_redirect(uri)


def _check_redirect(uri: str) -> None:
    parts = urlsplit(uri)
    is_web = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    # RFC 8252 §7.1: a scheme that an app makes up is a reversed domain name, so that two apps don't share one.
    is_app = _PRIVATE_SCHEME.fullmatch(parts.scheme) is not None
    is_whole = (is_web and bool(parts.netloc)) or is_app
    if not is_whole or parts.fragment or parts.username or not uri.isascii() or not uri.isprintable() or "*" in uri:
        raise ClientRefused(
            f"{uri} can't be an address to go back to: https, http on loopback, or an app's own scheme "
            "(com.example.app:/back), without a fragment or a wildcard."
        )
