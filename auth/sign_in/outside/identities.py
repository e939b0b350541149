"""Outside identities that belong to accounts: one row for each, found by a keyed hash of issuer and subject.

The hash does not tell who somebody is elsewhere; what is shown to the owner (the address or name there) is sealed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, Select, String, delete, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, Owned, UtcDateTime, new_id
from auth.vault import Sealed, Vault


class OutsideIdentity(Base, Owned):
    """An identity elsewhere that signs in to an account. ``provider`` is the key under which it was linked."""

    __tablename__ = "outside_identities"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(String(32))
    subject_tag: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    shown_as: Mapped[bytes | None] = mapped_column(Sealed)
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a provider has proved: ``subject`` at ``issuer``. What it says of e-mail and name is hearsay to the shop.

    ``is_address_proved`` is true only where the provider says in so many words that it has checked the address.
    """

    provider: str
    issuer: str
    subject: str
    email: str = ""
    is_address_proved: bool = False
    name: str = ""

    def tag(self, vault: Vault) -> bytes:
        """The name of this identity in the table; a line break can stand in neither part."""
        return vault.tag("outside:identity", f"{self.issuer}\n{self.subject}")

    @property
    def shown_as(self) -> str:
        return (self.email or self.name or self.subject)[:254]


@dataclass(frozen=True, slots=True)
class IdentityLine:
    """One line of the list on the security page."""

    identity_id: UUID
    provider: str
    shown_as: str
    linked_at: datetime
    last_used_at: datetime


def find_account_id_by_identity(session: Session, tag: bytes) -> UUID | None:
    """The account an identity belongs to: a look-up before anybody is known (docs/decisions/0008), with one key."""
    if session.get_bind().dialect.name == "postgresql":
        found = session.scalar(text("SELECT countersign_account_by_outside_identity(:tag)"), {"tag": tag})
    else:
        found = session.scalar(text("SELECT account_id FROM outside_identities WHERE subject_tag = :tag"), {"tag": tag})
    return found if found is None or isinstance(found, UUID) else UUID(str(found))


def add_identity(session: Session, vault: Vault, account_id: UUID, identity: Identity, *, now: datetime) -> None:
    """Give the account this identity. IntegrityError when it has an account already."""
    row = OutsideIdentity(
        id=new_id(now),
        account_id=account_id,
        provider=identity.provider,
        subject_tag=identity.tag(vault),
        linked_at=now,
        last_used_at=now,
    )
    vault.seal(session, row, "shown_as", identity.shown_as)
    session.add(row)
    session.flush()


def note_use(session: Session, tag: bytes, *, now: datetime) -> None:
    """Note that the identity has signed in."""
    session.execute(update(OutsideIdentity).where(OutsideIdentity.subject_tag == tag).values(last_used_at=now))


def lines_of(session: Session, vault: Vault, account_id: UUID) -> Sequence[IdentityLine]:
    """The account's identities, the one linked first at the top."""
    rows = session.scalars(_of(account_id).order_by(OutsideIdentity.linked_at, OutsideIdentity.id))
    return [
        IdentityLine(row.id, row.provider, vault.open(session, row, "shown_as"), row.linked_at, row.last_used_at)
        for row in rows
    ]


def find_identity(session: Session, account_id: UUID, identity_id: UUID) -> OutsideIdentity | None:
    """One identity of this account; ``None`` when it is not there, which somebody else's is not either."""
    return session.scalar(_of(account_id).where(OutsideIdentity.id == identity_id))


def remove_identities(session: Session, account_id: UUID) -> None:
    """Take every identity away from an account."""
    session.execute(delete(OutsideIdentity).where(OutsideIdentity.account_id == account_id))


def _of(account_id: UUID) -> Select[OutsideIdentity]:
    return select(OutsideIdentity).where(OutsideIdentity.account_id == account_id)
