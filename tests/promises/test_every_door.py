"""Every door of the running app: who may enter stands in a reviewed list, and each door keeps it.

The list is tests/snapshots/doors.txt; ``python -m tests.promises.test_every_door --write`` renews it, and the diff is
part of the review of a new page. ``PUBLIC`` holds the doors that ask nobody who they are; it may only shrink.
"""

import ast
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from auth.web import asking
from frontend.api.asking import Asks
from frontend.app import create_app
from shop.conversations import Voice
from tests.browsing import Street, goods, moved
from tests.building import ORIGIN, Building, build, migrated_sqlite, move_in
from tests.software import add_program, give_leave, token_for

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = ROOT / "tests" / "snapshots" / "doors.txt"
SAFE = {"GET", "HEAD", "OPTIONS"}
# The strictest of a door's dependencies says who may enter; they are looked for in this order.
WHO = (
    (asking._staff, "staff"),
    (asking._customer, "customer"),
    (asking._signed_in, "signed in"),
    (asking._enrolling, "enrolling"),
    (asking._visitor, "visitor"),
)
# Doors without an Actor, and why they need none.
PUBLIC = {
    "GET /static/{path}": "files that are the same for everybody",
    "GET /art/{kind}/{colour}.svg": "drawings that are the same for everybody",
    "GET /.well-known/oauth-authorization-server": "what the shop is to programs, the same for everybody",
    "GET /.well-known/oauth-protected-resource{path:path}": "what the shop is to programs, the same for everybody",
    "GET /.well-known/openid-configuration": "what the shop is to programs, the same for everybody",
    "GET /oauth/jwks": "public keys",
    "GET /oauth/userinfo": "asks for a bearer token instead of a cookie",
    "POST /oauth/introspect": "asks a program for its own proof",
    "POST /oauth/revoke": "asks a program for its own proof",
    "POST /oauth/token": "asks a program for its own proof",
    "POST /oauth/userinfo": "asks for a bearer token instead of a cookie",
    "GET /api/v1/openapi.json": "what the API can do, the same for everybody",
    "GET /health": "names versions and sizes, and no person",
    "GET /rules": "leads to the shop's rules",
    "GET /rules/{topic}": "leads to the shop's rules",
    "GET /sign-in/code": "leads to the sign-in page",
    "POST /sign-out": "ends whatever session the cookie names, and shows nothing",
    "POST /theme": "day or night",
}
# What a person could put where a page expects a number, an id or a name.
HOSTILE = (
    "x" * 4000,
    "9" * 400,
    "-1",
    "NaN",
    "null",
    "%00",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%27%20OR%201%3D1--",
    "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "%E2%80%AE%E2%80%8B",
    "%F0%9F%8E%84",
    "%ED%A0%80",
    "00000000-0000-0000-0000-000000000000",
)
_PARAMETER = re.compile(r"\{[^}]+\}")


@dataclass(frozen=True, order=True)
class Door:
    """A method and a path, and who may enter."""

    path: str
    method: str
    who: str
    page: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def at(self, value: str) -> str:
        """The door's address with this value for each of its parameters."""
        return _PARAMETER.sub(lambda _: value, self.path)

    def __str__(self) -> str:
        return f"{self.method:<6} {self.path:<48} {self.who}"


def doors_of(app: FastAPI) -> list[Door]:
    """Every door there is, included routers and mounted apps too; an unknown kind of route is an error."""
    doors = sorted(door for route in app.routes for door in _doors(route))
    assert len(doors) > 40, "the walk over the routes has missed most of them"
    return doors


def _doors(route: Any) -> Iterator[Door]:
    if hasattr(route, "effective_route_contexts"):
        for context in route.effective_route_contexts():
            yield from _of_page(context.path, context.methods, context.endpoint, context.dependant)
    elif isinstance(route, APIRoute):
        yield from _of_page(route.path, route.methods, route.endpoint, route.dependant)
    elif isinstance(route, Mount) and not route.routes:
        yield Door(f"{route.path}/{{path}}", "GET", "everybody", type(route.app).__name__)
    elif isinstance(route, Mount):
        raise TypeError(f"{route.path} is an app of its own: say here who may enter its doors")
    elif isinstance(route, Route):
        yield Door(route.path, ",".join(sorted(route.methods or ())), "everybody", route.name)
    else:
        raise TypeError(f"a door of an unknown kind: {route!r}")


def _of_page(path: str, methods: Iterable[str] | None, endpoint: Any, dependant: Any) -> Iterator[Door]:
    calls = set(_dependencies(dependant))
    who = next((name for call, name in WHO if call in calls), "everybody")
    for asks in (call for call in calls if isinstance(call, Asks)):
        who = "software or nobody" if asks.is_open else "software"
    for method in methods or ():
        module = endpoint.__module__.removeprefix("frontend.").removeprefix("pages.")
        yield Door(path, method, who, f"{module}.{endpoint.__name__}")


def _dependencies(dependant: Any) -> Iterator[Any]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _dependencies(inner)


def text(doors: Sequence[Door]) -> str:
    return "Every door, and who may enter.\n\n" + "\n".join(map(str, doors)) + "\n"


@pytest.fixture
def street(building: Building) -> Street:
    return Street.before(building)


@pytest.fixture
def peers() -> Iterator[str]:
    """A new network for each request, so that no ceiling answers in place of the door."""
    return (f"198.51.{n // 250}.{n % 250 + 1}" for n in count())


def ask(street: Street, peers: Iterator[str], door: Door, value: str, cookies: Any = None, **headers: str) -> Any:
    browser = street.browser(next(peers), headers=headers or None)
    browser.cookies = cookies if cookies is not None else browser.cookies
    # Without a request id of its own each form is a request of its own.
    data = None if door.method in SAFE else {"request_id": ""}
    return browser.request(door.method, door.at(value), data=data)


def test_the_doors_are_the_reviewed_ones(street: Street) -> None:
    wanted = "doors changed: run `python -m tests.promises.test_every_door --write` and review who may enter"
    assert text(doors_of(street.app)) == SNAPSHOT.read_text("utf-8"), wanted


def test_the_walk_finds_every_page_in_the_source(street: Street) -> None:
    """Counted in another way: each decorated function under frontend/pages is a door of the app."""
    written = set[str]()
    pages = [*(ROOT / "frontend" / "pages").glob("*.py"), ROOT / "frontend" / "api" / "page.py"]
    for path in sorted(pages):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
                if any(re.match(r"\w*router\.\w+\(", decorator) for decorator in decorators):
                    written.add(f"{path.stem}.{node.name}")
    # The API's doors are made from its table; tests/frontend/api compares the two.
    found = {door.page.removeprefix("api.") for door in doors_of(street.app) if not door.page.startswith("api.doors.")}
    assert len(written) > 40
    assert written == {page for page in found if "." in page}


def test_the_doors_that_ask_nobody_are_few_and_only_shrink(street: Street) -> None:
    assert {door.name for door in doors_of(street.app) if door.who == "everybody"} == set(PUBLIC)


def test_nothing_changes_without_proof_of_the_shops_own_origin(street: Street, peers: Iterator[str]) -> None:
    ada = street.signed_in("ada")
    # Software brings a token with each call; its doors read no cookie that could be borrowed (see the test below).
    unsafe = [door for door in doors_of(street.app) if door.method not in SAFE and door.who != "software"]
    assert len(unsafe) > 20
    foreign = (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": ORIGIN},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        {"X-Nothing": "neither header, with a cookie"},
    )
    for door in unsafe:
        for headers in foreign:
            answer = ask(street, peers, door, "HP-0000-0000", ada.cookies, **headers)
            assert answer.status_code == 403, (door.name, headers, answer.status_code)
            assert "own page" in answer.text, (door.name, "another refusal than the one meant here")


def test_software_doors_take_no_cookie_and_need_no_origin(street: Street, peers: Iterator[str]) -> None:
    """Whoever is signed in on the pages is nobody here, wherever the call comes from; a token is enough."""
    ada, software = street.signed_in("ada"), [d for d in doors_of(street.app) if d.who == "software"]
    assert len(software) > 30
    for door in software:
        for headers in (None, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = ask(street, peers, door, street.building.orders["ada.paid"], ada.cookies, **(headers or {}))
            assert answer.status_code == 401, (door.name, headers, answer.status_code)
            assert "set-cookie" not in answer.headers and answer.headers["www-authenticate"].startswith("Bearer ")
    add_program(street.building)
    token = token_for(street.building, give_leave(street.building, "ada", scopes=("orders:read",)))
    answer = ask(street, peers, _named(street, "GET /api/v1/orders"), "", Authorization=f"Bearer {token}")
    assert answer.status_code == 200, "the control: a token and nothing else"


def test_staff_doors_are_not_there_for_anybody_else(street: Street, peers: Iterator[str]) -> None:
    ada, guest = street.signed_in("ada"), _guest(street)
    staff = [door for door in doors_of(street.app) if door.who == "staff"]
    assert len(staff) > 8
    conversation = street.conversation("ben", (Voice.CUSTOMER, "hello"), state="waiting")
    for door in staff:
        for value in ("no-such-thing", conversation, street.building.orders["ben.paid"]):
            for cookies in (ada.cookies, guest.cookies, None):
                answer = ask(street, peers, door, value, cookies)
                assert answer.status_code == 404, (door.name, answer.status_code)


def test_a_clerk_without_a_second_factor_in_this_session_is_no_staff(street: Street, peers: Iterator[str]) -> None:
    street.equip("cleo")
    browser = street.browser()
    street.first_step(browser, "cleo")
    for door in (door for door in doors_of(street.app) if door.who == "staff"):
        assert ask(street, peers, door, "x", browser.cookies).status_code == 404, door.name


def test_doors_for_signed_in_people_send_a_visitor_to_sign_in(street: Street, peers: Iterator[str]) -> None:
    guest = _guest(street)
    private = [door for door in doors_of(street.app) if door.who in {"customer", "signed in", "enrolling"}]
    assert len(private) > 20
    for door in private:
        for cookies in (None, guest.cookies, {"countersign": "A" * 43}):
            answer = ask(street, peers, door, street.building.orders["ben.paid"], cookies)
            assert answer.status_code == 303, (door.name, answer.status_code)
            assert answer.headers["location"].startswith("/sign-in"), door.name


def test_customers_doors_are_not_there_for_a_clerk(street: Street, peers: Iterator[str]) -> None:
    cleo = street.signed_in("cleo")
    for door in (door for door in doors_of(street.app) if door.who == "customer"):
        assert ask(street, peers, door, street.building.orders["ben.paid"], cleo.cookies).status_code == 404, door.name


def test_what_is_bens_is_not_there_for_ada(street: Street, peers: Iterator[str]) -> None:
    """Each door with a parameter, with every number and id of Ben's: the answer for what does not exist."""
    ada, ben = street.signed_in("ada"), street.signed_in("ben")
    conversation = street.conversation("ben", (Voice.CUSTOMER, "Marmaladewagon"))
    theirs = [*(n for key, n in street.building.orders.items() if key.startswith("ben.")), conversation]
    looked = 0
    for door in doors_of(street.app):
        if not _PARAMETER.search(door.path) or door.who not in {"customer", "signed in", "visitor"}:
            continue
        for value in theirs:
            answer = ask(street, peers, door, value, ada.cookies)
            missing = ask(
                street, peers, door, "HP-0000-0000" if value.startswith("HP-") else _other(value), ada.cookies
            )
            assert answer.status_code == missing.status_code, (door.name, value)
            assert "Marmaladewagon" not in answer.text and "Ben Zephyrwick" not in answer.text, door.name
            looked += 1
    assert looked > 50
    shown = ask(street, peers, _named(street, "GET /orders/{number}"), theirs[0], ben.cookies)
    assert shown.status_code == 200 and "Ben Zephyrwick" in shown.text, "the control: Ben sees his own"


@pytest.mark.parametrize("who", ["nobody", "ada", "cleo"])
def test_no_parameter_breaks_a_page(street: Street, peers: Iterator[str], who: str) -> None:
    cookies = None if who == "nobody" else street.signed_in(who).cookies
    asked = 0
    for door in doors_of(street.app):
        for value in HOSTILE if _PARAMETER.search(door.path) else ("",):
            answer = ask(street, peers, door, value, cookies)
            assert answer.status_code < 500, (door.name, value[:40], answer.status_code)
            assert "<script>alert" not in answer.text, (door.name, "a parameter came back as markup")
            asked += 1
    assert asked > 200


def test_every_answer_carries_the_content_policy(street: Street, peers: Iterator[str]) -> None:
    ada = street.signed_in("ada")
    for door in doors_of(street.app):
        answer = ask(street, peers, door, "no-such-thing", ada.cookies)
        policy = answer.headers.get("content-security-policy", "")
        assert "default-src 'none'" in policy and "unsafe" not in policy, door.name


def test_looking_changes_nothing(street: Street, peers: Iterator[str]) -> None:
    """A link can be followed by anybody's page, a preview or a crawler: GET leaves the shop as it is."""
    ada, cleo = street.signed_in("ada"), street.signed_in("cleo")
    conversation = street.conversation("ada", (Voice.CUSTOMER, "hello"), state="waiting")
    before, books = goods(street.building), moved(street.building)
    for door in (door for door in doors_of(street.app) if door.method in SAFE):
        for value in (street.building.orders["ada.paid"], conversation, "mug-pine", "harbour-mug"):
            for cookies in (ada.cookies, cleo.cookies):
                ask(street, peers, door, value, cookies)
    assert goods(street.building) == before
    assert moved(street.building) == books


def _guest(street: Street) -> TestClient:
    """Somebody with a basket and no name."""
    browser = street.browser("192.0.2.77")
    answer = browser.post("/basket", data={"sku": "mug-pine", "quantity": "1"})
    assert answer.status_code == 303 and browser.cookies, answer.status_code
    return browser


def _named(street: Street, name: str) -> Door:
    return next(door for door in doors_of(street.app) if door.name == name)


def _other(conversation: str) -> str:
    return conversation[:-4] + "0000"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        made = move_in(build(Path(folder), database_url=migrated_sqlite(Path(folder) / "template.db", Path(folder))))
        printed = text(doors_of(create_app(made.settings, made.house, chores=False)))
        made.house.database.close()
    if "--write" in sys.argv:
        SNAPSHOT.write_text(printed, "utf-8")
    else:
        print(printed)
