"""T64: software reaches further than its customer allowed: by exchange, by another's token, after its end."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from auth.actor import Act
from auth.database import Scope
from auth.guard.decisions import AwaitingApproval, Done, Refused
from auth.oauth import clients, delegations, exchange
from auth.oauth.bearer import Bearer, BearerRefused, Wanted, check_bearer
from auth.oauth.clients import Kind
from auth.oauth.delegations import TURN_LIVES, Delegation, Proof, Why
from shop.commands import CancelOrder, ListAddresses, ListOrders, SearchProducts
from tests.attacks.test_t62_forged_tokens import signed_by_the_shop, taken_apart
from tests.browsing import PASSWORD, Street
from tests.building import ORIGIN, Building
from tests.software import Flow, add_program, backend, end, give_leave, post, token_for

API = f"{ORIGIN}/api/v1"


def cut(street: Street, token: str, secret: str, client_id: str = "pocket-pine", **other: str | None) -> dict[str, str]:
    form = {
        "grant_type": exchange.GRANT,
        "subject_token": token,
        "subject_token_type": exchange.ACCESS_TOKEN,
        "resource": API,
        **other,
    }
    body: dict[str, str] = post(backend(street.app), "/oauth/token", client_id, secret, form).json()
    return body


def cut_for(session: Session, wide: Delegation, now: datetime) -> Delegation:
    """A leave for a turn of the assistant, as it is cut from a program's own."""
    return delegations.begin(
        session,
        wide.account_id,
        client=None,
        act=Act("assistant", "x"),
        scopes=("assistant",),
        audiences=(API,),
        proof=Proof(),
        ends_at=now + TURN_LIVES,
        now=now,
        parent=wide,
    )


def bearer(building: Building, token: str) -> Bearer:
    found = check_bearer(building.house.issuer, f"Bearer {token}", Wanted(API))
    assert isinstance(found, Bearer)
    return found


def test_exchange_never_widens_scopes_resources_or_time(building: Building, street: Street) -> None:
    added = add_program(building)
    row = give_leave(building, "ada", scopes=("orders:read", "basket", "offline_access"))
    token = token_for(building, row, scopes=("orders:read", "offline_access"))
    for more in ("orders:write", "basket", "orders:read orders:write", "offline_access", "openid"):
        assert cut(street, token, added.secret, scope=more)["error"] == "invalid_scope", more
    assert cut(street, token, added.secret, resource=f"{ORIGIN}/oauth/userinfo")["error"] == "invalid_target"
    assert cut(street, token, added.secret, resource="https://other.example")["error"] == "invalid_target"
    assert cut(street, token, added.secret, resource=None)["error"] == "invalid_target"
    narrow = cut(street, token, added.secret)
    assert narrow["scope"] == "orders:read" and "refresh_token" not in narrow
    assert cut(street, narrow["access_token"], added.secret)["error"] == "invalid_grant", "nor cut again"


def test_somebody_elses_token_is_not_exchanged(building: Building, street: Street) -> None:
    add_program(building)
    other = add_program(building, "other-app")
    phone = add_program(building, "phone-app", kind=Kind.PUBLIC)
    token = token_for(building, give_leave(building, "ada"))
    assert cut(street, token, other.secret, "other-app")["error"] == "invalid_grant"
    own = token_for(building, give_leave(building, "ada", client_id="phone-app"))
    assert phone.secret == "" and cut(street, own, "", "phone-app")["error"] == "unauthorized_client"


def test_what_was_cut_ends_with_what_it_was_cut_from(building: Building, street: Street) -> None:
    added = add_program(building)
    row = give_leave(building, "ada")
    narrow = cut(street, token_for(building, row), added.secret)["access_token"]
    assert bearer(building, narrow).actor.delegation != row.id
    end(building, row.account_id, row.id)
    assert not isinstance(check_bearer(building.house.issuer, f"Bearer {narrow}", Wanted(API)), Bearer)
    assert "error" in cut(street, token_for(building, row), added.secret)


def test_what_was_cut_twice_ends_with_the_first(building: Building) -> None:
    """The assistant's turn is cut from a token that a program had cut from its own before."""
    add_program(building)
    row, now = give_leave(building, "ada", scopes=("assistant",)), building.clock()
    with building.house.database.begin(Scope.own(row.account_id)) as session:
        middle = cut_for(session, session.get_one(Delegation, row.id), now)
        last = cut_for(session, middle, now)
        assert delegations.end(session, row.id, why=Why.DISCONNECTED, now=now)
        session.expire_all()
        assert {middle.ended_why, last.ended_why} == {Why.DISCONNECTED.value}


@pytest.mark.parametrize("how", ["disconnected", "disabled"])
def test_what_the_assistant_prepared_for_it_is_void_as_well(building: Building, how: str) -> None:
    """The turn had run its course when the program was cut off; the card it left is worth no signature either."""
    add_program(building)
    row, now, ada = give_leave(building, "ada", scopes=("assistant",)), building.clock(), building.person("ada")
    with building.house.database.begin(Scope.own(row.account_id)) as session:
        turn = cut_for(session, session.get_one(Delegation, row.id), now)
    chat = replace(ada.through_chat(), delegation=turn.id, scopes=frozenset({"assistant"}))
    card = building.desk.submit(chat, CancelOrder(building.orders["ada.paid"], "no"), request_id="a")
    assert isinstance(card, AwaitingApproval), card
    with building.house.database.begin(Scope.own(row.account_id)) as session:
        assert delegations.end(session, turn.id, why=Why.OVER, now=now)
    if how == "disconnected":
        end(building, row.account_id, row.id)
    else:
        with building.house.database.begin(Scope.house("a test disables a program")) as session:
            assert clients.disable_client(session, "pocket-pine", now=now)
    late = building.desk.approve(ada.at_page(building.clock), card.approval_id)
    assert isinstance(late, Refused) and late.policy == "software.while-its-leave-lasts"


def test_a_token_and_its_record_name_the_same_program(building: Building, street: Street) -> None:
    add_program(building)
    other = add_program(building, "other-app")
    own, pockets = give_leave(building, "ada", client_id="other-app"), give_leave(building, "ada")
    for named, row in (("other-app", pockets), ("pocket-pine", own)):
        claims = taken_apart(token_for(building, row))[1] | {"client_id": named}
        forged = signed_by_the_shop(building, claims)
        assert cut(street, forged, other.secret, "other-app")["error"] == "invalid_grant", named
    assert "access_token" in cut(street, token_for(building, own), other.secret, "other-app"), "the control"


def test_a_leaked_key_signs_nothing_that_is_exchanged_or_given_back(building: Building, street: Street) -> None:
    added, row = add_program(building), give_leave(building, "ada")
    signed = token_for(building, row)
    with building.house.database.begin(Scope.house("a test turns the key")) as session:
        building.house.issuer.keys.rotate(session, building.clock(), at_once=True)
    assert cut(street, signed, added.secret)["error"] == "invalid_grant"
    assert post(backend(street.app), "/oauth/revoke", "pocket-pine", added.secret, {"token": signed}).is_success
    assert bearer(building, token_for(building, row)), "the leave goes on, with a key that is believed"


def test_and_alone_when_it_is_given_back_itself(building: Building, street: Street) -> None:
    added = add_program(building)
    wide = token_for(building, give_leave(building, "ada"))
    narrow = cut(street, wide, added.secret)["access_token"]
    assert post(backend(street.app), "/oauth/revoke", "pocket-pine", added.secret, {"token": narrow}).is_success
    assert not isinstance(check_bearer(building.house.issuer, f"Bearer {narrow}", Wanted(API)), Bearer)
    assert bearer(building, wide)


def test_whoever_knew_the_old_password_keeps_no_program_connected(building: Building, street: Street) -> None:
    """With a password somebody may have known, an app of theirs would outlive the sign-out everywhere."""
    add_program(building)
    token = token_for(building, give_leave(building, "ada"))
    assert bearer(building, token)
    changed = street.signed_in("ada").post(
        "/account/security/password", data={"current": PASSWORD, "new": "another heron lantern 58"}
    )
    assert changed.status_code == 303
    assert isinstance(check_bearer(building.house.issuer, f"Bearer {token}", Wanted(API)), BearerRefused)


def test_a_disabled_program_gets_nothing_more(building: Building, street: Street) -> None:
    added, flow = add_program(building), Flow()
    tokens = flow.tokens(street.signed_in("ada"), backend(street.app), added.secret)
    with building.house.database.begin(Scope.house("a test disables a program")) as session:
        assert clients.disable_client(session, "pocket-pine", now=building.clock())
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert backend(street.app).get("/oauth/userinfo", headers=headers).status_code == 401
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    answer = post(backend(street.app), "/oauth/token", flow.client_id, added.secret, form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert cut(street, tokens["access_token"], added.secret)["error"] == "invalid_client"


def test_the_policies_hold_it_to_its_scopes(building: Building) -> None:
    add_program(building)
    actor = bearer(building, token_for(building, give_leave(building, "ada", scopes=("orders:read",)))).actor
    assert isinstance(building.desk.submit(actor, ListOrders(), request_id="a"), Done)
    assert isinstance(building.desk.submit(actor, SearchProducts("mug"), request_id="b"), Done)
    for n, command in enumerate((ListAddresses(), CancelOrder(building.orders["ada.paid"], "no"))):
        refused = building.desk.submit(actor, command, request_id=f"c{n}")
        assert isinstance(refused, Refused) and refused.policy == "software.within-its-scopes"
    bare = replace(actor, scopes=None)
    assert isinstance(building.desk.submit(bare, ListOrders(), request_id="d"), Refused), "no scopes are none"


def test_what_it_may_change_waits_for_the_customer_and_is_void_once_it_is_disconnected(building: Building) -> None:
    add_program(building)
    row, ada = give_leave(building, "ada", scopes=("orders:write",)), building.person("ada")
    actor = bearer(building, token_for(building, row)).actor
    card = building.desk.submit(actor, CancelOrder(building.orders["ada.paid"], "no"), request_id="a")
    assert isinstance(card, AwaitingApproval)
    refused = building.desk.approve(actor, card.approval_id)
    assert isinstance(refused, Refused) and refused.policy == "approval.page-only"
    end(building, row.account_id, row.id)
    late = building.desk.approve(ada.at_page(building.clock), card.approval_id)
    assert isinstance(late, Refused) and late.policy == "software.while-its-leave-lasts"
    again = building.desk.submit(actor, ListOrders(), request_id="b")
    assert isinstance(again, Refused), "an actor made before the end is refused by the desk too"


@pytest.mark.parametrize("secret", ["", "wrong", "cs_client_" + "A" * 43])
def test_a_confidential_program_without_its_secret_is_nobody(building: Building, street: Street, secret: str) -> None:
    added, flow = add_program(building), Flow()
    code = flow.agree(street.signed_in("ada"))["code"]
    answer = flow.fetch(backend(street.app), code, secret)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert flow.fetch(backend(street.app), code, added.secret).status_code == 200, "and the code is not spent by it"
