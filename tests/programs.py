"""A program that acts for a customer through the API: its token, its calls, and a new key for each change."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from auth.database import Scope
from auth.mail import OutboxMail
from auth.oauth import clients
from auth.oauth.delegations import Delegation
from auth.oauth.issuer import API
from tests.building import ORIGIN, Building
from tests.software import EVERYTHING, add_program, give_leave, token_for


@dataclass(slots=True)
class Program:
    """``token`` may be exchanged for another one, or for none at all."""

    client: TestClient
    token: str
    leave: Delegation | None = None
    keys: count = field(default_factory=count)  # type: ignore[type-arg]

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(API + path, headers=self.headers(**headers))

    def send(self, method: str, path: str, body: object = None, *, key: str | None = None, **headers: str) -> Any:
        """A change. Without ``key`` it has a new one; with an empty one none is sent."""
        sent = f"key-{next(self.keys)}" if key is None else key
        named = {"Idempotency-Key": sent} if sent else {}
        more = {} if body is None else {"json": body}
        return self.client.request(method, API + path, headers={**self.headers(**headers), **named}, **more)

    def post(self, path: str, body: object = None, *, key: str | None = None, **headers: str) -> Any:
        return self.send("POST", path, body, key=key, **headers)

    def headers(self, **headers: str) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ({"Authorization": f"Bearer {self.token}"} if self.token else {}) | named


def program(
    building: Building,
    app: FastAPI,
    person: str = "ada",
    *,
    client_id: str = "pocket-pine",
    scopes: Sequence[str] = EVERYTHING,
    peer: str = "203.0.113.90",
) -> Program:
    """A program with the leave of a customer, as after the consent page."""
    with building.house.database.read(Scope.house("a test looks")) as session:
        is_known = session.get(clients.Client, client_id) is not None
    if not is_known:
        add_program(building, client_id)
    leave = give_leave(building, person, client_id=client_id, scopes=scopes)
    return Program(_client(app, peer), token_for(building, leave), leave)


def nobody(app: FastAPI, peer: str = "203.0.113.91") -> Program:
    """A program without a token."""
    return Program(_client(app, peer), "")


def letters(building: Building, name: str) -> list[tuple[str, str]]:
    """Subject and text of every mail to somebody, oldest first."""
    house = building.house
    with house.database.read(Scope.own(building.person(name).id)) as session:
        rows = session.query(OutboxMail).order_by(OutboxMail.created_at, OutboxMail.id).all()
        return [(house.vault.open(session, row, "subject"), house.vault.open(session, row, "body")) for row in rows]


def _client(app: FastAPI, peer: str) -> TestClient:
    return TestClient(app, base_url=ORIGIN, client=(peer, 5000), follow_redirects=False, raise_server_exceptions=False)
