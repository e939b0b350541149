"""T65: a customer gives leave without knowing: framed, by a form of another page, or because of an earlier yes."""

import pytest

from auth.database import Scope
from auth.oauth.delegations import Delegation
from tests.browsing import Street, kinds
from tests.building import Building
from tests.software import Flow, add_program

ELSEWHERE = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


def leaves(building: Building) -> int:
    with building.house.database.read(Scope.house("a test counts")) as session:
        return session.query(Delegation).count()


def test_the_page_is_framed_by_nobody_and_kept_by_no_cache(building: Building, street: Street) -> None:
    add_program(building)
    page = street.signed_in("ada").get(f"/oauth/authorize?{Flow().query()}")
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and page.headers["x-frame-options"] == "DENY"
    assert "script-src 'self'" in policy and page.headers["cache-control"] == "no-store"
    assert "form-action 'self' https://pocket.example;" in policy, "the one program's address and no other"
    other = street.signed_in("ben").get("/account")
    assert "form-action 'self';" in other.headers["content-security-policy"], "and on this page alone"


@pytest.mark.parametrize(
    "headers",
    [ELSEWHERE, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://pocket.example"}],
    ids=str,
)
def test_a_form_of_another_page_gives_nothing(building: Building, street: Street, headers: dict[str, str]) -> None:
    add_program(building)
    ada, sent = street.signed_in("ada"), {"asked": Flow().query(), "decision": "yes", "scope": "orders:read"}
    for name in ("origin", "sec-fetch-site"):
        ada.headers.pop(name, None)
    answer = ada.post("/oauth/authorize", data=sent, headers=headers)
    assert answer.status_code == 403 and leaves(building) == 0 and "app.connected" not in kinds(building)


def test_a_link_alone_gives_nothing_even_after_an_earlier_yes(building: Building, street: Street) -> None:
    add_program(building)
    flow, ada = Flow(), street.signed_in("ada")
    flow.agree(ada)
    before = leaves(building)
    for extra in ({}, {"prompt": "none"}, {"decision": "yes"}, {"approval_prompt": "auto"}):
        answer = ada.get(f"/oauth/authorize?{flow.query(**extra)}", headers=ELSEWHERE)
        assert "code=" not in answer.headers.get("location", "")
    assert leaves(building) == before


def test_a_form_can_not_add_what_was_not_asked_for(building: Building, street: Street) -> None:
    add_program(building)
    flow, ada = Flow(scope="openid email"), street.signed_in("ada")
    told = flow.agree(ada, ticked=["email", "orders:write", "addresses"])
    assert "code" in told
    with building.house.database.read(Scope.house("a test looks")) as session:
        assert session.query(Delegation).one().scope == "openid email"


def test_a_program_gets_no_scope_it_was_not_registered_with(building: Building, street: Street) -> None:
    add_program(building, scopes=("openid", "email"))
    flow = Flow(scope="openid orders:write")
    answer = street.signed_in("ada").get(f"/oauth/authorize?{flow.query()}")
    assert flow.told(answer)["error"] == "invalid_scope"


def test_a_programs_name_is_text_and_nothing_else(building: Building, street: Street) -> None:
    add_program(building)
    query = Flow().query(state='"><script>alert(1)</script>')
    page = street.signed_in("ada").get(f"/oauth/authorize?{query}")
    assert page.status_code == 200 and "<script>alert" not in page.text
