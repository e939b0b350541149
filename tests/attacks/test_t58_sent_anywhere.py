"""T58: the page that asks for leave is made to send a customer, or their code, to an attacker's address."""

import pytest

from auth.oauth.clients import ClientRefused, Kind
from tests.browsing import Street
from tests.building import Building
from tests.software import BACK, Flow, add_program

ELSEWHERE = (
    "https://evil.example/back",
    f"{BACK}/",
    f"{BACK}?next=https://evil.example",
    f"{BACK}#x",
    BACK.upper(),
    "https://pocket.example:444/back",
    "https://pocket.example@evil.example/back",
    "https://pocket.example.evil.example/back",
    "http://pocket.example/back",
    "//pocket.example/back",
    "javascript:alert(1)",
    f"{BACK}\r\nX-Injected: 1",
    "",
)


@pytest.mark.parametrize("address", ELSEWHERE)
def test_an_address_that_is_not_exactly_registered_gets_nobody_and_nothing(
    building: Building, street: Street, address: str
) -> None:
    add_program(building)
    browser = street.signed_in("ada")
    query = Flow().query(redirect_uri=address)
    for answer in (
        browser.get(f"/oauth/authorize?{query}"),
        browser.post("/oauth/authorize", data={"asked": query, "decision": "yes", "scope": "email"}),
    ):
        assert answer.status_code == 400 and "location" not in answer.headers
        assert "evil.example" not in answer.text, "the address is not even shown as a link"


def test_an_error_does_not_lead_there_either(building: Building, street: Street) -> None:
    add_program(building)
    for wrong in ({"response_type": "token"}, {"scope": "everything"}, {"code_challenge_method": "plain"}):
        answer = street.browser().get(f"/oauth/authorize?{Flow().query(redirect_uri=ELSEWHERE[0], **wrong)}")
        assert answer.status_code == 400 and "location" not in answer.headers


def test_a_parameter_named_twice_is_no_request(building: Building, street: Street) -> None:
    add_program(building)
    query = f"{Flow().query()}&redirect_uri=https://evil.example/back"
    answer = street.browser().get(f"/oauth/authorize?{query}")
    assert answer.status_code == 400 and "location" not in answer.headers


def test_an_unknown_program_a_disabled_one_and_a_service_send_nobody_anywhere(
    building: Building, street: Street
) -> None:
    add_program(building, "stock-counter", kind=Kind.SERVICE)
    for client_id in ("nobody-here", "stock-counter", "", "../pocket-pine"):
        answer = street.browser().get(f"/oauth/authorize?{Flow(client_id=client_id).query()}")
        assert answer.status_code == 400 and "location" not in answer.headers


@pytest.mark.parametrize(
    "uri", ["http://app.example/back", "https://*.example/back", "https://app.example/#x", "app:/back", "data:x", "x"]
)
def test_no_address_is_registered_that_could_lead_astray(building: Building, uri: str) -> None:
    with pytest.raises(ClientRefused):
        add_program(building, redirects=(uri,))
