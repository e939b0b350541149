"""T61: a program that knows several providers is made to take one's answer for another's."""

import pytest

from tests.browsing import Street
from tests.building import ORIGIN, Building
from tests.software import Flow, add_program, backend


def test_every_answer_names_its_issuer_as_the_metadata_does(building: Building, street: Street) -> None:
    add_program(building)
    flow, browser = Flow(), street.signed_in("ada")
    issuer = backend(street.app).get("/.well-known/openid-configuration").json()
    assert issuer["issuer"] == ORIGIN and issuer["authorization_response_iss_parameter_supported"] is True
    yes = flow.agree(browser)
    no = flow.told(browser.post("/oauth/authorize", data={"asked": flow.query(), "decision": "no"}))
    wrong = flow.told(browser.get(f"/oauth/authorize?{flow.query(scope='nonsense')}"))
    silent = flow.told(browser.get(f"/oauth/authorize?{flow.query(prompt='none')}"))
    assert [told["iss"] for told in (yes, no, wrong, silent)] == [ORIGIN] * 4
    assert [told["state"] for told in (yes, no, wrong, silent)] == [flow.state] * 4


@pytest.mark.parametrize("host", ["evil.example", "localhost:9999"])
def test_the_issuer_is_not_what_the_request_says_it_is(street: Street, host: str) -> None:
    answer = backend(street.app).get("/.well-known/openid-configuration", headers={"Host": host})
    assert answer.status_code == 421 and "issuer" not in answer.text
    forwarded = backend(street.app).get("/.well-known/openid-configuration", headers={"X-Forwarded-Host": host})
    assert forwarded.json()["issuer"] == ORIGIN and host not in forwarded.text


def test_the_two_descriptions_agree_and_name_only_this_host(street: Street) -> None:
    program = backend(street.app)
    oauth = program.get("/.well-known/oauth-authorization-server").json()
    openid = program.get("/.well-known/openid-configuration").json()
    assert {name: openid[name] for name in oauth} == oauth
    addresses = [v for v in openid.values() if isinstance(v, str)]
    assert addresses and all(address.startswith(ORIGIN) for address in addresses)
