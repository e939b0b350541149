"""A small app behind the real skin, with a real database, vault and clock; nothing is patched."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter, Depends, FastAPI, Form, Request
from starlette.testclient import TestClient

from auth.accounts import open_account
from auth.actor import Actor, Role
from auth.audit import AuditLog, append_recorded
from auth.database import Base, Database, Scope
from auth.sign_in import sessions
from auth.sign_in.entrance import Entrance
from auth.sign_in.passwords import Argon2Cost, PasswordHasher
from auth.sign_in.visit import Visit
from auth.vault import LocalKeyFile, Vault
from auth.web.asking import Customer, Door, Enrolling, SignedIn, Staff, Visitor, ceiling, ensure_guest
from auth.web.cookies import SessionCookie, drop_session
from auth.web.limits import DEFAULT_RATES, Ceilings
from auth.web.network import ClientNetworks
from auth.web.skin import put_on_skin

ORIGIN = "https://shop.example"


@dataclass
class StoppedClock:
    now: datetime = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **step: float) -> None:
        self.now += timedelta(**step)


@dataclass
class Shop:
    app: FastAPI
    door: Door
    clock: StoppedClock
    origin: str = ORIGIN
    own: dict[str, str] = field(default_factory=lambda: {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"})

    def browser(self, peer: str = "203.0.113.7") -> TestClient:
        return TestClient(self.app, base_url=self.origin, client=(peer, 5000), follow_redirects=False)

    def signed_in(self, role: Role = Role.CUSTOMER, *, with_factor: bool = False) -> TestClient:
        browser, entrance = self.browser(), self.door.entrance
        with entrance.database.begin(Scope.house("test")) as session:
            account = open_account(session, entrance.vault, role=role, now=self.clock(), name="Ida")
            started = sessions.start(
                session,
                entrance.vault,
                account,
                life=entrance.life,
                visit=Visit(),
                now=self.clock(),
                amr="pwd",
                second_factor_at=self.clock() if with_factor else None,
            )
        browser.headers["Cookie"] = f"{self.door.cookie.name}={started.token}"
        return browser


def told(actor: Actor) -> dict[str, object]:
    return {"role": actor.role, "account": str(actor.account_id), "channel": actor.channel, "network": actor.network}


def pages() -> APIRouter:
    router = APIRouter()

    @router.get("/me")
    def me(actor: Visitor) -> dict[str, object]:
        return told(actor)

    @router.get("/account")
    def account(actor: SignedIn) -> dict[str, object]:
        return told(actor)

    @router.get("/orders")
    def orders(actor: Customer) -> dict[str, object]:
        return told(actor)

    @router.get("/queue")
    def queue(clerk: Staff) -> dict[str, object]:
        return told(clerk)

    @router.get("/enrol")
    def enrol(actor: Enrolling) -> dict[str, object]:
        return told(actor)

    @router.post("/basket")
    def basket(request: Request, actor: Visitor) -> dict[str, object]:
        return told(ensure_guest(request, actor))

    @router.post("/chat", dependencies=[Depends(ceiling("chat"))])
    def chat(text: str = Form()) -> dict[str, int]:
        return {"length": len(text)}

    @router.post("/sign-out")
    def leave(request: Request) -> dict[str, str]:
        drop_session(request)
        return {}

    @router.get("/static/shop.css")
    def css() -> str:
        return ""

    return router


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    made: list[Database] = []

    def make(*, origin: str = ORIGIN, rates: dict[str, str] | None = None, proxies: tuple[str, ...] = ()) -> Shop:
        clock = StoppedClock()
        database = Database(f"sqlite:///{tmp_path}/{len(made)}.db", closing=append_recorded(AuditLog(witness=None)))
        made.append(database)
        Base.metadata.create_all(database.engine)
        vault = Vault(LocalKeyFile(tmp_path / f"{len(made)}.keys"), clock=clock)
        hasher = PasswordHasher(Argon2Cost(memory_kib=64, iterations=1, lanes=1))
        entrance = Entrance(database, vault, hasher, clock, origin=origin, shop_name="Harbor & Pine")
        networks = ClientNetworks.behind(proxies)
        ceilings = Ceilings(networks, rates={**DEFAULT_RATES, **(rates or {})})
        door = Door(entrance, SessionCookie.for_origin(origin), networks, ceilings)
        app = FastAPI(openapi_url=None)
        app.include_router(pages())
        put_on_skin(app, door, origins=[origin])
        return Shop(app, door, clock, origin)

    yield make
    for database in made:
        database.close()


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop()
