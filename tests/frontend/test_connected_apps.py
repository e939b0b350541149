"""Connected apps: what each may do, what it did last, and an end that its very next call runs into."""

import time

from fastapi import FastAPI

from auth.guard.decisions import AwaitingApproval, Done
from auth.oauth.bearer import Bearer, BearerRefused, Wanted, check_bearer
from shop.commands import CancelOrder, ListOrders
from tests.browsing import kinds
from tests.building import Building
from tests.frontend.test_oauth_flows import AsPerson
from tests.software import Flow, add_program, backend, give_leave, token_for


def test_the_page_tells_what_it_may_and_what_it_did(building: Building, app: FastAPI, as_person: AsPerson) -> None:
    added, browser = add_program(building), as_person("ada")
    assert "No app is connected" in browser.get("/account/apps").text
    tokens = Flow().tokens(browser, backend(app), added.secret)
    assert "none yet" in browser.get("/account/apps").text
    issuer = building.house.issuer
    found = check_bearer(issuer, f"Bearer {tokens['access_token']}", Wanted(issuer.api, ("orders:read",)))
    assert isinstance(found, Bearer)
    assert isinstance(building.desk.submit(found.actor, ListOrders(), request_id="a"), Done)
    page = browser.get("/account/apps").text
    assert "Pocket Pine" in page and "See your orders, invoices, parcels and returns" in page
    assert "list the orders" in page and "20 Nov 2026" in page and "none yet" not in page
    assert "addresses" not in page.partition("It may:")[2].partition("</ul>")[0], "what was not given is not told"
    activity = browser.get("/account/activity?show=pocket-pine").text
    assert "Pocket Pine, through a program" in activity and "The assistant, " not in activity
    assert "Pocket Pine" not in as_person("ben").get("/account/apps").text


def test_disconnecting_counts_from_the_very_next_call_on(building: Building, app: FastAPI, as_person: AsPerson) -> None:
    added, browser = add_program(building), as_person("ada")
    tokens = Flow().tokens(browser, backend(app), added.secret)
    issuer, bearer = building.house.issuer, f"Bearer {tokens['access_token']}"
    assert isinstance(check_bearer(issuer, bearer, Wanted(issuer.api)), Bearer)
    began = time.perf_counter()
    answer = browser.post("/account/apps/pocket-pine/disconnect")
    assert isinstance(check_bearer(issuer, bearer, Wanted(issuer.api)), BearerRefused)
    took = time.perf_counter() - began
    print(f"from the click to a refused call: {took * 1e3:.0f} ms")
    assert answer.status_code == 303 and took < 5, "no cache and no waiting for a token to run out"
    assert "app.disconnected" in kinds(building)
    refreshed = backend(app).post(
        "/oauth/token",
        data={"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
        auth=("pocket-pine", added.secret),
    )
    assert refreshed.json()["error"] == "invalid_grant"
    assert "No app is connected" in browser.get("/account/apps").text
    assert browser.post("/account/apps/pocket-pine/disconnect").status_code == 404


def test_a_card_says_which_app_prepared_it(building: Building, as_person: AsPerson) -> None:
    add_program(building)
    issuer, row = building.house.issuer, give_leave(building, "ada", scopes=("orders:write",))
    found = check_bearer(issuer, f"Bearer {token_for(building, row)}", Wanted(issuer.api))
    assert isinstance(found, Bearer)
    card = building.desk.submit(found.actor, CancelOrder(building.orders["ada.paid"], "no"), request_id="a")
    assert isinstance(card, AwaitingApproval)
    assert "The app Pocket Pine asks for this" in as_person("ada").get(f"/approvals/{card.approval_id}").text


def test_nobody_disconnects_for_somebody_else(building: Building, app: FastAPI, as_person: AsPerson) -> None:
    added = add_program(building)
    tokens = Flow().tokens(as_person("ada"), backend(app), added.secret)
    assert as_person("ben").post("/account/apps/pocket-pine/disconnect").status_code == 404
    issuer = building.house.issuer
    assert isinstance(check_bearer(issuer, f"Bearer {tokens['access_token']}", Wanted(issuer.api)), Bearer)
