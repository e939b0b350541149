"""The demo: a shop full of invented people and half a year of their orders, and a list of them for the sign-in page.

Everything here is unsafe by design: everybody has the same published password. So both doors of this file ask for a
:class:`DemoMode`, which the settings make in demo mode only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from uuid import UUID

import pyotp
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.accounts import Account, open_account
from auth.actor import Channel, Role
from auth.audit import Event, record
from auth.database import Database, Scope, new_id
from auth.sign_in.passwords import PasswordHasher
from auth.sign_in.totp import TotpFactor, current_code
from auth.vault import Vault
from shop.addresses import SEALED, Address
from shop.catalogue import Product
from shop.conversations import WAITING, Voice, append_message, start_conversation
from shop.demo_cases import write_cases
from shop.demo_orders import Home, Plan, charge_all, plan_orders, write_carrier_notes, write_order
from shop.demo_shelves import fill_baskets, make_products, read_data, write_reviews
from shop.orders import Order
from shop.payments import DemoGateway, PaymentGateway, PaymentMethod

DEMO_PASSWORD = "harbour-lantern-walk"  # noqa: S105 - published on purpose; see DemoMode
_TOKEN = "tok_demo_card"  # noqa: S105 - means something to the demo gateway only

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class DemoMode:
    """Proof that the shop runs as a demo. Only ``frontend.settings`` makes one, from the settings."""

    since: datetime


@dataclass(frozen=True, slots=True)
class DemoShop:
    """How many of each were made."""

    products: int
    variants: int
    customers: int
    clerks: int
    orders: int
    reviews: int
    conversations: int
    cases: int


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to sign in as. ``code`` is the one-time code of this moment."""

    name: str
    email: str
    role: str
    password: str
    code: str


def is_seeded(database: Database) -> bool:
    """Whether there is anything on the shelves."""
    with database.read(Scope.own(None)) as session:
        return session.scalar(select(Product.id).limit(1)) is not None


def has_demo_people(database: Database, vault: Vault) -> bool:
    """Whether somebody of the demo has an account here; outside demo mode the shop does not open then."""
    tags = [vault.email_tag(person["email"]) for group in _people().values() for person in group]
    with database.read(Scope.house("looking for the demo's people")) as session:
        return session.scalar(select(Account.id).where(Account.email_tag.in_(tags)).limit(1)) is not None


def seed(
    demo: DemoMode,
    database: Database,
    vault: Vault,
    *,
    gateway: PaymentGateway,
    hasher: PasswordHasher,
    clock: Callable[[], datetime],
    progress: Progress = lambda done, total: None,
    random_seed: int = 1968,
) -> DemoShop:
    """Fill an empty shop. The same ``random_seed`` gives the same shop; ids, keys and TOTP secrets are always fresh.

    ``progress`` is called with steps done and steps in all. :class:`ValueError` when the shop is not empty.
    """
    if is_seeded(database):
        raise ValueError("the demo fills an empty shop, and there is something on the shelves already")
    now, dice, people = clock(), Random(random_seed), _people()  # noqa: S311 - nothing secret comes from these dice
    products = make_products(dice, now)
    plans = plan_orders(products, len(people["customers"]), dice=dice)
    count = _counter(progress, total=2 * len(plans) + len(people["customers"]) + len(people["clerks"]))
    charged = list(map(count, charge_all(gateway, plans, token=_TOKEN, seeding=f"seed:{now.isoformat()}")))
    # Hashing is slow by design, so it happens before the write lock is taken.
    hashes = {person["email"]: count(hasher.hash(DEMO_PASSWORD)) for group in people.values() for person in group}
    with database.begin(Scope.house("seeding the demo")) as session:
        session.add_all(products)
        customers = [_move_in(session, vault, who, hashes, now) for who in people["customers"]]
        clerks = [_open(session, vault, who, hashes, role=Role.CLERK, now=now) for who in people["clerks"]]
        written = list[tuple[Plan, Order]]()
        for plan, paid in charged:
            homes = customers[plan.customer]
            home = homes[dice.randrange(len(homes))]
            order = count(write_order(session, vault, plan, charged=paid, home=home, now=now, dice=dice))
            written.append((plan, order))
        session.flush()
        cases = write_cases(session, vault, written, now=now)
        write_carrier_notes(session, vault, [order for _, order in written], read_data("carrier_notes.yaml"), now=now)
        owners = [homes[0].address.account_id for homes in customers]
        reviews = write_reviews(session, products, owners, people["customers"], dice=dice, now=now)
        fill_baskets(session, products, owners, now=now)
        conversations = _hand_over(session, vault, owners, now=now)
        variants = sum(len(product.variants) for product in products)
        made = DemoShop(len(products), variants, len(customers), len(clerks), len(plans), reviews, conversations, cases)
        told = {name: getattr(made, name) for name in DemoShop.__slots__}
        record(session, Event("shop.seeded", now, None, None, Channel.HOUSE.value, told))
    return made


def demo_people(session: Session, vault: Vault, demo: DemoMode, *, now: datetime) -> tuple[DemoPerson, ...]:
    """Everybody who was seeded: three customers, the clerks, then the others. People who registered are not listed.

    The session needs the scope of the house.
    """
    people = _people()
    order = [*people["customers"][:3], *people["clerks"], *people["customers"][3:]]
    tags = {vault.email_tag(person["email"]): n for n, person in enumerate(order)}
    found = session.scalars(select(Account).where(Account.email_tag.in_(tags))).all()
    shown = sorted(found, key=lambda account: tags.get(account.email_tag or b"", 0))
    return tuple(_shown(session, vault, account, now) for account in shown)


def _shown(session: Session, vault: Vault, account: Account, now: datetime) -> DemoPerson:
    return DemoPerson(
        name=vault.open(session, account, "name"),
        email=vault.open(session, account, "email"),
        role=account.role,
        password=DEMO_PASSWORD,
        code=current_code(session, vault, account.id, now=now) or "",
    )


# The people


def _move_in(
    session: Session, vault: Vault, who: Mapping[str, Any], hashes: Mapping[str, str], now: datetime
) -> list[Home]:
    """Open a customer's account with addresses and cards; orders may go to each address, paid with the first card."""
    account = _open(session, vault, who, hashes, role=Role.CUSTOMER, now=now)
    since = account.created_at
    addresses = list[Address]()
    for n, (label, street, postcode, city, country) in enumerate(who["addresses"]):
        at = since + timedelta(days=n)
        address = Address(id=new_id(at), account_id=account.id, country=country, created_at=at)
        values = (label, who["name"], street, str(postcode), city)
        for column, text in zip(SEALED, values, strict=True):
            vault.seal(session, address, column, text)
        addresses.append(address)
    methods = [
        PaymentMethod(
            id=new_id(since + timedelta(days=n)),
            account_id=account.id,
            brand=brand,
            last4=last4,
            # The card that ends in 0341 is declined, so that a visitor can see what happens then.
            token=DemoGateway.DECLINED if last4 == "0341" else _TOKEN,
            expires=expires,
        )
        for n, (brand, last4, expires) in enumerate(who["cards"])
    ]
    session.add_all([*addresses, *methods])
    return [Home(address, methods[0]) for address in addresses]


def _open(
    session: Session, vault: Vault, who: Mapping[str, Any], hashes: Mapping[str, str], *, role: Role, now: datetime
) -> Account:
    since = now - timedelta(days=190)
    account = open_account(session, vault, role=role, now=since, name=who["name"], email=who["email"])
    account.password_hash, account.email_verified_at = hashes[who["email"]], since
    account.password_set_at = since
    factor = TotpFactor(id=new_id(since), account_id=account.id, created_at=since, confirmed_at=since, last_timecode=0)
    vault.seal(session, factor, "secret", pyotp.random_base32())
    session.add(factor)
    return account


def _hand_over(session: Session, vault: Vault, owners: Sequence[UUID], *, now: datetime) -> int:
    """Conversations whose customer has asked for a person and is waiting."""
    told = read_data("conversations.yaml")
    for written in told:
        asked = now - timedelta(minutes=written["waited"])
        first = asked - timedelta(minutes=len(written["messages"]))
        conversation = start_conversation(session, vault, owners[written["by"]], at=first)
        for n, (voice, text) in enumerate(written["messages"], start=1):
            at = first + timedelta(minutes=n)
            append_message(session, vault, conversation, voice=Voice(voice), text=text, at=at)
        conversation.state, conversation.waiting_since = WAITING, asked
        vault.seal(session, conversation, "summary", written["summary"])
    return len(told)


# Reading the data


@cache
def _people() -> Mapping[str, Sequence[Mapping[str, Any]]]:
    people: Mapping[str, Sequence[Mapping[str, Any]]] = read_data("people.yaml")
    return people


def _counter(progress: Progress, *, total: int) -> Callable[[Any], Any]:
    """A function that counts each thing that passes through it."""
    done = iter(range(1, total + 1))

    def count(thing: Any) -> Any:
        progress(next(done), total)
        return thing

    return count
