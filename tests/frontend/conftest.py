"""A browser for each person of the building: the real app, its own pages, and nothing patched."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape

import pyotp
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from auth.accounts import Account
from auth.database import Scope
from auth.sign_in import sessions, totp
from auth.sign_in.visit import Visit
from frontend.app import create_app
from tests.building import ORIGIN, Building

COOKIE = "countersign"
# How Python's cookie jar writes a host name without a dot (RFC 2965 §1).
_JAR = "localhost.local"


@dataclass(slots=True)
class Browser:
    """One person's browser. ``get`` and ``post`` do not follow redirects; ``text`` is a page's words without markup."""

    client: TestClient

    def get(self, path: str, **kwargs: object):  # type: ignore[no-untyped-def]
        return self.client.get(path, **kwargs)  # type: ignore[arg-type]

    def post(self, path: str, form: dict[str, object] | None = None, **headers: str):  # type: ignore[no-untyped-def]
        return self.client.post(path, data=form or {}, headers=headers)

    def follow(self, answer):  # type: ignore[no-untyped-def]
        """The page a redirect leads to."""
        assert answer.status_code == 303, (answer.status_code, words(answer.text)[:400])
        return self.client.get(answer.headers["location"])

    def keep(self, name: str, value: str) -> None:
        """Put a cookie into the jar, in the place of the one the shop has set under this name."""
        self.client.cookies.set(name, value, domain=_JAR, path="/")

    @property
    def token(self) -> str:
        return self.client.cookies.get(COOKIE) or ""


def words(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


@pytest.fixture
def app(building: Building) -> FastAPI:
    return create_app(building.settings, building.house, chores=False)


@pytest.fixture
def visitor(app: FastAPI) -> Browser:
    return _browser(app)


@pytest.fixture
def as_person(app: FastAPI, building: Building) -> Callable[..., Browser]:
    """``as_person("ada")``: her browser, signed in; ``with_code`` shows a second factor at that moment."""

    def sign_in(name: str, *, with_code: bool = False) -> Browser:
        house, now = building.house, building.clock()
        with house.database.begin(Scope.own(building.person(name).id)) as session:
            account = session.get_one(Account, building.person(name).id)
            started = sessions.start(
                session,
                house.vault,
                account,
                life=house.entrance.life,
                visit=Visit(),
                now=now,
                amr="pwd",
                second_factor_at=now if with_code else None,
            )
        browser = _browser(app)
        browser.keep(COOKIE, started.token)
        return browser

    return sign_in


@pytest.fixture
def authenticator(building: Building) -> Callable[[str], Callable[[], str]]:
    """Enrol somebody; what comes back shows the code of the moment, as their app would."""

    def enrol(name: str) -> Callable[[], str]:
        house, person = building.house, building.person(name)
        with house.database.begin(Scope.own(person.id)) as session:
            account = session.get_one(Account, person.id)
            enrolment = totp.enrol(session, house.vault, account, now=building.clock(), issuer="test")
            code = pyotp.TOTP(enrolment.secret).at(building.clock())
            totp.confirm_enrolment(session, house.vault, person.id, code, now=building.clock())
        building.clock.move(seconds=60)
        return lambda: pyotp.TOTP(enrolment.secret).at(building.clock())

    return enrol


def _browser(app: FastAPI) -> Browser:
    client = TestClient(app, base_url=ORIGIN, follow_redirects=False, raise_server_exceptions=False)
    client.headers.update({"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin", "Accept": "text/html"})
    return Browser(client)
