"""T59: an authorization code is stolen, injected into another session, tried with guesses, or used twice."""

from concurrent.futures import ThreadPoolExecutor

from auth.oauth.clients import Kind
from tests.browsing import Street, kinds
from tests.building import Building
from tests.software import BACK, Flow, add_program, backend, post


def test_without_the_programs_own_verifier_a_code_is_worth_nothing(building: Building, street: Street) -> None:
    added, flow, program = add_program(building), Flow(), backend(street.app)
    code = flow.agree(street.signed_in("ada"))["code"]
    injected = Flow().fetch(program, code, added.secret)
    assert (injected.status_code, injected.json()["error"]) == (400, "invalid_grant")
    assert flow.fetch(program, code, added.secret).json()["error"] == "invalid_grant", "one try, and it is spent"


def test_the_customer_reads_in_the_log_that_a_code_was_in_other_hands(building: Building, street: Street) -> None:
    add_program(building)
    other, flow = add_program(building, "other-app"), Flow()
    code = flow.agree(street.signed_in("ada"))["code"]
    Flow(client_id="other-app", verifier=flow.verifier).fetch(backend(street.app), code, other.secret)
    assert kinds(building).count("app.code_misused") == 1


def test_a_resource_that_was_not_given_spends_neither_code_nor_refresh_token(
    building: Building, street: Street
) -> None:
    added, flow, program = add_program(building), Flow(), backend(street.app)
    code = flow.agree(street.signed_in("ada"))["code"]
    elsewhere = {"resource": "https://other.example"}
    assert flow.fetch(program, code, added.secret, **elsewhere).json()["error"] == "invalid_target"
    tokens = flow.fetch(program, code, added.secret).json()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refused = post(program, "/oauth/token", flow.client_id, added.secret, form | elsewhere)
    assert refused.json()["error"] == "invalid_target"
    assert post(program, "/oauth/token", flow.client_id, added.secret, form).status_code == 200


def test_another_program_gets_nothing_for_it(building: Building, street: Street) -> None:
    add_program(building)
    other = add_program(building, "other-app")
    flow = Flow()
    code = flow.agree(street.signed_in("ada"))["code"]
    stolen = Flow(client_id="other-app", verifier=flow.verifier).fetch(backend(street.app), code, other.secret)
    assert stolen.json()["error"] == "invalid_grant"


def test_it_counts_at_the_address_it_was_sent_to_and_for_a_minute(building: Building, street: Street) -> None:
    second = "https://pocket.example/second"
    added = add_program(building, redirects=(BACK, second))
    flow, program, browser = Flow(), backend(street.app), street.signed_in("ada")
    code = flow.agree(browser)["code"]
    assert flow.fetch(program, code, added.secret, redirect_uri=second).json()["error"] == "invalid_grant"
    code = flow.agree(browser)["code"]
    assert flow.fetch(program, code, added.secret, redirect_uri=None).json()["error"] == "invalid_grant"
    code = flow.agree(browser)["code"]
    building.clock.move(seconds=60)
    assert flow.fetch(program, code, added.secret).json()["error"] == "invalid_grant"


def test_a_code_used_twice_takes_down_what_was_issued_for_it(building: Building, street: Street) -> None:
    added, flow, program = add_program(building), Flow(), backend(street.app)
    code = flow.agree(street.signed_in("ada"))["code"]
    first = flow.fetch(program, code, added.secret).json()
    bearer = {"Authorization": f"Bearer {first['access_token']}"}
    assert program.get("/oauth/userinfo", headers=bearer).status_code == 200
    assert flow.fetch(program, code, added.secret).json()["error"] == "invalid_grant"
    assert program.get("/oauth/userinfo", headers=bearer).status_code == 401
    assert kinds(building).count("app.code_replayed") == 1


def test_of_many_at_once_one_gets_tokens_at_most_and_none_keeps_them(building: Building, street: Street) -> None:
    add_program(building, kind=Kind.PUBLIC)
    flow = Flow()
    code = flow.agree(street.signed_in("ada"))["code"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: flow.fetch(backend(street.app), code, ""), range(16)))
    given = [a.json() for a in answers if a.status_code == 200]
    assert len(given) == 1 and {a.status_code for a in answers} == {200, 400}
    bearer = {"Authorization": f"Bearer {given[0]['access_token']}"}
    assert backend(street.app).get("/oauth/userinfo", headers=bearer).status_code == 401


def test_the_table_holds_no_code_and_no_refresh_token(building: Building, street: Street) -> None:
    added, flow = add_program(building), Flow()
    code = flow.agree(street.signed_in("ada"))["code"]
    tokens = flow.fetch(backend(street.app), code, added.secret).json()
    if building.house.database.is_postgres:
        return
    raw = (building.folder / "shop.db").read_bytes() + (building.folder / "shop.db-wal").read_bytes()
    for secret in (code, tokens["refresh_token"], added.secret, tokens["access_token"]):
        assert secret.encode() not in raw and secret.rpartition(".")[2].encode() not in raw
