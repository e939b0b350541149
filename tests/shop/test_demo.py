"""The demo: all that the tour needs is there, nothing personal is in the clear, and only a demo shows codes."""

import ast
import json
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from auth.actor import Actor, Channel, Role
from auth.audit import AuditEntry, AuditLog, append_recorded
from auth.database import Database, Scope
from auth.guard.decisions import Done
from auth.sign_in import totp
from auth.sign_in.passwords import Argon2Cost, Match, PasswordHasher
from auth.vault import LocalKeyFile, Vault
from frontend.upgrade import upgrade
from shop.basket import BasketLine
from shop.cases import Case
from shop.catalogue import CATEGORIES, Product
from shop.commands import CancelOrder, RefundOrder
from shop.conversations import Conversation
from shop.demo import DEMO_PASSWORD, DemoMode, DemoShop, _people, demo_people, is_seeded, seed
from shop.demo_shelves import read_data
from shop.orders import Order, OrderLine
from shop.payments import DemoGateway, PaymentMethod
from shop.refunds import Refund
from shop.reviews import Review
from tests.small_house import NOON, SmallHouse, StoppedClock, build_small_house

ROOT = Path(__file__).resolve().parents[2]
DEMO = DemoMode(since=NOON)
CHEAP = Argon2Cost(memory_kib=64, iterations=1, lanes=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def house(folder: Path) -> SmallHouse:
    """A seeded demo, made once for this file; tests only look at it, or change what no other test looks at."""
    url, clock = f"sqlite:///{folder}/shop.db", StoppedClock()
    database = Database(url)
    upgrade(database.engine)
    made = build_small_house(url, folder)
    # The small house has put three products on the shelf, and the demo fills empty shops only.
    with made.database.begin(Scope.house("a test clears the shelves")) as session:
        for product in session.scalars(select(Product)):
            for variant in product.variants:
                session.delete(variant)
            session.delete(product)
    assert made.clock() == clock()
    made.told = _seed(made)  # type: ignore[attr-defined]
    return made


def _seed(house: SmallHouse) -> DemoShop:
    return seed(
        DEMO, house.database, house.vault, gateway=house.gateway, hasher=PasswordHasher(CHEAP), clock=house.clock
    )


def test_the_shelves_are_full(house: SmallHouse) -> None:
    products = house.all(Product)
    assert len(products) >= 64
    assert {product.category for product in products} == {slug for slug, _, _ in CATEGORIES}
    assert all(2 <= len(product.variants) <= 5 for product in products)
    stocks = [variant.stock for product in products for variant in product.variants]
    assert 0 in stocks and 2 in stocks
    assert len({product.description for product in products}) == len(products)


def test_orders_are_in_every_state_and_people_have_what_the_tour_asks_about(house: SmallHouse) -> None:
    orders = house.all(Order)
    assert len(orders) == 200
    assert {o.status for o in orders} == {"placing", "paid", "shipped", "delivered", "cancelled", "failed"}
    assert 8 <= len(house.all(Refund)) <= 40
    for account_id in _first(house, 5):
        mine = sorted((o for o in orders if o.account_id == account_id), key=lambda o: o.placed_at)
        assert mine[-1].status == "paid"
        assert "shipped" in {o.status for o in mine}
        recent = [o for o in mine if o.delivered_at is not None and (NOON - o.delivered_at).days < 25]
        assert any(line.kind == "mug" for o in recent for line in o.lines)
    ida = [o for o in orders if o.account_id == _first(house, 1)[0] and o.status == "delivered"]
    fresh = [o.goods_minor for o in ida if (NOON - o.delivered_at).days < 30]
    assert any(10000 < minor <= 50000 for minor in fresh) and any(minor > 50000 for minor in fresh)


def test_times_and_sums_of_orders_make_sense(house: SmallHouse) -> None:
    for order in house.all(Order):
        times = [t for t in (order.placed_at, order.shipped_at, order.delivered_at) if t is not None]
        assert times == sorted(times) and times[-1] <= NOON
        assert order.goods_minor == sum(line.unit_minor * line.quantity for line in order.lines)
        assert order.shipping_minor == (0 if order.goods_minor >= 6000 else 490)
        assert (order.charge_reference is None) == (order.status in {"placing", "failed"})
    for refund in house.all(Refund):
        assert refund.amount_minor == sum(minor for _, minor in json.loads(refund.lines))
        assert refund.created_at <= NOON


def test_returns_and_claims_are_there_in_several_states(house: SmallHouse) -> None:
    cases = house.all(Case)
    assert {"announced", "open", "refunded"} <= {case.state for case in cases}
    for case in cases:
        order = house.one(Order, id=case.order_id)
        assert case.account_id == order.account_id and order.delivered_at <= case.opened_at <= NOON
        assert case.state != "refunded" or house.one(Refund, grant_id=case.settle_grant_id).lines == case.lines
    owners = Counter(case.account_id for case in cases)
    assert owners.most_common(1)[0][1] >= 3, "the first customer of the tour can ask where the money is"


def test_a_seeded_order_can_be_cancelled_and_refunded(house: SmallHouse) -> None:
    account_id = _first(house, 5)[4]
    actor = Actor(account_id, Role.CUSTOMER, Channel.PAGE, second_factor_at=house.clock())
    paid = house.one(Order, account_id=account_id, status="paid")
    assert isinstance(house.submit(actor, CancelOrder(paid.number)), Done)
    mug = min(house.all(OrderLine, account_id=account_id, kind="mug"), key=lambda line: str(line.id))
    order = max(
        (
            o
            for o in house.all(Order, account_id=account_id, status="delivered")
            if mug.kind in {x.kind for x in o.lines}
        ),
        key=lambda o: o.placed_at,
    )
    assert isinstance(house.submit(actor, RefundOrder(order.number, "The mug broke", lines=(1,))), Done)


def test_reviews_are_many_some_are_hostile_and_sums_agree(house: SmallHouse) -> None:
    reviews = house.all(Review)
    hostile = {text for _, _, text in read_data("reviews.yaml")["hostile"]}
    assert len(reviews) == 300 and len(hostile) >= 12
    assert hostile <= {review.text for review in reviews}
    for product in house.all(Product):
        mine = [review.stars for review in reviews if review.product_id == product.id]
        assert (product.rating_sum, product.review_count) == (sum(mine), len(mine))
    for product_id in {review.product_id for review in reviews}:
        texts = [review.text for review in reviews if review.product_id == product_id]
        assert len(texts) == len(set(texts))
    assert not {review.author_id for review in reviews} & set(_first(house, 5))


def test_three_conversations_wait_and_some_baskets_are_filled(house: SmallHouse) -> None:
    assert [c.state for c in house.all(Conversation)] == ["waiting"] * 3
    assert len({line.account_id for line in house.all(BasketLine)}) == 4


def test_everybody_can_sign_in_with_password_and_code(house: SmallHouse) -> None:
    with house.database.read(Scope.house("demo")) as session:
        people = demo_people(session, house.vault, DEMO, now=house.clock())
    assert len(people) == 28 and [p.role for p in people[:4]] == ["customer"] * 3 + ["clerk"]
    ida = next(person for person in people if person.name == "Ida Quillfeather")
    account_id = _first(house, 1)[0]
    with house.database.begin(Scope.own(account_id)) as session:
        from auth.accounts import find_account

        account = find_account(session, account_id)
        assert isinstance(PasswordHasher(CHEAP).verify(account.password_hash, ida.password), Match)
        accepted = totp.check(session, house.vault, account_id, ida.code, now=house.clock())
    assert isinstance(accepted, totp.CodeAccepted) and ida.password == DEMO_PASSWORD


def test_people_who_registered_themselves_are_not_listed(house: SmallHouse) -> None:
    from auth.accounts import open_account

    with house.database.begin(Scope.house("a test")) as session:
        open_account(session, house.vault, role=Role.CUSTOMER, now=NOON, name="New Comer", email="new@example.com")
    with house.database.read(Scope.house("demo")) as session:
        assert "New Comer" not in {p.name for p in demo_people(session, house.vault, DEMO, now=NOON)}


def test_nothing_personal_is_in_the_file_in_the_clear(house: SmallHouse, folder: Path) -> None:
    raw = b"".join(file.read_bytes() for file in folder.glob("shop.db*"))
    assert b"harbour-stoneware-mug" in raw  # The search does find what is there.
    values = [text for group in _people().values() for who in group for text in (who["name"], who["email"])]
    values += [who["name"].split(" ", 1)[1] for group in _people().values() for who in group]
    values += [part for who in _people()["customers"] for address in who["addresses"] for part in address[1:4:2]]
    values += ["Blaumeisner", "Wrenmore", "Larkenby", "Dunlinbay", "maiden name"]
    assert [value for value in values if value.encode() in raw] == []


def test_seeding_is_in_the_log_and_does_not_happen_twice(house: SmallHouse) -> None:
    (entry,) = house.all(AuditEntry, kind="shop.seeded")
    assert entry.facts()["orders"] == 200
    assert is_seeded(house.database)
    with pytest.raises(ValueError, match="empty shop"):
        _seed(house)


def test_the_same_dice_give_the_same_shop(house: SmallHouse, tmp_path: Path, sqlite_template: Path) -> None:
    from tests.building import migrated_sqlite

    database = Database(migrated_sqlite(sqlite_template, tmp_path), closing=append_recorded(AuditLog(witness=None)))
    clock = StoppedClock()
    vault, steps = Vault(LocalKeyFile(tmp_path / "keys.json"), clock=clock), list[tuple[int, int]]()
    seed(
        DEMO,
        database,
        vault,
        gateway=DemoGateway(clock=clock),
        hasher=PasswordHasher(CHEAP),
        clock=clock,
        progress=lambda done, total: steps.append((done, total)),
    )
    with database.read(Scope.house("a test compares")) as session:
        again = {(o.number, o.goods_minor, o.placed_at) for o in session.scalars(select(Order))}
    assert again == {(o.number, o.goods_minor, o.placed_at) for o in house.all(Order)}
    assert steps[-1][0] == steps[-1][1] and [done for done, _ in steps] == list(range(1, steps[-1][1] + 1))
    database.close()


def test_a_declined_card_is_there_to_try(house: SmallHouse) -> None:
    assert [card.last4 for card in house.all(PaymentMethod, token=DemoGateway.DECLINED)] == ["0341"]


def test_only_the_settings_make_the_proof_of_a_demo() -> None:
    makers = [
        path.relative_to(ROOT).as_posix()
        for floor in ("auth", "shop", "agent", "frontend")
        for path in (ROOT / floor).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "DemoMode"
    ]
    assert makers == ["frontend/settings.py"]


def test_an_author_reviews_a_product_once(house: SmallHouse) -> None:
    review = house.all(Review)[0]
    copy = {"product_id": review.product_id, "author_id": review.author_id, "stars": 3, "text": "again"}
    with pytest.raises(IntegrityError), house.database.begin(Scope.house("a test")) as session:
        session.add(Review(id=_first(house, 1)[0], signed="X.", hidden=False, written_at=NOON, **copy))


def _first(house: SmallHouse, count: int) -> list:
    """The account ids of the first customers of the tour."""
    emails = [who["email"] for who in _people()["customers"][:count]]
    from auth.accounts import find_account_id_by_email_tag

    with house.database.read(Scope.house("a test looks")) as session:
        found = [find_account_id_by_email_tag(session, house.vault.email_tag(email)) for email in emails]
    assert None not in found
    return found
