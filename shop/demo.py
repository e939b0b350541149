"""The demo: a shop full of invented people and half a year of their orders, and a list of them for the sign-in page.

Everything here is unsafe by design: everybody has the same published password. So both doors of this file ask for a
:class:`DemoMode`, which the settings make in demo mode only.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pyotp
import yaml
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
from shop.basket import put_in
from shop.catalogue import CATEGORIES, Product, Variant
from shop.conversations import WAITING, Voice, append_message, start_conversation
from shop.demo_orders import STARS, Home, charge_all, plan_orders, write_order
from shop.payments import DemoGateway, PaymentGateway, PaymentMethod
from shop.reviews import Review, sign

DEMO_PASSWORD = "harbour-lantern-walk"  # noqa: S105 - published on purpose; see DemoMode
REVIEWS = 300
_DATA = Path(__file__).parent / "demo_data"
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
    products = _products(dice, now)
    plans = plan_orders(products, len(people["customers"]), dice=dice)
    count = _counter(progress, total=2 * len(plans) + len(people["customers"]) + len(people["clerks"]))
    charged = list(map(count, charge_all(gateway, plans, token=_TOKEN, seeding=f"seed:{now.isoformat()}")))
    # Hashing is slow by design, so it happens before the write lock is taken.
    hashes = {person["email"]: count(hasher.hash(DEMO_PASSWORD)) for group in people.values() for person in group}
    with database.begin(Scope.house("seeding the demo")) as session:
        session.add_all(products)
        customers = [_move_in(session, vault, who, hashes, now) for who in people["customers"]]
        clerks = [_open(session, vault, who, hashes, role=Role.CLERK, now=now) for who in people["clerks"]]
        for plan, paid in charged:
            homes = customers[plan.customer]
            home = homes[dice.randrange(len(homes))]
            count(write_order(session, vault, plan, charged=paid, home=home, now=now, dice=dice))
        session.flush()
        owners = [homes[0].address.account_id for homes in customers]
        reviews = _write_reviews(session, products, owners, people["customers"], dice=dice, now=now)
        _fill_baskets(session, products, owners, now=now)
        conversations = _hand_over(session, vault, owners, now=now)
        variants = sum(len(product.variants) for product in products)
        made = DemoShop(len(products), variants, len(customers), len(clerks), len(plans), reviews, conversations)
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


# The shelves


def _products(dice: Random, now: datetime) -> list[Product]:
    made = list[Product]()
    for category, _, _ in CATEGORIES:
        for written in _read(f"products/{category}.yaml"):
            made.append(_product(category, written, art_seed=len(made), dice=dice, now=now))
    return made


def _product(category: str, written: Mapping[str, Any], *, art_seed: int, dice: Random, now: datetime) -> Product:
    handle = re.sub(r"[\W_]+", "-", written["name"].replace("'", "").casefold()).strip("-")
    return Product(
        id=new_id(now),
        handle=handle,
        name=written["name"],
        category=category,
        kind=written["kind"],
        art_seed=art_seed,
        summary=written["summary"],
        description=written["description"],
        details=json.dumps([list(pair) for pair in written["details"].items()], ensure_ascii=False),
        on_sale=True,
        rating_sum=0,
        review_count=0,
        created_at=now - timedelta(days=200),
        variants=[_variant(handle, n, line, dice, now) for n, line in enumerate(written["variants"])],
    )


def _variant(handle: str, position: int, line: Sequence[Any], dice: Random, now: datetime) -> Variant:
    option, colour, price_minor, *stock = line
    part = re.sub(r"[\W_]+", "-", option).strip("-")
    return Variant(
        id=new_id(now),
        sku=f"{handle}-{part}".upper(),
        option=option,
        colour=colour,
        position=position,
        price_minor=price_minor,
        currency="EUR",
        stock=stock[0] if stock else dice.randint(6, 40),
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
    factor = TotpFactor(id=new_id(since), account_id=account.id, created_at=since, confirmed_at=since, last_timecode=0)
    vault.seal(session, factor, "secret", pyotp.random_base32())
    session.add(factor)
    return account


# What they wrote and left behind


def _write_reviews(
    session: Session,
    products: Sequence[Product],
    owners: Sequence[Any],
    people: Sequence[Mapping[str, Any]],
    *,
    dice: Random,
    now: datetime,
) -> int:
    """The hostile reviews first, then friendly ones until there are 300; at most one of a customer for a product."""
    told, shelf = _read("reviews.yaml"), {product.handle: product for product in products}
    words = [(shelf[handle], stars, text) for handle, stars, text in told["hostile"]]
    words += _friendly(products, told, REVIEWS - len(words), dice)
    free = {product.id: dice.sample(range(STARS, len(owners)), len(owners) - STARS) for product in products}
    for product, stars, text in words:
        # The tour's customers have written nothing yet: they may review what they were sent.
        author = free[product.id].pop()
        at = now - timedelta(days=dice.uniform(1, 170))
        session.add(
            Review(
                id=new_id(at),
                product_id=product.id,
                author_id=owners[author],
                signed=sign(people[author]["name"]),
                stars=stars,
                text=text,
                written_at=at,
            )
        )
        product.rating_sum += stars
        product.review_count += 1
    session.flush()
    return len(words)


def _friendly(
    products: Sequence[Product], told: Mapping[str, Any], count: int, dice: Random
) -> Iterator[tuple[Product, int, str]]:
    lines = {product.id: dice.sample(told["kinds"][product.kind], 4) for product in products}
    for n in range(count):
        product = products[n % len(products)]
        # A product's fifth review and later ones repeat a line of its kind, with another sentence behind it.
        stars, text = lines[product.id][n // len(products) % 4]
        more = told["more"][(n * 5 + n // len(products)) % len(told["more"])]
        yield product, stars, f"{text} {more}".strip()


def _fill_baskets(session: Session, products: Sequence[Product], owners: Sequence[Any], *, now: datetime) -> None:
    for n in (1, 3, 6, 9):
        for product in (products[3 * n], products[3 * n + 14]):
            variant = next(v for v in product.variants if v.stock > 3)
            put_in(session, owners[n], variant.sku, quantity=1 + n % 2, now=now - timedelta(hours=n))


def _hand_over(session: Session, vault: Vault, owners: Sequence[Any], *, now: datetime) -> int:
    """Conversations whose customer has asked for a person and is waiting."""
    told = _read("conversations.yaml")
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
    people: Mapping[str, Sequence[Mapping[str, Any]]] = _read("people.yaml")
    return people


def _read(name: str) -> Any:
    return yaml.safe_load((_DATA / name).read_text("utf-8"))


def _counter(progress: Progress, *, total: int) -> Callable[[Any], Any]:
    """A function that counts each thing that passes through it."""
    done = iter(range(1, total + 1))

    def count(thing: Any) -> Any:
        progress(next(done), total)
        return thing

    return count
