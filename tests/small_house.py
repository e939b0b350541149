"""The first two floors for tests: a real database, vault, judge and desk with every room of the shop; no pages.

Nothing is patched and no guard is off. The clock stands still until it is moved, and the gateway is the demo one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from limits.storage import MemoryStorage
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.accounts import open_account
from auth.actor import Act, Actor, Channel, Role
from auth.audit import AuditEntry, AuditLog, append_recorded
from auth.database import Database, Scope, new_id
from auth.guard.cases import Bench
from auth.guard.commands import Command, action
from auth.guard.decisions import AwaitingApproval, Done, Outcome
from auth.guard.desk import Desk
from auth.guard.judge import Judge
from auth.guard.limits import Ceilings, CommandLimits
from auth.guard.rooms import Room, RoomTable
from auth.mail import Letter, post_last_letter
from auth.sign_in.overview import SignInOverview
from auth.vault import LocalKeyFile, Vault
from shop.addresses import Address, copy_address, find_address
from shop.catalogue import Product, Variant
from shop.orders import DELIVERED, SHIPPED, Order, OrderLine, new_order_number
from shop.payments import DemoGateway, PaymentGateway, PaymentMethod
from shop.rooms import rooms
from shop.support import as_conversation_stands

POLICY = Path(__file__).resolve().parents[1] / "shop" / "policy"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MANY = Ceilings("100000/minute", "100000/minute", "100000/minute", "100000/minute")
GOODS = (("HM-PINE", "Harbour Mug", 1990, 12), ("QL-FOG", "Quiet Lamp", 18900, 5), ("RT-MOSS", "Ridge Tent", 64900, 2))


@dataclass
class StoppedClock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class SmallHouse:
    """Everything a test of the shop's domain needs, and short words for what tests do all the time."""

    database: Database
    vault: Vault
    desk: Desk
    clock: StoppedClock
    gateway: DemoGateway
    asked: int = 0

    def person(self, role: Role = Role.CUSTOMER) -> Actor:
        """Somebody at a page, with an address at home and in the office, and a card; no second factor shown."""
        with self.database.begin(Scope.house("a test moves in")) as session:
            account = open_account(session, self.vault, role=role, now=self.clock(), name="Wilhelmina Zephyrwick")
            for label in ("Home", "Office"):
                session.add(self._address(session, account.id, label))
            session.add(self._card(account.id))
        channel = Channel.STAFF if role is Role.CLERK else Channel.PAGE
        shown = self.clock() if role is Role.CLERK else None
        return Actor(account.id, role, channel, signed_in_at=self.clock(), second_factor_at=shown)

    def through_chat(self, actor: Actor, *, tainted: bool = False) -> Actor:
        return actor.through(Channel.CHAT, act=Act("assistant", "test"), tainted=tainted)

    def with_code(self, actor: Actor) -> Actor:
        """The same person, having shown a second factor just now."""
        return Actor(actor.account_id, actor.role, actor.channel, second_factor_at=self.clock())

    def order(self, owner: Actor, *goods: tuple[str, int], status: str = DELIVERED, days: int = 5) -> str:
        """An order paid at the demo gateway; its number. Shipping is €4.90, whatever it costs."""
        at = self.clock() - timedelta(days=days)
        with self.database.begin(Scope.house("a test moves in")) as session:
            order = self._order(session, owner, goods or (("HM-PINE", 1),), status=status, at=at)
            charged: Any = self.gateway.charge(f"seed:{order.number}", order.payment_token, order.total)
            order.charge_reference = charged.reference
            return order.number

    def option(self, sku: str, *, of: str, price: int, stock: int = 5) -> str:
        """One more option of the product that has this SKU; its own SKU."""
        with self.database.begin(Scope.house("a test fills the shelves")) as session:
            first = session.scalars(select(Variant).where(Variant.sku == of)).one()
            session.add(
                Variant(
                    id=new_id(self.clock()),
                    product_id=first.product_id,
                    sku=sku,
                    option=sku.split("-")[1].capitalize(),
                    colour="Moss",
                    position=9,
                    price_minor=price,
                    stock=stock,
                )
            )
        return sku

    def second_card(self, owner: Actor, *, token: str = "tok_second", expires: str = "03/30") -> str:  # noqa: S107
        """One more payment card of somebody; its handle."""
        assert owner.account_id is not None
        with self.database.begin(Scope.house("a test moves in")) as session:
            card = PaymentMethod(id=new_id(self.clock()), account_id=owner.account_id, brand="Mastercard", last4="5454")
            card.token, card.expires = token, expires
            session.add(card)
            return card.handle

    def submit(self, actor: Actor, command: Command, request_id: str = "") -> Outcome:
        self.asked += 1
        return self.desk.submit(actor, command, request_id=request_id or f"r{self.asked}")

    def park(self, actor: Actor, command: Command) -> UUID:
        """Ask through the chat, and get the card."""
        outcome = self.submit(self.through_chat(actor), command)
        assert isinstance(outcome, AwaitingApproval), outcome
        return outcome.approval_id

    def done(self, actor: Actor, command: Command) -> Done:
        outcome = self.submit(actor, command)
        assert isinstance(outcome, Done), outcome
        return outcome

    def all(self, model: type[Any], **matching: object) -> list[Any]:
        with self.database.read(Scope.house("a test looks")) as session:
            return list(session.scalars(select(model).filter_by(**matching)).unique())

    def one(self, model: type[Any], **matching: object) -> Any:
        (found,) = self.all(model, **matching)
        return found

    def stock(self, sku: str) -> int:
        return int(self.one(Variant, sku=sku).stock)

    def change(self, model: type[Any], values: dict[str, object], **matching: object) -> None:
        """Change rows behind the shop's back, as time and other people do."""
        with self.database.begin(Scope.house("a test changes the world")) as session:
            for row in session.scalars(select(model).filter_by(**matching)).unique():
                for name, value in values.items():
                    setattr(row, name, value)

    def kinds(self, command_id: UUID | None = None) -> list[str]:
        """The kinds of audit events, in order; of one command, if it is given."""
        with self.database.read(Scope.house("a test reads the log")) as session:
            statement = select(AuditEntry.kind).order_by(AuditEntry.seq)
            if command_id is not None:
                statement = statement.where(AuditEntry.command_id == command_id)
            return list(session.scalars(statement))

    def refunds_made(self) -> list[int]:
        """What the gateway paid back, in minor units."""
        return [m.amount.minor for m in self.gateway.ledger() if m.kind == "refund"]

    def charges_made(self) -> list[int]:
        """What the gateway took, in minor units, without the orders that tests began with."""
        return [m.amount.minor for m in self.gateway.ledger() if m.kind == "charge" and not m.key.startswith("seed:")]

    def _address(self, session: Session, account_id: UUID, label: str) -> Address:
        address = Address(id=new_id(self.clock()), account_id=account_id, country="IE", created_at=self.clock())
        for column, text in (("label", label), ("recipient", "Wilhelmina Zephyrwick"), ("city", "Quarrywharf")):
            self.vault.seal(session, address, column, text)
        self.vault.seal(session, address, "street", f"7 {label} Juniperlane")
        self.vault.seal(session, address, "postcode", "D02 X285")
        return address

    def _card(self, account_id: UUID) -> PaymentMethod:
        token = f"tok_{account_id.hex}"
        return PaymentMethod(
            id=new_id(self.clock()), account_id=account_id, brand="Visa", last4="4242", token=token, expires="12/29"
        )

    def _order(
        self, session: Session, owner: Actor, goods: tuple[tuple[str, int], ...], *, status: str, at: datetime
    ) -> Order:
        prices = {sku: (name, price) for sku, name, price, _ in GOODS}
        order = Order(id=new_id(at), account_id=owner.account_id, number=new_order_number(), status=status)
        order.placed_at = order.paid_at = at
        order.shipped_at = at if status in {SHIPPED, DELIVERED} else None
        order.delivered_at = at if status == DELIVERED else None
        order.goods_minor, order.shipping_minor = sum(prices[sku][1] * n for sku, n in goods), 490
        order.currency, order.paid_with, order.payment_token = "EUR", "Visa ···· 4242", "tok_seed"
        home = find_address(session, owner.account_id, "address:home", vault=self.vault)
        assert home is not None
        copy_address(session, home, order, vault=self.vault)
        for number, (sku, n) in enumerate(goods, start=1):
            name, price = prices[sku]
            line = OrderLine(id=new_id(at), account_id=owner.account_id, line=number, sku=sku, product=_handle(name))
            line.name, line.option, line.colour, line.kind, line.art_seed = name, "Pine", "Pine", "mug", 1
            line.quantity, line.unit_minor = n, price
            order.lines.append(line)
        session.add(order)
        session.flush()
        return order


def build_small_house(
    url: str,
    folder: Path,
    *,
    wrap: Callable[[PaymentGateway], PaymentGateway] = lambda gateway: gateway,
    change_rooms: Callable[[tuple[Room[Any], ...]], tuple[Room[Any], ...]] = lambda table: table,
    judge: Judge | None = None,
) -> SmallHouse:
    """A house with three products on the shelf and nobody in it, on a migrated database. Reading the policies takes
    most of the time, so whoever builds many houses hands over one ``judge``."""
    clock = StoppedClock()
    database = Database(url, closing=append_recorded(AuditLog(witness=None)))
    vault = Vault(LocalKeyFile(folder / "keys.json"), clock=clock)
    gateway = DemoGateway(folder / "payments.db", clock=clock)
    judge = judge or Judge(POLICY)

    def post(account_id: UUID, key: UUID, letter: Letter) -> None:
        post_last_letter(database, vault, account_id=account_id, key=key, letter=letter, now=clock())

    made = rooms(vault, wrap(gateway), clock=clock, sign_in=SignInOverview(vault), post=post)
    table = RoomTable(change_rooms(made), judge)
    bench = Bench(
        database, vault, judge, table, CommandLimits(MemoryStorage(), MANY), clock, standing=as_conversation_stands
    )
    house = SmallHouse(database, vault, Desk(bench), clock, gateway)
    with database.begin(Scope.house("a test fills the shelves")) as session:
        session.add_all(_product(clock(), *goods) for goods in GOODS)
    return house


def replacing(kind: type[Any], **parts: Any) -> Callable[[tuple[Room[Any], ...]], tuple[Room[Any], ...]]:
    """The table with parts of one room replaced."""
    return lambda table: tuple(replace(r, **parts) if action(r.command) == action(kind) else r for r in table)


def _handle(name: str) -> str:
    return name.lower().replace(" ", "-")


def _product(now: datetime, sku: str, name: str, price: int, stock: int) -> Product:
    handle, kind = _handle(name), name.split()[1].lower()
    product = Product(id=new_id(now), handle=handle, name=name, category="camp", kind=kind, art_seed=1, created_at=now)
    product.summary, product.description = f"The {name}.", "Made to last, mended for free."
    variant = Variant(id=new_id(now), sku=sku, option="Pine", colour="Pine", position=0)
    variant.price_minor, variant.stock = price, stock
    product.variants = [variant]
    return product
