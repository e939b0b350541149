"""T28: the Host header decides what address the shop believes to have, in links of mails or behind a rebound name."""

import re

import pytest
from starlette.testclient import TestClient

from auth.database import Scope
from auth.mail import waiting_mail
from tests.browsing import OURS, Street

EVIL = ("evil.example", "localhost:8000.evil.example", "localhost:8001", "localhost", "evil.example:8000", "")


@pytest.mark.parametrize("host", EVIL)
def test_another_host_is_misdirected_whatever_it_asks(street: Street, host: str) -> None:
    browser = street.signed_in("ada")
    for verb, path in (("GET", "/"), ("GET", "/orders"), ("POST", "/forgot"), ("GET", "/static/css/base.css")):
        answer = browser.request(verb, path, headers=OURS | {"Host": host})
        assert answer.status_code == 421, (host, path)


def test_the_link_in_a_mail_leads_to_the_configured_address(street: Street) -> None:
    street.equip("ada")
    forged = {"X-Forwarded-Host": "evil.example", "X-Host": "evil.example", "Forwarded": "host=evil.example"}
    form = {"email": street.building.person("ada").email}
    assert street.browser(headers=OURS | forged).post("/forgot", data=form).status_code in (200, 303)
    house = street.building.house
    with house.database.read(Scope.house("a test reads the outbox")) as session:
        texts = [waiting.mail.text for waiting in waiting_mail(session, house.vault, limit=9)]
    links = re.findall(r"https?://[^\s]+", "\n".join(texts))
    assert links and all(link.startswith("http://localhost:8000/") for link in links)


def test_a_rebound_name_passes_no_form(street: Street) -> None:
    rebound = TestClient(street.app, base_url="http://rebound.example:8000", follow_redirects=False)
    same = {"Origin": "http://rebound.example:8000", "Sec-Fetch-Site": "same-origin"}
    assert rebound.post("/sign-in", data={"email": "a@example.com", "password": "x"}, headers=same).status_code == 421
