"""Where an account's parcels go: addresses under a label, sealed, and named by a handle such as ``address:office``."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.actor import Actor
from auth.database import Base, Owned, UtcDateTime, new_id
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Card, Facts, Room
from auth.vault import Sealed, Vault
from shop.commands import ListAddresses, RemoveAddress, SaveAddress
from shop.views import AddressList, AddressView

SEALED = ("label", "recipient", "street", "postcode", "city")


class Address(Base, Owned):
    """One of an account's own addresses; everything but the country (ISO 3166 alpha-2) is sealed."""

    __tablename__ = "addresses"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    label: Mapped[bytes | None] = mapped_column(Sealed)
    recipient: Mapped[bytes | None] = mapped_column(Sealed)
    street: Mapped[bytes | None] = mapped_column(Sealed)
    postcode: Mapped[bytes | None] = mapped_column(Sealed)
    city: Mapped[bytes | None] = mapped_column(Sealed)
    country: Mapped[str] = mapped_column(String(2))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


def address_handle(label: str) -> str:
    """What its owner calls an address: ``address:`` and the label in lower case, words joined by dashes."""
    return "address:" + (re.sub(r"[\W_]+", "-", label.casefold()).strip("-") or "unnamed")


def find_addresses(session: Session, account_id: UUID | None) -> Sequence[Address]:
    """An account's addresses, oldest first."""
    if account_id is None:
        return ()
    return session.scalars(select(Address).where(Address.account_id == account_id).order_by(Address.id)).all()


def find_address(session: Session, account_id: UUID | None, handle: str, *, vault: Vault) -> Address | None:
    """An account's own address by its handle or label; locked where the database locks rows."""
    wanted = address_handle(handle.strip().casefold().removeprefix("address:"))
    for address in find_addresses(session, account_id):
        if address_handle(vault.open(session, address, "label")) == wanted:
            session.refresh(address, with_for_update=True)
            return address
    return None


def address_views(session: Session, account_id: UUID | None, *, vault: Vault) -> tuple[AddressView, ...]:
    """An account's addresses for its owner's eyes, by label."""
    views = (address_view(session, address, vault=vault) for address in find_addresses(session, account_id))
    return tuple(sorted(views, key=lambda view: view.handle))


def address_view(session: Session, address: Address, *, vault: Vault) -> AddressView:
    """An address for its owner's eyes."""
    label = vault.open(session, address, "label")
    return AddressView(address_handle(label), label, postal_lines(session, address, vault=vault))


def postal_lines(session: Session, row: Owned, *, vault: Vault) -> tuple[str, ...]:
    """Recipient, street, postcode with city, country: of an address, or of an order's copy of one.

    Of an order whose owner has left only the country is there, which the books need.
    """
    recipient, street, postcode, city = (vault.open(session, row, column) for column in SEALED[1:])
    lines = (recipient, street, f"{postcode} {city}".strip(), str(getattr(row, "country", "")))
    return tuple(line for line in lines if line)


def copy_address(session: Session, address: Address, row: Owned, *, vault: Vault) -> None:
    """Seal a copy of an address into another row with the same columns, as an order keeps it."""
    for column in SEALED:
        vault.seal(session, row, column, vault.open(session, address, column))
    row.country = address.country  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Book:
    """An account's own addresses, and the one that a command names, if there is one."""

    account_id: UUID | None
    address: Address | None = None


def address_rooms(vault: Vault) -> tuple[Room[Any], ...]:
    """The rooms of this file."""
    book = AddressBook(vault)
    return (
        Room(ListAddresses, Effect.READ, book.find_book, book.book_facts, book.list_all),
        Room(
            SaveAddress,
            Effect.WRITE,
            find=book.find_same_label,
            facts=book.book_facts,
            handle=book.save,
            verify=book.is_saved,
            card=book.saving_card,
            says=lambda result: "The address is saved.",
        ),
        Room(
            RemoveAddress,
            Effect.WRITE,
            find=book.find_own,
            facts=book.removing_facts,
            handle=book.remove,
            verify=book.is_removed,
            card=book.removing_card,
            says=lambda result: "The address is removed. Orders already placed keep theirs.",
        ),
    )


@dataclass(frozen=True, slots=True)
class AddressBook:
    """Listing, saving and removing one's own addresses."""

    vault: Vault

    # ListAddresses

    def find_book(self, session: Session, actor: Actor, command: ListAddresses) -> Book:
        return Book(actor.account_id)

    def book_facts(self, session: Session, actor: Actor, command: ListAddresses | SaveAddress, book: Book) -> Facts:
        """What is replaced belongs to what a person confirms."""
        owner = str(book.account_id or "nobody")
        before = [] if book.address is None else list(postal_lines(session, book.address, vault=self.vault))
        return Facts(Entity("Account", owner, {"owner": owner}), snapshot={"replaces": [*before]})

    def list_all(self, session: Session, grant: Grant[ListAddresses]) -> AddressList:
        return AddressList(address_views(session, grant.actor.account_id, vault=self.vault))

    # SaveAddress

    def find_same_label(self, session: Session, actor: Actor, command: SaveAddress) -> Book:
        return Book(actor.account_id, find_address(session, actor.account_id, command.label, vault=self.vault))

    def saving_card(self, session: Session, command: SaveAddress, book: Book) -> Card:
        verb = "Save" if book.address is None else "Replace"
        lines = [("Recipient", command.recipient), ("Street", command.street)]
        lines += [("City", f"{command.postcode} {command.city}"), ("Country", command.country)]
        if book.address is not None:
            lines.append(("Replaces", ", ".join(postal_lines(session, book.address, vault=self.vault))))
        return Card(f"{verb} the address “{command.label}”", tuple(lines))

    def save(self, session: Session, grant: Grant[SaveAddress]) -> Mapping[str, Json]:
        address = find_address(session, grant.account_id, grant.command.label, vault=self.vault)
        if address is None:
            address = Address(id=new_id(grant.at), account_id=grant.account_id, created_at=grant.at)
            session.add(address)
        address.country = grant.command.country
        for column in SEALED:
            self.vault.seal(session, address, column, getattr(grant.command, column))
        return {"address": str(address.id)}

    def is_saved(self, session: Session, grant: Grant[SaveAddress], result: Mapping[str, Json]) -> bool:
        address = find_address(session, grant.account_id, grant.command.label, vault=self.vault)
        if address is None or address.country != grant.command.country:
            return False
        return all(self.vault.open(session, address, c) == getattr(grant.command, c) for c in SEALED)

    # RemoveAddress

    def find_own(self, session: Session, actor: Actor, command: RemoveAddress) -> Address | None:
        return find_address(session, actor.account_id, command.address, vault=self.vault)

    def removing_facts(self, session: Session, actor: Actor, command: RemoveAddress, address: Address) -> Facts:
        lines = postal_lines(session, address, vault=self.vault)
        return Facts(
            Entity("Address", str(address.id), {"owner": str(address.account_id)}), snapshot={"address": [*lines]}
        )

    def removing_card(self, session: Session, command: RemoveAddress, address: Address) -> Card:
        view = address_view(session, address, vault=self.vault)
        return Card(f"Remove the address “{view.label}”", (("Address", ", ".join(view.lines)),))

    def remove(self, session: Session, grant: Grant[RemoveAddress]) -> Mapping[str, Json]:
        address = find_address(session, grant.account_id, grant.command.address, vault=self.vault)
        if address is None:
            raise LookupError("the address was there a moment ago")
        session.delete(address)
        return {"address": str(address.id)}

    def is_removed(self, session: Session, grant: Grant[RemoveAddress], result: Mapping[str, Json]) -> bool:
        return find_address(session, grant.account_id, grant.command.address, vault=self.vault) is None
