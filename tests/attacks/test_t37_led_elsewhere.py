"""T37: a link of this shop leads to another place after signing in (open redirect), or an answer is split."""

import re

import pytest

from tests.browsing import PASSWORD, Street

ELSEWHERE = (
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "/%0d%0aSet-Cookie: a=b",
    "/\r\nSet-Cookie: a=b",
    " //evil.example",
    "http:evil.example",
    "/\t/evil.example",
)


@pytest.mark.parametrize("place", ELSEWHERE)
def test_signing_in_leads_to_a_page_of_this_shop(street: Street, place: str) -> None:
    browser = street.browser()
    street.equip("ada")
    form = {"email": street.building.person("ada").email, "password": PASSWORD, "next": place}
    page = browser.post("/sign-in", data=form).text
    ticket = re.search(r'name="ticket" value="([^"]+)"', page)
    assert ticket is not None and "evil.example" not in page
    form = {"ticket": ticket[1], "code": street.next_code("ada"), "next": place}
    answer = browser.post("/sign-in/code", data=form)
    assert answer.status_code == 303
    leads = answer.headers["location"]
    assert leads[0] == "/" and leads[1:2] not in {"/", "\\"} and "evil" not in leads.split("?")[0]
    assert "a=b" not in answer.headers.get("set-cookie", "")
    assert browser.get("/sign-in", params={"next": place}).headers["location"] in {"/", leads}


@pytest.mark.parametrize("place", ELSEWHERE[:3])
def test_no_other_form_leads_elsewhere(street: Street, place: str) -> None:
    browser = street.signed_in("ada")
    for path, form in (("/theme", {"theme": "dark"}), ("/account/security/fresh", {"code": street.next_code("ada")})):
        answer = browser.post(path, data={**form, "next": place})
        assert answer.status_code == 303 and "evil.example" not in answer.headers["location"], path
