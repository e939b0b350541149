"""A stage for conversations: the demo shop as it opens, people who move in with what a script gives them, and talks.

The house, its walls, its tools and its desk are the real ones, and a talk goes through the same turns as the pages.
Each conversation gets a person of its own, so that none uses up another's share and each starts from known records.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from langchain_core.language_models import BaseChatModel
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from agent.local import EmbeddedModel
from agent.models import LoadedModel
from auth.accounts import open_account
from auth.actor import Actor, Channel, Role
from auth.database import Base, Belongs, Scope, new_id
from auth.guard.approvals import Approval, open_approvals
from frontend.app import build_house
from frontend.house import House
from frontend.turns import NotThere, Running, Said, Turns
from shop.addresses import Address
from shop.catalogue import Product, Variant
from shop.conversations import Conversation
from shop.demo import seed
from shop.demo_orders import Home, Plan, charge_all, write_order
from shop.demo_shelves import shelf_names
from shop.payments import DemoGateway, PaymentMethod
from tests.building import Clock, migrated_sqlite, settings_for

ROOT = Path(__file__).resolve().parents[2]
# What a conversation leaves behind without anything having changed for its owner or for anybody else.
TALK = frozenset(
    {"audit_entries", "audit_head", "refusal_counts", "submissions", "grants", "conversations", "messages"}
    | {"model_calls", "data_keys", "answer_ratings", "approvals", "account_days", "shop_days", "oauth_delegations"}
)


@dataclass(frozen=True, slots=True)
class Bought:
    """An order as a script describes it: product, option (words, or empty for the first) and quantity of each line."""

    ref: str
    status: str
    days: int
    items: tuple[tuple[str, str, int], ...]
    number: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page was told in one turn: the text, the tools with their outcomes, the cards that wait since then
    (actions), the buttons, and every byte of it."""

    text: str
    used: tuple[tuple[str, str], ...]
    cards: tuple[str, ...]
    choices: tuple[str, ...]
    told: str


@dataclass(slots=True)
class Somebody:
    """A person on the stage. ``orders`` are the numbers of their orders by the script's names for them."""

    actor: Actor
    orders: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        assert self.actor.account_id is not None
        return self.actor.account_id


class Stage:
    """The house with the demo's shelves and people, on a clock that stands until it is moved."""

    def __init__(self, folder: Path, *, model: BaseChatModel | LoadedModel | None = None, **given: object) -> None:
        self.clock = Clock()
        url = migrated_sqlite(folder / "template.db", folder)
        settings = settings_for(folder, database_url=url, **given)
        self.gateway = DemoGateway(folder / "demo-payments.db", clock=self.clock)
        self.house: House = build_house(settings, clock=self.clock, gateway=self.gateway, model=model or shelf_model())
        assert self.house.demo is not None
        seed(
            self.house.demo,
            self.house.database,
            self.house.vault,
            gateway=self.gateway,
            hasher=self.house.entrance.hasher,
            clock=self.clock,
        )
        self._dice = Random(7)
        with self.house.database.read(Scope.own(None)) as session:
            self._stock = {variant.id: variant.stock for variant in session.scalars(select(Variant))}

    def close(self) -> None:
        self.house.database.close()

    def guest(self) -> Somebody:
        with self.house.database.begin(Scope.house("a guest comes in")) as session:
            account = open_account(session, self.house.vault, role=Role.GUEST, now=self.clock()).id
        return Somebody(Actor(account, Role.GUEST, Channel.PAGE))

    def customer(self, name: str = "Ada Example", *, orders: Sequence[Bought] = ()) -> Somebody:
        """Somebody with addresses at home and in the office, two cards, a fresh second factor and these orders."""
        house, now = self.house, self.clock()
        with house.database.begin(Scope.house("a test moves in")) as session:
            account = open_account(session, house.vault, role=Role.CUSTOMER, now=now, name=name)
            account.email_verified_at = now
            # Each a second later than the one before, so that their order is the same for everybody.
            for n, (label, street) in enumerate((("Home", "7 Juniperlane"), ("Office", "12 Quarrywharf"))):
                address = Address(
                    id=new_id(now + timedelta(seconds=n)), account_id=account.id, country="IE", created_at=now
                )
                session.add(address)
                sealed = {"label": label, "recipient": name, "street": street, "postcode": "D02 X285"}
                for column, text in (sealed | {"city": "Dublin"}).items():
                    house.vault.seal(session, address, column, text)
            for n, (brand, last4) in enumerate((("Visa", "4242"), ("Mastercard", "5454"))):
                key = new_id(now + timedelta(seconds=n))
                card = PaymentMethod(id=key, account_id=account.id, brand=brand, last4=last4)
                card.token, card.expires = "tok_demo_card", "12/29"
                session.add(card)
            found = account.id
        actor = Actor(found, Role.CUSTOMER, Channel.PAGE, signed_in_at=now, second_factor_at=now)
        return Somebody(actor, {order.ref: self._order(found, order) for order in orders})

    def restock(self) -> None:
        """As many of each thing as on the first day, whatever was bought since."""
        with self.house.database.begin(Scope.house("a test fills the shelves again")) as session:
            for variant in session.scalars(select(Variant)):
                variant.stock = self._stock[variant.id]

    def talk(self, somebody: Somebody) -> "Talk":
        return Talk(self, somebody)

    def variant(self, product: str, option: str = "") -> Variant:
        """An option of a product of the shelf by their names. :class:`LookupError` when there is none."""
        with self.house.database.read(Scope.own(None)) as session:
            found = session.scalars(select(Product).where(Product.name == product)).unique().one_or_none()
            if found is None:
                raise LookupError(f"there is no {product!r} on the shelves")
            session.expunge_all()
        parts = [part.strip().casefold() for part in option.split(",")]
        for variant in found.variants:
            words = f"{variant.option}, {variant.colour}".casefold()
            if all(part in words for part in parts):
                return variant
        raise LookupError(f"{product!r} has no {option!r}: {', '.join(v.option for v in found.variants)}")

    def rows(self, *, of: UUID | None = None, but: UUID | None = None) -> Mapping[str, frozenset[str]]:
        """Every row of every table that holds goods, money or somebody's things, as text; those of one account, or of
        everybody but one."""
        rows = dict[str, frozenset[str]]()
        with self.house.database.read(Scope.house("a test compares")) as session:
            for mapper in Base.registry.mappers:
                model: Any = mapper.class_
                if model.__tablename__ in TALK:
                    continue
                query = select(model)
                if issubclass(model, Belongs) and (of or but):
                    query = query.where(model.account_id == of if of else model.account_id != but)
                elif of:
                    continue
                columns = [attribute.key for attribute in inspect(model).column_attrs]
                found = session.scalars(query).unique()
                rows[model.__tablename__] = frozenset(repr([getattr(row, c) for c in columns]) for row in found)
        return rows

    def _order(self, account_id: UUID, wanted: Bought) -> str:
        lines = tuple((self.variant(product, option), quantity) for product, option, quantity in wanted.items)
        # A day of an order is its age; what was sent went the day after, and came two days later if it has.
        age = timedelta(days=wanted.days, hours=1)
        number = wanted.number or self._number()
        plan = Plan(
            0, wanted.status, age, lines, number, min(timedelta(days=1), age / 3), min(timedelta(days=2), age / 3)
        )
        ((plan, charged),) = charge_all(self.gateway, [plan], token="tok_demo_card", seeding="stage")
        with self.house.database.begin(Scope.house("a test moves in")) as session:
            home = Home(_first(session, Address, account_id), _first(session, PaymentMethod, account_id))
            write_order(session, self.house.vault, plan, charged=charged, home=home, now=self.clock(), dice=self._dice)
        return number

    def _number(self) -> str:
        return "HP-" + "-".join("".join(self._dice.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=4)) for _ in "ab")


class Talk:
    """One conversation of one person."""

    def __init__(self, stage: Stage, somebody: Somebody) -> None:
        self.stage, self.somebody = stage, somebody
        self.id: UUID | None = None
        self._turns = Turns(stage.house)

    def say(self, text: str, **page: str) -> Answer:
        """Say something and hear the whole answer."""
        return asyncio.run(self._said(Said(text, page)))

    def waiting(self) -> list[Approval]:
        """The cards that wait for this person's signature, oldest first."""
        with self.stage.house.database.read(Scope.own(self.somebody.id)) as session:
            cards = sorted(open_approvals(session, self.somebody.id, self.stage.clock()), key=lambda card: card.id)
            session.expunge_all()
            return cards

    def sign(self, *, agree: bool, card: UUID | None = None) -> Any:
        """Press a button of a card (the newest), as the person it belongs to, who has just shown a code."""
        desk, actor = self.stage.house.desk, self.somebody.actor
        card = card or self.waiting()[-1].id
        fresh = Actor(actor.account_id, actor.role, actor.channel, signed_in_at=actor.signed_in_at,
                      second_factor_at=self.stage.clock())  # fmt: skip
        return (desk.approve if agree else desk.decline)(fresh, card)

    def decline_all(self) -> None:
        """Leave nothing waiting, so that the next thing asked has room."""
        for card in self.waiting():
            self.stage.house.desk.decline(self.somebody.actor, card.id)

    def conversation(self) -> Conversation | None:
        """This conversation as it is stored; ``None`` when it is gone with its account."""
        with self.stage.house.database.read(Scope.own(self.somebody.id)) as session:
            found = session.get(Conversation, self.id)
            session.expunge_all()
            return found

    async def _said(self, said: Said) -> Answer:
        before = {card.id for card in self.waiting()}
        self.stage.clock.move(seconds=20)
        running = await self._turns.say(self.somebody.actor, said, self.id)
        if isinstance(running, NotThere):  # it went with its account, so there is nobody to answer
            return Answer("", (), (), (), "")
        assert isinstance(running, Running), running
        self.id = running.noted.conversation_id
        told = [told async for told in running.listen()]
        return Answer(
            text="".join(str(data["text"]) for name, data in told if name == "token"),
            used=tuple((str(data["name"]), str(data["outcome"])) for name, data in told if name == "tool"),
            cards=tuple(card.action for card in self.waiting() if card.id not in before),
            choices=tuple(str(text) for name, data in told if name == "choices" for text in data["texts"]),  # type: ignore[attr-defined]
            told=repr(told),
        )


def _first(session: Session, model: type[Any], account_id: UUID) -> Any:
    return session.scalars(select(model).where(model.account_id == account_id).order_by(model.id)).unique().first()


@cache
def shelf_model(*, with_embeddings: bool = True, clock: Any = None) -> EmbeddedModel:
    """The shop's own model, for the products of the demo."""
    given = {} if clock is None else {"clock": clock}
    heads = ROOT / "var" / "model"
    return EmbeddedModel(product_names=shelf_names(), cache_folder=heads, with_embeddings=with_embeddings, **given)
