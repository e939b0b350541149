"""T39: after an account is deleted its person still signs in, or something personal can still be read or found out."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import inspect, select

from auth.accounts import Account, find_account_id_by_email_tag
from auth.audit import read_notes, verify
from auth.database import Base, Belongs, Scope
from auth.guard.decisions import AwaitingApproval, Done, Refused
from auth.guard.grants import CLAIMED, GrantRow
from auth.mail import waiting_mail
from auth.sign_in.sessions import SignInSession
from auth.vault import DataKey, LocalKeyFile, Shredded, Vault
from auth.vault.envelope import Sealed
from frontend.app import checkpoint_verifier
from shop.commands import DeleteAccount, PlaceOrder
from shop.orders import Order
from shop.reviews import Review
from tests.browsing import PASSWORD, Street
from tests.building import Building

PAGE = "/account/privacy"


@pytest.fixture
def settled(building: Building) -> Building:
    """Nothing of Ada's is under way any more."""
    with building.house.database.begin(Scope.own(building.person("ada").id)) as session:
        for order in session.scalars(select(Order).where(Order.status.in_(("paid", "shipped")))):
            order.status, order.delivered_at = "delivered", building.clock()
    return building


def leave(street: Street, name: str = "ada") -> Any:
    browser = street.signed_in(name)
    answer = browser.post(f"{PAGE}/delete", data={"sure": "yes", "reason": "Saffronlocket left too", "request_id": ""})
    assert answer.status_code == 303 and answer.headers["location"] == "/goodbye", answer.text[:2000]
    return browser


def opened(building: Building, account_id: UUID) -> list[str]:
    """Every sealed value of an account that a fresh process can still open."""
    vault = Vault(LocalKeyFile(building.settings.keys), clock=building.clock)
    found = list[str]()
    with building.house.database.read(Scope.house("a test opens everything")) as session:
        for model in {m.class_ for m in Base.registry.mappers if issubclass(m.class_, Belongs)}:
            sealed = [c.key for c in inspect(model).column_attrs if isinstance(c.columns[0].type, Sealed)]
            for row in session.scalars(select(model).where(model.account_id == account_id)).unique():
                for column in sealed:
                    try:
                        found.append(vault.open(session, row, column))
                    except Shredded:
                        continue
    return [text for text in found if text]


def test_nothing_of_a_deleted_account_can_be_read(settled: Building, street: Street) -> None:
    ada = settled.person("ada")
    street.conversation("ada", ("customer", "my Marmaladewagon broke"))  # type: ignore[arg-type]
    assert len(opened(settled, ada.id)) > 20
    leave(street)
    assert opened(settled, ada.id) == []
    with settled.house.database.read(Scope.house("a test looks")) as session:
        account, key = session.get_one(Account, ada.id), session.query(DataKey).filter_by(account_id=ada.id).one()
        assert (account.status, account.email_tag, account.password_hash) == ("closed", None, None)
        assert key.shredded_at is not None and not any(key.wrapped)
        kept = session.scalars(select(Order).where(Order.account_id == ada.id)).all()
        assert len(kept) == 7 and {(o.paid_with, o.payment_token, o.tracking) for o in kept} == {("", "", "")}


def test_no_word_of_them_lies_in_the_clear(settled: Building, street: Street) -> None:
    ada = settled.person("ada")
    leave(street)
    settled.house.database.close()
    files = [p for p in Path(settled.folder).rglob("*") if p.is_file() and not p.name.startswith("keys")]
    assert any(p.name == "shop.db" for p in files) or settled.house.database.is_postgres
    for word in ("Zephyrwick", "Juniperlane", "Saffronlocket", ada.email):
        assert [p.name for p in files if word.encode() in p.read_bytes()] == [], word


def test_they_are_signed_out_and_cannot_come_back_in(settled: Building, street: Street) -> None:
    other = street.signed_in("ada", "203.0.113.50")
    browser = leave(street)
    for device in (browser, other):
        assert device.get("/account").headers["location"].startswith("/sign-in")
    refused = street.browser().post("/sign-in", data={"email": settled.person("ada").email, "password": PASSWORD})
    stranger = street.browser().post("/sign-in", data={"email": "nobody@example.com", "password": PASSWORD})
    assert refused.status_code == stranger.status_code and 'name="ticket"' not in refused.text
    with settled.house.database.read(Scope.house("a test looks")) as session:
        assert session.query(SignInSession).filter_by(account_id=settled.person("ada").id).count() == 0


def test_the_address_is_free_and_the_new_account_is_another(settled: Building, street: Street) -> None:
    ada, house = settled.person("ada"), settled.house
    leave(street)
    form = {"name": "Ada Zephyrwick", "email": ada.email, "password": "wharf kettle juniper 71"}
    assert street.browser("203.0.113.60").post("/register", data=form).status_code < 400
    with house.database.read(Scope.house("a test looks")) as session:
        found = find_account_id_by_email_tag(session, house.vault.email_tag(ada.email))
        assert found is not None and found != ada.id
        assert session.query(Order).filter_by(account_id=found).count() == 0


def test_a_last_letter_says_so_and_is_not_sealed_under_the_lost_key(settled: Building, street: Street) -> None:
    ada, house = settled.person("ada"), settled.house
    leave(street)
    with house.database.read(Scope.house("a test looks")) as session:
        letters = [w.mail for w in waiting_mail(session, house.vault)]
    assert [(m.to, "is deleted" in m.subject) for m in letters] == [(ada.email, True)]


@pytest.mark.parametrize("status", ["placing", "paid", "shipped", "cancelling"])
def test_not_while_an_order_is_under_way(settled: Building, street: Street, status: str) -> None:
    number = settled.orders["ada.mug"]
    with settled.house.database.begin(Scope.own(settled.person("ada").id)) as session:
        session.scalars(select(Order).where(Order.number == number)).one().status = status
    answer = street.signed_in("ada").post(f"{PAGE}/delete", data={"sure": "yes", "request_id": ""})
    assert answer.status_code == 403 and "still under way" in answer.text
    assert len(opened(settled, settled.person("ada").id)) > 20


def test_not_without_being_sure_and_not_without_a_fresh_proof(settled: Building, street: Street) -> None:
    browser = street.signed_in("ada")
    assert browser.post(f"{PAGE}/delete", data={"request_id": ""}).status_code == 422
    settled.clock.move(minutes=6)
    parked = browser.post(f"{PAGE}/delete", data={"sure": "yes", "request_id": ""})
    card = parked.headers["location"]
    assert card.startswith("/approvals/")
    for form in ({}, {"code": "000000"}, {"password": PASSWORD}):
        assert browser.post(f"{card}/confirm", data=form).status_code == 422
    assert len(opened(settled, settled.person("ada").id)) > 20
    gone = browser.post(f"{card}/confirm", data={"code": street.next_code("ada")})
    assert gone.headers["location"] == "/goodbye" and opened(settled, settled.person("ada").id) == []


def test_the_rest_of_the_house_stands(settled: Building, street: Street) -> None:
    house = settled.house
    with house.database.begin(Scope.own(settled.person("ada").id)) as session:
        orders = session.scalars(select(Order)).all()
        product = orders[0].lines[0].product
    browser = street.signed_in("ada")
    browser.post(f"/p/{product}/reviews", data={"stars": "4", "text": "Keeps the tea warm.", "request_id": ""})
    leave(street)
    with house.database.read(Scope.house("a test looks")) as session:
        (review,) = session.scalars(select(Review))
        assert (review.author_id, review.signed, review.text) == (None, "a customer", "Keeps the tea warm.")
    clerk = street.signed_in("cleo")
    for path in ("/staff", *(f"/staff/orders/{order.number}" for order in orders)):
        answer = clerk.get(path)
        assert answer.status_code == 200 and "Zephyrwick" not in re.sub(r"Cleo Zephyrwick", "", answer.text), path
    assert street.signed_in("ben").get("/orders").status_code == 200
    house.checkpoint()
    notes = read_notes(settled.settings.checkpoints)
    keys = house.vault.provider
    assert isinstance(keys, LocalKeyFile)
    with house.database.read(Scope.house("a test verifies")) as session:
        report = verify(session, notes, checkpoint_verifier(keys))
        assert report.ok and report.witnessed == report.entries > 10
        entries = house.audit.entries(session, limit=10_000)
        assert any(e.account_id == settled.person("ada").id and e.kind == "command.verified" for e in entries)


def test_a_crash_between_letter_and_end_is_finished_later_and_nobody_acts_meanwhile(settled: Building) -> None:
    ada = settled.person("ada").at_page(settled.clock, second_factor_age_s=5)
    desk, house = settled.desk, settled.house
    settle = desk._execution.settle
    desk._execution.settle = lambda claimed: AwaitingApproval  # type: ignore[method-assign,assignment,return-value]
    desk.submit(ada, DeleteAccount(), request_id="leave")
    desk._execution.settle = settle  # type: ignore[method-assign]
    with house.database.read(Scope.house("a test looks")) as session:
        assert session.query(GrantRow).filter_by(state=CLAIMED, action="DeleteAccount").count() == 1
        assert session.get_one(Account, settled.person("ada").id).status == "closed"
    order = PlaceOrder("address:home", "card:visa-4242")
    assert isinstance(desk.submit(ada, order, request_id="buy"), Refused)
    settled.clock.move(minutes=5)
    (outcome,) = desk.recover()
    assert isinstance(outcome, Done) and opened(settled, settled.person("ada").id) == []
    with house.database.read(Scope.house("a test looks")) as session:
        assert len(waiting_mail(session, house.vault)) == 1


def test_clerks_do_not_delete_themselves(settled: Building) -> None:
    cleo = settled.person("cleo").at_page(settled.clock, second_factor_age_s=5)
    outcome = settled.desk.submit(cleo, DeleteAccount(), request_id="leave")
    assert isinstance(outcome, Refused) and outcome.policy == "leaving.customers-only"
