"""T60: a program, or somebody between it and the shop, leaves out the proof key or weakens it."""

import pytest

from auth.oauth.clients import Kind
from tests.browsing import Street
from tests.building import Building
from tests.software import Flow, add_program, backend

WEAK = (
    {"code_challenge": None},
    {"code_challenge_method": None},
    {"code_challenge_method": "plain"},
    {"code_challenge_method": "s256"},
    {"code_challenge": None, "code_challenge_method": None},
    {"code_challenge": "short"},
    {"code_challenge": "x" * 44},
)


@pytest.mark.parametrize("kind", [Kind.CONFIDENTIAL, Kind.PUBLIC])
@pytest.mark.parametrize("weak", WEAK, ids=str)
def test_no_program_is_asked_about_without_s256(
    building: Building, street: Street, kind: Kind, weak: dict[str, str | None]
) -> None:
    add_program(building, kind=kind)
    flow, browser = Flow(), street.signed_in("ada")
    query = flow.query(**weak)
    assert flow.told(browser.get(f"/oauth/authorize?{query}"))["error"] == "invalid_request"
    sent = browser.post("/oauth/authorize", data={"asked": query, "decision": "yes", "scope": "email"})
    assert "code" not in flow.told(sent), "nor when the form is sent without the page"


@pytest.mark.parametrize("verifier", [None, "", "short", "plain"])
def test_no_token_without_the_verifier(building: Building, street: Street, verifier: str | None) -> None:
    added, flow = add_program(building), Flow()
    code = flow.agree(street.signed_in("ada"))["code"]
    # With "plain" the challenge itself would be the verifier.
    challenge = dict(p.split("=", 1) for p in flow.query().split("&"))["code_challenge"]
    shown = challenge if verifier == "plain" else verifier
    answer = flow.fetch(backend(street.app), code, added.secret, code_verifier=shown)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_the_shop_says_so_beforehand(street: Street) -> None:
    told = backend(street.app).get("/.well-known/oauth-authorization-server").json()
    assert told["code_challenge_methods_supported"] == ["S256"] and told["response_types_supported"] == ["code"]
