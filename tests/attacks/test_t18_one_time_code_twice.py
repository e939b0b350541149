"""T18: a one-time code is accepted twice, or the code that confirmed the enrolment is accepted again."""

from concurrent.futures import ThreadPoolExecutor

from auth.accounts import find_account
from auth.database import Scope
from auth.sign_in import totp
from auth.sign_in.totp import CodeAccepted
from shop.commands import RefundOrder
from tests.attacks.wiles import parked
from tests.browsing import Street, cards, entries, moved


def test_the_code_that_signed_in_neither_signs_in_again_nor_signs_a_card(street: Street) -> None:
    building, ada = street.building, street.building.person("ada")
    browser = street.signed_in("ada")
    used = street.code_now("ada")
    second = street.browser()
    ticket = street.first_step(second, "ada")
    assert second.post("/sign-in/code", data={"ticket": ticket, "code": used}).status_code == 422
    assert second.get("/orders").status_code == 303
    building.clock.move(minutes=6)
    card = parked(building, ada, RefundOrder(building.orders["ada.lamp"], "broken"))
    fresh = street.next_code("ada")
    assert browser.post("/account/security/fresh", data={"code": fresh}).status_code == 303
    building.clock.move(minutes=6)
    for old in (used, fresh):
        answer = browser.post(f"/approvals/{card.approval_id}/confirm?fragment=1", data={"code": old})
        assert answer.status_code == 422
    assert [c.state for c in cards(building, "ada")] == ["open"] and moved(building) == []


def test_the_same_code_at_the_same_moment_is_accepted_once(street: Street) -> None:
    street.equip("ada")
    house, ada, code = street.building.house, street.building.person("ada"), street.next_code("ada")

    def show(_: int) -> bool:
        with house.database.begin(Scope.own(ada.id)) as session:
            answer = totp.check(session, house.vault, ada.id, code, now=house.clock())
            return isinstance(answer, CodeAccepted)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(show, range(4))) == 1
    assert entries(street.building, "totp.replayed")


def test_the_enrolment_code_is_used_up(street: Street) -> None:
    street.equip("ada")
    browser, used = street.browser(), street.code_now("ada")
    ticket = street.first_step(browser, "ada")
    assert browser.post("/sign-in/code", data={"ticket": ticket, "code": used}).status_code == 422
    assert browser.get("/orders").status_code == 303


def test_codes_cannot_be_tried_through(street: Street) -> None:
    browser = street.browser()
    ticket, wrong = street.first_step(browser, "ada"), f"{(int(street.code_now('ada')) + 500_000) % 1_000_000:06}"
    answers = [browser.post("/sign-in/code", data={"ticket": ticket, "code": wrong}).status_code for _ in range(6)]
    assert answers[-1] == 429
    right = street.next_code("ada")
    assert browser.post("/sign-in/code", data={"ticket": ticket, "code": right}).status_code == 429


def test_the_secret_is_sealed(street: Street) -> None:
    street.equip("ada")
    with street.building.house.database.read(Scope.own(street.building.person("ada").id)) as session:
        assert find_account(session, street.building.person("ada").id) is not None
        factor = session.query(totp.TotpFactor).one()
        assert street.secrets["ada"].encode() not in bytes(factor.secret or b"")
