"""The shop as people meet it: browsers on the real app, people who sign in through its pages, and a look at the books.

Nothing is patched: a browser sends what a browser sends, and the clock stands still until a code is needed.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import pyotp
from fastapi import FastAPI
from sqlalchemy import select
from starlette.responses import Response
from starlette.testclient import TestClient

from auth.accounts import find_account
from auth.audit import AuditEntry
from auth.database import Base, Scope
from auth.guard.approvals import Approval
from auth.sign_in import totp
from frontend.app import create_app
from shop.conversations import Conversation, Voice, append_message, messages_of, start_conversation
from tests.building import ORIGIN, Building

PASSWORD = "quarry heron lantern 58"
PEER = "203.0.113.7"
OURS = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
# What changes while nothing happens to the shop: the record itself, counters, cards, kept answers, sessions.
NO_GOODS = frozenset(
    {"audit_entries", "audit_head", "refusal_counts", "sign_in_attempts", "sign_in_sessions", "one_time_tokens"}
    | {"submissions", "approvals", "grants", "conversations", "messages", "totp_factors", "recovery_codes"}
    | {"outbox_mails", "passkeys", "passkey_challenges", "known_devices", "mail_changes", "factor_resets"}
    | {"data_keys", "model_calls", "answer_ratings", "account_days", "shop_days"}
    | {"oauth_clients", "oauth_delegations", "oauth_codes", "oauth_refresh_tokens", "house_keys"}
    | {"keyed_answers"}
)


@dataclass(slots=True)
class Street:
    """The shop with its door open. ``secrets`` holds each person's TOTP secret once they have one."""

    building: Building
    app: FastAPI
    secrets: dict[str, str] = field(default_factory=dict)

    @classmethod
    def before(cls, building: Building) -> "Street":
        return cls(building, create_app(building.settings, building.house, chores=False))

    def browser(self, peer: str = PEER, *, headers: dict[str, str] | None = None) -> TestClient:
        """Somebody's browser, signed in as nobody. It names its origin with every request, as browsers do."""
        return TestClient(
            self.app,
            base_url=ORIGIN,
            client=(peer, 5000),
            follow_redirects=False,
            headers=OURS if headers is None else headers,
        )

    def signed_in(self, name: str, peer: str = PEER) -> TestClient:
        """A browser in which this person has signed in, with password and code."""
        browser = self.browser(peer)
        self.sign_in(browser, name)
        return browser

    def sign_in(self, browser: TestClient, name: str) -> Response:
        """Both steps, on the pages. The answer is that of the second."""
        ticket = self.first_step(browser, name)
        answer: Any = browser.post("/sign-in/code", data={"ticket": ticket, "code": self.next_code(name)})
        assert answer.status_code == 303, answer.text
        return answer

    def first_step(self, browser: TestClient, name: str) -> str:
        """The password; returns the ticket for the code."""
        self.equip(name)
        email = self.building.person(name).email
        answer = browser.post("/sign-in", data={"email": email, "password": PASSWORD})
        found = re.search(r'name="ticket" value="([^"]+)"', answer.text)
        assert answer.status_code == 200 and found, (answer.status_code, answer.text[:400])
        return found[1]

    def next_code(self, name: str) -> str:
        """This person's next code; the clock moves on, because a code is good for once."""
        self.equip(name)
        self.building.clock.move(seconds=31)
        return self.code_now(name)

    def code_now(self, name: str) -> str:
        return pyotp.TOTP(self.secrets[name]).at(self.building.clock())

    def equip(self, name: str) -> None:
        """Give a person the password and an authenticator, once."""
        if name in self.secrets:
            return
        house, person, now = self.building.house, self.building.person(name), self.building.clock()
        hashed = house.entrance.hasher.hash(PASSWORD)
        with house.database.begin(Scope.own(person.id)) as session:
            account = find_account(session, person.id)
            assert account is not None
            account.password_hash = hashed
            enrolment = totp.enrol(session, house.vault, account, now=now, issuer="test")
            self.secrets[name] = enrolment.secret
            done = totp.confirm_enrolment(session, house.vault, person.id, self.code_now(name), now=now)
            assert isinstance(done, totp.CodeAccepted)

    def conversation(self, name: str, *said: tuple[Voice, str], state: str = "open") -> str:
        """A conversation of this person that is already there; returns its id."""
        house, person, now = self.building.house, self.building.person(name), self.building.clock()
        with house.database.begin(Scope.own(person.id)) as session:
            started = start_conversation(session, house.vault, person.id, at=now)
            for voice, text in said:
                append_message(session, house.vault, started, voice=voice, text=text, at=now)
            started.state = state
            return str(started.id)


def entries(building: Building, kind: str = "") -> list[AuditEntry]:
    """The audit log, or what it has of one kind."""
    with building.house.database.read(Scope.house("a test reads the log")) as session:
        found = session.scalars(select(AuditEntry).order_by(AuditEntry.seq)).all()
        return [entry for entry in found if not kind or entry.kind == kind]


def kinds(building: Building) -> list[str]:
    return [entry.kind for entry in entries(building)]


def cards(building: Building, name: str) -> list[Approval]:
    """Every card a person has or had, oldest first."""
    with building.house.database.read(Scope.own(building.person(name).id)) as session:
        return list(session.scalars(select(Approval).order_by(Approval.created_at, Approval.id)))


def messages(building: Building, name: str) -> list[tuple[str, str]]:
    """Voice and text of everything in a person's conversations, in order."""
    house = building.house
    with house.database.read(Scope.own(building.person(name).id)) as session:
        found = session.scalars(select(Conversation).order_by(Conversation.id)).all()
        said = [message for conversation in found for message in messages_of(session, conversation)]
        return [(message.voice, house.vault.open(session, message, "text")) for message in said]


def goods(building: Building) -> dict[str, list[tuple[Any, ...]]]:
    """What the shop and its customers have: every row but those of the record, the counters and the conversations."""
    with building.house.database.read(Scope.house("a test compares")) as session:
        connection = session.connection()
        tables = [table for table in Base.metadata.sorted_tables if table.name not in NO_GOODS]
        return {table.name: sorted(map(tuple, connection.execute(select(table))), key=repr) for table in tables}


def moved(building: Building) -> list[tuple[str, str, int]]:
    """Refunds and charges in the gateway's own books that were not there when the test moved in."""
    return [
        (movement.kind, movement.charge, movement.amount.minor)
        for movement in building.gateway.ledger()
        if not movement.key.startswith("seed:")
    ]
