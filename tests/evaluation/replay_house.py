"""A small house as a case wants it: people, orders, options, stock, reviews, and what was done on the pages before."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, text

from auth.accounts import Account
from auth.actor import Actor, Channel, Risk, Role
from auth.database import Scope, new_id
from auth.guard.approvals import Approval
from auth.guard.commands import parse
from auth.guard.decisions import Done
from auth.sign_in import sessions
from auth.sign_in.sessions import SessionLife
from auth.sign_in.totp import TotpFactor
from auth.sign_in.visit import Visit
from shop import commands
from shop.addresses import Address
from shop.catalogue import Product, Variant
from shop.conversations import Conversation, start_conversation
from shop.orders import Order, OrderLine
from shop.payments import DemoGateway, PaymentMethod
from shop.personal import Personal, find_personal
from shop.reviews import Review
from tests.evaluation.replay_cases import CaseError, ReplayCase
from tests.small_house import SmallHouse

_NAMED = re.compile(r"\$(\w+)")
# A small house calls everything in an order a mug, and a warranty asks what a thing is.
_KINDS = {"QL-FOG": "lamp", "RT-MOSS": "tent"}
# The second card of a customer: its token, and when it expires.
_CARDS = {
    "second": ("tok_second", "03/30"),
    "declined": (DemoGateway.DECLINED, "03/30"),
    "expired": ("tok_second", "01/26"),
}


@dataclass
class Scene:
    """A house with the people of a case in it, and the names the case gives to numbers made by chance."""

    small: SmallHouse
    asker: Actor
    conversation: str
    names: dict[str, str] = field(default_factory=dict)
    others: dict[str, Actor] = field(default_factory=dict)

    def fill_in(self, value: Any) -> Any:
        """The value with ``$order1`` and the like as the numbers they stand for, wherever they stand in it."""
        match value:
            case str():
                return _NAMED.sub(lambda hit: self._number(hit[1]), value)
            case Mapping():
                return {key: self.fill_in(inner) for key, inner in value.items()}
            case list():
                return [self.fill_in(inner) for inner in value]
        return value

    def somebody(self, who: str) -> Actor:
        """Another customer or a clerk, moved in when first named."""
        if who not in self.others:
            self.others[who] = self.small.person(Role.CLERK if who.endswith("clerk") else Role.CUSTOMER)
        return self.others[who]

    def personal(self) -> Personal:
        """What must not reach a model, as the page looks it up for each turn."""
        assert self.asker.account_id is not None
        with self.small.database.read(Scope.own(self.asker.account_id)) as session:
            return find_personal(session, self.small.vault, self.asker.account_id)

    def change_the_world(self, told: Mapping[str, Any]) -> None:
        """What time and other people do between two steps: to orders, stock and prices."""
        for name, values in told.items():
            if name in self.names:
                self.small.change(Order, dict(values), number=self.names[name])
            elif self.small.all(Variant, sku=name):
                self.small.change(Variant, dict(values), sku=name)
            else:
                raise CaseError(f"there is no order and no option called {name}")

    def name_cases(self) -> None:
        """Call the cases there are ``case1``, ``case2`` and so on, oldest first."""
        with self.small.database.read(Scope.house("a replay looks")) as session:
            numbers = session.execute(text("SELECT number FROM cases ORDER BY rowid")).scalars()
            self.names |= {f"case{n}": number for n, number in enumerate(numbers, 1)}

    def name_cards(self) -> None:
        """Call the cards there are ``card1``, ``card2`` and so on, oldest first."""
        with self.small.database.read(Scope.house("a replay looks")) as session:
            keys = session.scalars(select(Approval.id).order_by(Approval.created_at, Approval.id))
            self.names |= {f"card{n}": str(key) for n, key in enumerate(keys, 1)}

    def _number(self, name: str) -> str:
        if name not in self.names:
            raise CaseError(f"nothing is called ${name}; known are {', '.join(sorted(self.names)) or 'none'}")
        return self.names[name]


def set_the_scene(small: SmallHouse, case: ReplayCase) -> Scene:
    """Everything the case wants before the customer says a word."""
    role = next((role for role in (Role.GUEST, Role.CLERK) if role.value in case.who), Role.CUSTOMER)
    # A clerk who asks the assistant does so as a customer of the shop, and not from the staff pages.
    asker = replace(small.person(role), channel=Channel.PAGE)
    scene = Scene(small, asker, _conversation(small, asker))
    if asker.role is Role.GUEST:
        _take_away_what_guests_have_not(small, asker)
    told = case.house
    _fill_the_shelves(small, told)
    for name, order in (told.get("orders") or {}).items():
        scene.names[name] = _order(scene, order)
    for name in told.get("cards") or ():
        token, expires = _card(name)
        small.second_card(asker, token=token, expires=expires)
    if told.get("declining"):
        small.change(PaymentMethod, {"token": DemoGateway.DECLINED}, account_id=asker.account_id)
    for step in told.get("before") or ():
        _do_before(scene, step)
    _as_the_case_wants_them(scene, case.who, told)
    if any(hand.does.startswith("a clerk") for hand in case.hands):
        scene.somebody("a clerk")
    if any(hand.does.startswith("somebody") for hand in case.hands):
        scene.somebody("somebody")
    return scene


def _as_the_case_wants_them(scene: Scene, who: frozenset[str], told: Mapping[str, Any]) -> None:
    """The asker's session and account, last of all: a frozen one could do nothing before."""
    small, asker = scene.small, scene.asker
    sessions_wanted = [*(["this one"] if "fresh password" in who else []), *(told.get("devices") or ())]
    for device in sessions_wanted:
        session_id = _sign_in(small, asker, device)
        asker = replace(asker, session_id=session_id) if device == "this one" else asker
    if "has a factor" in who:
        _enrol(small, asker)
    ages = {"fresh code": 0, "old code": 600}
    shown = next((small.clock() - timedelta(seconds=age) for word, age in ages.items() if word in who), None)
    scene.asker = replace(asker, second_factor_at=shown, risk=Risk.HIGH if "high risk" in who else Risk.LOW)
    if "frozen" in who:
        small.change(Account, {"status": "frozen"}, id=asker.account_id)
    states = {"held by a clerk": "taken", "waits for a clerk": "waiting"}
    for word, state in states.items():
        if word in who:
            small.change(Conversation, {"state": state, "waiting_since": small.clock()}, account_id=asker.account_id)
    if "conversation gone" in who:
        with small.database.begin(Scope.house("a replay forgets")) as session:
            session.execute(delete(Conversation).where(Conversation.account_id == asker.account_id))


def _fill_the_shelves(small: SmallHouse, told: Mapping[str, Any]) -> None:
    for sku, option in (told.get("options") or {}).items():
        small.option(sku, of=option["of"], price=option["price"], stock=option.get("stock", 5))
    for sku, stock in (told.get("stock") or {}).items():
        small.change(Variant, {"stock": stock}, sku=sku)
    for handle in told.get("off_sale") or ():
        small.change(Product, {"on_sale": False}, handle=handle)
    for handle, reviews in (told.get("reviews") or {}).items():
        _review(small, handle, reviews)


def _order(scene: Scene, told: Mapping[str, Any]) -> str:
    known = {"status", "days", "lines", "whose", "but"}
    if unknown := sorted(set(told) - known):
        raise CaseError(f"{unknown[0]!r} says nothing about an order; known are {', '.join(sorted(known))}")
    owner = scene.asker if "whose" not in told else scene.somebody(str(told["whose"]))
    goods = tuple((told.get("lines") or {"HM-PINE": 1}).items())
    number = scene.small.order(owner, *goods, status=told.get("status", "delivered"), days=told.get("days", 5))
    for sku, kind in _KINDS.items():
        scene.small.change(OrderLine, {"kind": kind}, sku=sku)
    if told.get("but"):
        scene.small.change(Order, dict(told["but"]), number=number)
    return number


def _card(name: str) -> tuple[str, str]:
    if name not in _CARDS:
        raise CaseError(f"there is no {name} card; known are {', '.join(sorted(_CARDS))}")
    return _CARDS[name]


def _do_before(scene: Scene, told: Mapping[str, Any]) -> None:
    """A command that somebody gave on a page before; it must have been done."""
    named = [key for key in told if key != "by"]
    kind = getattr(commands, named[0], None) if len(named) == 1 else None
    if kind is None:
        raise CaseError(f"{named} is no command of the shop")
    actor = scene.asker if "by" not in told else scene.somebody(str(told["by"]))
    if actor.channel is Channel.PAGE:
        actor = scene.small.with_code(actor)
    outcome = scene.small.submit(actor, parse(kind, scene.fill_in(told[named[0]] or {})))
    if not isinstance(outcome, Done):
        raise CaseError(f"{named[0]} was to be done before and was not: {outcome}")
    scene.name_cases()


def _review(small: SmallHouse, handle: str, reviews: list[Mapping[str, Any]]) -> None:
    product = small.one(Product, handle=handle)
    with small.database.begin(Scope.house("a replay moves in")) as session:
        for told in reviews:
            if set(told) != {"stars", "text"}:
                raise CaseError(f"a review has stars and a text (quote one that holds a comma), and not {dict(told)}")
            row = Review(id=new_id(small.clock()), product_id=product.id, stars=told["stars"], text=told["text"])
            row.written_at = small.clock()
            session.add(row)
    stars = sum(told["stars"] for told in reviews)
    small.change(Product, {"rating_sum": stars, "review_count": len(reviews)}, handle=handle)


def _conversation(small: SmallHouse, asker: Actor) -> str:
    assert asker.account_id is not None
    with small.database.begin(Scope.own(asker.account_id)) as session:
        return str(start_conversation(session, small.vault, asker.account_id, at=small.clock(), title="Chat").id)


def _take_away_what_guests_have_not(small: SmallHouse, guest: Actor) -> None:
    with small.database.begin(Scope.house("a replay moves in")) as session:
        for kind in (Address, PaymentMethod):
            session.execute(delete(kind).where(kind.account_id == guest.account_id))
        session.get_one(Account, guest.account_id).name = None


def _sign_in(small: SmallHouse, asker: Actor, device: str) -> Any:
    with small.database.begin(Scope.own(asker.account_id)) as session:
        account = session.get_one(Account, asker.account_id)
        now = small.clock()
        started = sessions.start(
            session, small.vault, account, life=SessionLife(), visit=Visit(device=device), now=now, amr="pwd"
        )
        return started.session_id


def _enrol(small: SmallHouse, asker: Actor) -> None:
    with small.database.begin(Scope.own(asker.account_id)) as session:
        now = small.clock()
        row = TotpFactor(id=new_id(now), account_id=asker.account_id, created_at=now, confirmed_at=now)
        small.vault.seal(session, row, "secret", "JBSWY3DPEHPK3PXP")
        session.add(row)
