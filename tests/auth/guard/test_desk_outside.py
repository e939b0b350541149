"""Commands that move money outside: whatever breaks between any two steps, it is settled exactly once afterwards."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from auth.actor import Actor, Role
from auth.guard.commands import Command
from auth.guard.decisions import Done, Outcome, Pending, Refused
from auth.guard.grants import GrantRow
from auth.guard.rooms import Declined, Settlement, Unreachable
from shop.basket import BasketLine
from shop.card_details import CardDetails
from shop.commands import (
    AddToBasket,
    CancelOrder,
    ChangeOrderItem,
    ChangeOrderPayment,
    PlaceOrder,
    RefundOrder,
    ShipOrder,
)
from shop.money import Money
from shop.orders import Order, OrderLine
from shop.payments import DemoGateway, PaymentGateway, PaymentMethod
from shop.refunds import Refund
from tests.small_house import SmallHouse

BuildSmall = Callable[..., SmallHouse]


class Crash(BaseException):
    """The process dies here: nobody catches this."""


@dataclass
class FragileGateway:
    """The demo gateway behind a line that can break before it is asked, or after it has done its work."""

    inner: PaymentGateway
    before: BaseException | None = None
    after: BaseException | None = None
    calls: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock)

    def charge(self, key: str, token: str, amount: Money) -> Settlement:
        return self._ask(lambda: self.inner.charge(key, token, amount))

    def refund(self, key: str, charge_reference: str, amount: Money) -> Settlement:
        return self._ask(lambda: self.inner.refund(key, charge_reference, amount))

    def describe(self, key: str, reference: str) -> CardDetails | Declined:
        return self.inner.describe(key, reference)

    def _ask(self, call: Callable[[], Settlement]) -> Settlement:
        with self.turn:
            self.calls += 1
        if self.before is not None:
            raise self.before
        answer = call()
        if self.after is not None:
            raise self.after
        return answer


@dataclass
class Scene:
    """A house whose gateway can fail, somebody in it, and a card that waits for them."""

    small: SmallHouse
    gateway: FragileGateway
    ada: Actor
    card: UUID

    def break_closing(self, nth: int) -> None:
        """Die in the nth transaction from now, at its very end, before its commit."""
        close, seen = self.small.database.closing, [0]
        assert close is not None

        def closing(session: object) -> None:
            close(session)  # type: ignore[arg-type]
            seen[0] += 1
            if seen[0] == nth:
                raise Crash

        self.small.database.closing = closing

    def break_after_commit(self, nth: int) -> None:
        seen = [0]

        def committed() -> None:
            seen[0] += 1
            if seen[0] == nth:
                raise Crash

        self.small.database.committed = committed

    def approve(self) -> Outcome:
        return self.small.desk.approve(self.ada, self.card)

    def restart(self) -> list[Outcome]:
        """The house opens again, mended; a while later the recovery job runs."""
        self.gateway.before = self.gateway.after = None
        self.small.clock.move(minutes=2)
        return self.small.desk.recover()


@dataclass(frozen=True)
class Story:
    """A command that moves money, and what must be true when it has happened, and when it has not."""

    set_up: Callable[[SmallHouse, Actor], Command]
    moved: Callable[[SmallHouse], list[int]]
    happened: Callable[[SmallHouse], bool]
    untouched: Callable[[SmallHouse], bool]
    amount: int


def _fill_basket(small: SmallHouse, ada: Actor) -> Command:
    small.done(ada, AddToBasket("HM-PINE", 2))
    return PlaceOrder("address:office", "card:visa-4242")


def _is_placed(small: SmallHouse) -> bool:
    order = small.one(Order)
    return order.status == "paid" and small.stock("HM-PINE") == 10 and not small.all(BasketLine)


def _state(small: SmallHouse) -> tuple[str, int, int]:
    """An order's status, the mugs on the shelf, and how many of its lines are cancelled."""
    gone = [line for line in small.all(OrderLine) if line.cancelled_at is not None]
    return small.one(Order).status, small.stock("HM-PINE"), len(gone)


def _swapped(small: SmallHouse) -> tuple[str, int, int, int]:
    order = small.one(Order)
    return small.one(OrderLine).sku, order.total.minor, small.stock("HM-PINE"), small.stock("HM-MOSS")


STORIES = {
    "refund": Story(
        set_up=lambda small, ada: RefundOrder(small.order(ada), "the handle broke", lines=(1,)),
        moved=lambda small: small.refunds_made(),
        happened=lambda small: [(r.state, r.amount_minor) for r in small.all(Refund)] == [("settled", 2480)],
        untouched=lambda small: small.all(Refund) == [],
        amount=2480,
    ),
    "cancel": Story(
        set_up=lambda small, ada: CancelOrder(small.order(ada, ("HM-PINE", 2), status="paid")),
        moved=lambda small: small.refunds_made(),
        happened=lambda small: small.one(Order).status == "cancelled" and small.stock("HM-PINE") == 14,
        untouched=lambda small: small.one(Order).status == "paid" and small.stock("HM-PINE") == 12,
        amount=4470,
    ),
    "cancel a line": Story(
        set_up=lambda small, ada: CancelOrder(
            small.order(ada, ("HM-PINE", 2), ("QL-FOG", 1), status="paid"), lines=(1,)
        ),
        moved=lambda small: small.refunds_made(),
        happened=lambda small: (_state(small), small.one(Order).total.minor) == (("paid", 14, 1), 19390),
        untouched=lambda small: (_state(small), small.one(Order).total.minor) == (("paid", 12, 0), 23370),
        amount=3980,
    ),
    "change an item": Story(
        set_up=lambda small, ada: ChangeOrderItem(
            small.order(ada, ("HM-PINE", 2), status="paid"), 1, small.option("HM-MOSS", of="HM-PINE", price=2490)
        ),
        moved=lambda small: small.charges_made(),
        happened=lambda small: _swapped(small) == ("HM-MOSS", 5470, 14, 3),
        untouched=lambda small: _swapped(small) == ("HM-PINE", 4470, 12, 5),
        amount=1000,
    ),
    "another card": Story(
        set_up=lambda small, ada: ChangeOrderPayment(small.order(ada, status="paid"), small.second_card(ada)),
        moved=lambda small: small.charges_made(),
        happened=lambda small: (small.one(Order).paid_with, small.refunds_made()) == ("Mastercard ···· 5454", [2480]),
        untouched=lambda small: (small.one(Order).paid_with, small.refunds_made()) == ("Visa ···· 4242", []),
        amount=2480,
    ),
    "place": Story(
        set_up=_fill_basket,
        moved=lambda small: small.charges_made(),
        happened=_is_placed,
        untouched=lambda small: small.all(Order) == [] and small.one(BasketLine).quantity == 2,
        amount=4470,
    ),
}


@pytest.fixture(params=STORIES)
def story(request: pytest.FixtureRequest) -> Story:
    return STORIES[request.param]


@pytest.fixture
def scene(build_small: BuildSmall, story: Story) -> Scene:
    return make_scene(build_small, story)


def make_scene(build_small: BuildSmall, story: Story) -> Scene:
    wrapped: list[FragileGateway] = []

    def wrap(gateway: PaymentGateway) -> PaymentGateway:
        wrapped.append(FragileGateway(gateway))
        return wrapped[0]

    small = build_small(wrap=wrap)
    ada = small.person()
    return Scene(small, wrapped[0], ada, small.park(ada, story.set_up(small, ada)))


def test_a_confirmed_card_moves_money_once(scene: Scene, story: Story) -> None:
    assert story.untouched(scene.small)
    first, again = scene.approve(), scene.approve()
    assert isinstance(first, Done) and again == first
    assert story.happened(scene.small) and story.moved(scene.small) == [story.amount]
    assert {grant.state for grant in scene.small.all(GrantRow)} == {"spent"}


def test_a_crash_before_the_claim_is_kept_leaves_nothing(scene: Scene, story: Story) -> None:
    scene.break_closing(1)
    with pytest.raises(Crash):
        scene.approve()
    assert scene.restart() == []
    assert story.untouched(scene.small) and scene.gateway.calls == 0
    assert isinstance(scene.approve(), Done)
    assert story.happened(scene.small) and story.moved(scene.small) == [story.amount]


def _dies_after_the_claim(scene: Scene) -> None:
    scene.break_after_commit(1)


def _dies_before_the_gateway_is_asked(scene: Scene) -> None:
    scene.gateway.before = Crash()


def _dies_after_the_gateway_did_it(scene: Scene) -> None:
    scene.gateway.after = Crash()


def _dies_before_the_settlement_is_kept(scene: Scene) -> None:
    scene.break_closing(2)


@pytest.mark.parametrize(
    "die",
    [
        _dies_after_the_claim,
        _dies_before_the_gateway_is_asked,
        _dies_after_the_gateway_did_it,
        _dies_before_the_settlement_is_kept,
    ],
)
def test_a_crash_after_the_claim_is_settled_exactly_once(
    scene: Scene, story: Story, die: Callable[[Scene], None]
) -> None:
    die(scene)
    with pytest.raises(Crash):
        scene.approve()
    assert not story.happened(scene.small)
    assert isinstance(scene.approve(), Pending), "a second click must not start it again"
    (settled,) = scene.restart()
    assert isinstance(settled, Done)
    assert story.happened(scene.small) and story.moved(scene.small) == [story.amount]
    assert scene.small.desk.recover() == []
    assert scene.approve() == settled
    assert story.moved(scene.small) == [story.amount]


def test_a_crash_after_the_settlement_changes_nothing_more(scene: Scene, story: Story) -> None:
    scene.break_after_commit(2)
    with pytest.raises(Crash):
        scene.approve()
    assert story.happened(scene.small)
    assert scene.restart() == []
    assert isinstance(scene.approve(), Done)
    assert story.moved(scene.small) == [story.amount]


@pytest.mark.parametrize("error", [Unreachable(), ValueError("no JSON")], ids=["silent", "broken"])
@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_silent_gateway_is_pending_until_the_same_key_is_answered(
    scene: Scene, story: Story, lost: str, error: Exception
) -> None:
    setattr(scene.gateway, lost, error)
    assert isinstance(scene.approve(), Pending)
    assert isinstance(scene.small.desk.recover(), list) and scene.gateway.calls == 1, "a fresh claim is left to rest"
    scene.small.clock.move(minutes=2)
    assert [type(o) for o in scene.small.desk.recover()] == [Pending]
    (settled,) = scene.restart()
    assert isinstance(settled, Done) and scene.approve() == settled
    assert story.happened(scene.small) and story.moved(scene.small) == [story.amount]


def test_two_recovery_jobs_at_once_settle_once(scene: Scene, story: Story) -> None:
    scene.gateway.after = Unreachable()
    assert isinstance(scene.approve(), Pending)
    scene.gateway.after = None
    scene.small.clock.move(minutes=2)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: scene.small.desk.recover(), range(8)))
    assert story.happened(scene.small) and story.moved(scene.small) == [story.amount]


@pytest.fixture
def refund_scene(build_small: BuildSmall) -> Scene:
    return make_scene(build_small, STORIES["refund"])


def test_fifty_approvals_of_one_card_at_once_pay_once(refund_scene: Scene) -> None:
    start = threading.Barrier(25)

    def click(_: int) -> Outcome:
        start.wait()
        return refund_scene.approve()

    with ThreadPoolExecutor(25) as pool:
        outcomes = list(pool.map(click, range(50)))
    assert refund_scene.small.refunds_made() == [2480]
    assert {type(o) for o in outcomes} <= {Done, Pending}
    assert isinstance(refund_scene.approve(), Done)


def test_the_gateways_no_gives_everything_back(build_small: BuildSmall) -> None:
    small = build_small()
    ada = small.person()
    number = small.order(ada)
    card = small.park(ada, RefundOrder(number, "broken"))
    small.change(Order, {"charge_reference": "ch_nobody_knows"}, number=number)
    replaced = small.desk.approve(ada, card)
    assert getattr(replaced, "replaced", False), "the card named another charge"
    outcome = small.desk.approve(ada, replaced.approval_id)  # type: ignore[union-attr]
    assert isinstance(outcome, Refused) and outcome.kind == "gateway"
    assert small.one(Refund).state == "released"
    assert small.one(GrantRow).state == "void"
    assert small.desk.approve(ada, replaced.approval_id) == outcome  # type: ignore[union-attr]


def test_money_that_is_on_its_way_is_not_given_twice(refund_scene: Scene) -> None:
    scene, number = refund_scene, refund_scene.small.one(Order).number
    scene.gateway.after = Unreachable()
    assert isinstance(scene.approve(), Pending)
    second = scene.small.submit(scene.ada, RefundOrder(number, "once more", amount=Money(1000)))
    assert isinstance(second, Refused) and second.policy == "refund.no-more-than-was-paid"
    assert scene.gateway.calls == 1


def test_an_order_that_is_being_cancelled_cannot_be_sent(build_small: BuildSmall) -> None:
    scene = make_scene(build_small, STORIES["cancel"])
    scene.gateway.before = Unreachable()
    assert isinstance(scene.approve(), Pending)
    clerk, number = scene.small.person(Role.CLERK), scene.small.one(Order).number
    outcome = scene.small.submit(clerk, ShipOrder(number, "T-1"))
    assert isinstance(outcome, Refused) and outcome.kind == "policy"
    assert scene.small.one(Order).status == "cancelling"


def test_the_demo_token_that_loses_its_answer_is_settled_by_recovery(build_small: BuildSmall) -> None:
    small = build_small()
    ada = small.person()
    small.change(PaymentMethod, {"token": DemoGateway.ANSWER_LOST_ONCE}, account_id=ada.account_id)
    command = _fill_basket(small, ada)
    assert isinstance(small.submit(ada, command, "checkout-1"), Pending)
    assert isinstance(small.submit(ada, command, "checkout-1"), Pending), "a reload asks nobody again"
    small.clock.move(minutes=2)
    (settled,) = small.desk.recover()
    assert small.submit(ada, command, "checkout-1") == settled
    assert _is_placed(small) and small.charges_made() == [4470]
