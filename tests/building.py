"""A house for tests: the real one, on a database of its own, with a clock that stands still until it is moved.

Nothing is patched and no guard is off. What differs from the shop is handed in: the clock, the model, the gateway.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from langchain_core.language_models import BaseChatModel
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from agent.local import EmbeddedModel
from agent.models import LoadedModel
from auth.accounts import Account, open_account
from auth.actor import Act, Actor, Channel, Role
from auth.database import Scope, new_id
from auth.guard.desk import Desk
from auth.sign_in.outside.calls import Calls
from frontend.app import build_house
from frontend.house import House
from frontend.settings import Settings, read_settings
from frontend.upgrade import upgrade
from shop.addresses import Address
from shop.catalogue import Product, Variant
from shop.orders import Order, OrderLine
from shop.payments import DemoGateway, PaymentMethod

ORIGIN = "http://localhost:8000"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ASSISTANT = Act("assistant", "test-digest")


@dataclass(slots=True)
class Clock:
    """Stands still until somebody moves it."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer or clerk of a test, with what belongs to them."""

    id: UUID
    role: Role
    name: str
    email: str

    def at_page(self, clock: Clock, *, second_factor_age_s: int | None = None) -> Actor:
        """This person, signed in, clicking."""
        return self._actor(Channel.PAGE, clock, second_factor_age_s)

    def through_chat(self, *, tainted: bool = False) -> Actor:
        """The assistant, for this person."""
        return Actor(self.id, self.role, Channel.CHAT, act=ASSISTANT, tainted=tainted)

    def at_work(self, clock: Clock) -> Actor:
        """This clerk on the staff pages, with a second factor shown a minute ago."""
        return self._actor(Channel.STAFF, clock, 60)

    def _actor(self, channel: Channel, clock: Clock, age_s: int | None) -> Actor:
        shown = None if age_s is None else clock() - timedelta(seconds=age_s)
        return Actor(self.id, self.role, channel, signed_in_at=clock(), second_factor_at=shown)


@dataclass(slots=True)
class Building:
    """A house with a few people and things in it."""

    house: House
    settings: Settings
    clock: Clock
    gateway: DemoGateway
    folder: Path
    people: dict[str, Person] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)

    @property
    def desk(self) -> Desk:
        return self.house.desk

    def person(self, name: str) -> Person:
        return self.people[name]

    def order(self, number: str) -> Order:
        """An order by number, whoever it belongs to."""
        with self.house.database.read(Scope.house("a test looks")) as session:
            found = session.query(Order).filter_by(number=number).one()
            session.expunge_all()
            return found


def settings_for(folder: Path, **given: object) -> Settings:
    """Demo settings with everything in one folder. Hashing costs the least that the settings accept."""
    return read_settings(
        **{
            "mode": "demo",
            "data_folder": folder,
            "origin": ORIGIN,
            "argon2_iterations": 1,
            "understanding": "n-grams",
            "_env_file": None,
        }
        | given
    )


def build(
    folder: Path,
    *,
    database_url: str = "",
    model: BaseChatModel | LoadedModel | None = None,
    wrap_gateway: Callable[[DemoGateway], DemoGateway] | None = None,
    calls: Calls | None = None,
    clock: Clock | None = None,
    **given: object,
) -> Building:
    """A migrated, empty house in ``folder``."""
    clock = clock or Clock()
    settings = settings_for(folder, database_url=database_url, **given)
    gateway = DemoGateway(folder / "demo-payments.db", clock=clock)
    used = wrap_gateway(gateway) if wrap_gateway is not None else gateway
    house = build_house(settings, clock=clock, gateway=used, model=model or embedded(), calls=calls)
    return Building(house, settings, clock, gateway, folder)


@cache
def embedded() -> EmbeddedModel:
    """The shop's own model, which keeps nothing between turns: one serves all the houses of a test process."""
    heads = Path(tempfile.gettempdir()) / f"countersign-test-heads-{os.getuid()}"
    return EmbeddedModel(product_names=tuple(product[1] for product in PRODUCTS), cache_folder=heads)


def migrated_sqlite(template: Path, folder: Path) -> str:
    """The address of a fresh migrated SQLite database, copied from a template that is made once."""
    target = folder / "shop.db"
    if not template.exists():
        making = template.with_suffix(f".{os.getpid()}")
        engine = create_engine(f"sqlite:///{making}")
        upgrade(engine)
        engine.dispose()
        making.rename(template)
    shutil.copy(template, target)
    return f"sqlite:///{target}"


def move_in(building: Building) -> Building:
    """Two customers, two clerks, three products, and for the first customer an order in each state."""
    house = building.house
    with house.database.begin(Scope.house("a test moves in")) as session:
        for name, role in (("ada", Role.CUSTOMER), ("ben", Role.CUSTOMER), ("cleo", Role.CLERK), ("dov", Role.CLERK)):
            building.people[name] = _person(session, building, name, role)
        _stock(session, building.clock())
    for name in ("ada", "ben"):
        person = building.people[name]
        with house.database.begin(Scope.house("a test moves in")) as session:
            _belongings(session, building, person)
            for key, status, sku, quantity, days in ORDERS:
                number = f"HP-{name[0].upper()}{key[:3].upper()}-{ORDERS.index((key, status, sku, quantity, days)):04d}"
                number = _readable(number)
                building.orders[f"{name}.{key}"] = number
                _order(session, building, person, number=number, status=status, sku=sku, quantity=quantity, days=days)
    return building


ORDERS = (
    ("mug", "delivered", "mug-pine", 1, 5),
    ("lamp", "delivered", "lamp-fog", 1, 5),
    ("tent", "delivered", "tent-moss", 1, 5),
    ("old", "delivered", "mug-pine", 1, 60),
    ("paid", "paid", "mug-pine", 2, 1),
    ("sent", "shipped", "lamp-fog", 1, 2),
    ("gone", "cancelled", "mug-pine", 1, 9),
)

PRODUCTS = (
    ("harbour-mug", "Harbour Mug", "table", "mug", "mug-pine", "Pine", 1990, 12),
    ("quiet-lamp", "Quiet Lamp", "home", "lamp", "lamp-fog", "Fog", 18900, 5),
    ("ridge-tent", "Ridge Tent", "camp", "tent", "tent-moss", "Moss", 64900, 2),
)


def _readable(number: str) -> str:
    # Crockford's alphabet has neither I, L, O nor U.
    return number.replace("O", "0").replace("I", "1").replace("L", "1").replace("U", "V")


def _person(session: Session, building: Building, name: str, role: Role) -> Person:
    house = building.house
    email = f"{name}.zephyrwick@example.com"
    account: Account = open_account(
        session, house.vault, role=role, now=building.clock(), name=f"{name.capitalize()} Zephyrwick", email=email
    )
    account.email_verified_at = building.clock()
    return Person(account.id, role, f"{name.capitalize()} Zephyrwick", email)


def _stock(session: Session, now: datetime) -> None:
    for handle, name, category, kind, sku, colour, price, stock in PRODUCTS:
        product = Product(
            id=new_id(now),
            handle=handle,
            name=name,
            category=category,
            kind=kind,
            art_seed=1,
            summary=f"The {name}.",
            description=f"A {name} that lasts.",
            created_at=now,
        )
        product.variants = [
            Variant(id=new_id(now), sku=sku, option=colour, colour=colour, position=0, price_minor=price, stock=stock)
        ]
        session.add(product)


def _belongings(session: Session, building: Building, person: Person) -> None:
    vault, now = building.house.vault, building.clock()
    for label, street in (("Home", "7 Juniperlane"), ("Office", "12 Quarrywharf")):
        address = Address(id=new_id(now), account_id=person.id, country="IE", created_at=now)
        session.add(address)
        for column, text in {"label": label, "recipient": person.name, "street": street}.items():
            vault.seal(session, address, column, text)
        vault.seal(session, address, "postcode", "D02 X285")
        vault.seal(session, address, "city", "Dublin")
    session.add(
        PaymentMethod(
            id=new_id(now),
            account_id=person.id,
            brand="Visa",
            last4="4242",
            token=f"tok_{person.id.hex}",
            expires="12/29",
        )
    )
    session.flush()


def _order(
    session: Session,
    building: Building,
    person: Person,
    *,
    number: str,
    status: str,
    sku: str,
    quantity: int,
    days: int,
) -> None:
    product = next(p for p in PRODUCTS if p[4] == sku)
    at, vault = building.clock() - timedelta(days=days), building.house.vault
    order = Order(
        id=new_id(at),
        account_id=person.id,
        number=number,
        status=status,
        placed_at=at,
        paid_at=at,
        shipped_at=at if status in {"shipped", "delivered"} else None,
        delivered_at=at if status == "delivered" else None,
        cancelled_at=at if status == "cancelled" else None,
        goods_minor=product[6] * quantity,
        shipping_minor=490,
        currency="EUR",
        country="IE",
        paid_with="Visa ···· 4242",
        payment_token=f"tok_{person.id.hex}",
        tracking="",
    )
    session.add(order)
    for column, text in {
        "label": "Home",
        "recipient": person.name,
        "street": "7 Juniperlane",
        "postcode": "D02 X285",
        "city": "Dublin",
    }.items():
        vault.seal(session, order, column, text)
    charged = building.gateway.charge(f"seed:{number}", order.payment_token, order.total)
    order.charge_reference = getattr(charged, "reference", None)
    session.flush()
    session.add(
        OrderLine(
            id=new_id(at),
            account_id=person.id,
            order_id=order.id,
            line=1,
            sku=sku,
            product=product[0],
            name=product[1],
            option=product[5],
            colour=product[5],
            kind=product[3],
            art_seed=1,
            quantity=quantity,
            unit_minor=product[6],
        )
    )
