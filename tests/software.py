"""Software for tests: a registered program, the leave a customer gave it, and its tokens, made by the house itself."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from auth.actor import Act
from auth.database import Scope
from auth.oauth import clients, delegations
from auth.oauth.clients import Added, Kind
from auth.oauth.delegations import LIVES, Delegation, Proof
from auth.oauth.issuer import ONE_FACTOR, Issuer
from auth.oauth.tokens import access_token
from tests.building import Building

BACK = "https://pocket.example/back"
EVERYTHING = (
    *("openid", "profile", "email", "offline_access", "catalogue"),
    *("basket", "orders:read", "orders:write", "addresses", "activity", "assistant"),
)


def add_program(
    building: Building,
    client_id: str = "pocket-pine",
    *,
    kind: Kind = Kind.CONFIDENTIAL,
    redirects: Sequence[str] = (BACK,),
    scopes: Sequence[str] = EVERYTHING,
) -> Added:
    """A program as the operator registers it."""
    name = client_id.replace("-", " ").title()
    with building.house.database.begin(Scope.house("a test registers a program")) as session:
        return clients.add_client(
            session,
            client_id,
            name=name,
            kind=kind,
            redirects=() if kind is Kind.SERVICE else redirects,
            scopes=scopes,
            now=building.clock(),
        )


def give_leave(
    building: Building,
    person: str,
    *,
    client_id: str = "pocket-pine",
    scopes: Sequence[str] = ("orders:read",),
    audiences: Sequence[str] = (),
    second_factor_at: datetime | None = None,
) -> Delegation:
    """A delegation as it stands once a customer has agreed and the program has fetched its code."""
    issuer, now, account_id = building.house.issuer, building.clock(), building.person(person).id
    with issuer.database.begin(Scope.own(account_id)) as session:
        client = session.get_one(clients.Client, client_id)
        row = delegations.begin(
            session,
            account_id,
            client=client,
            act=Act(client.id, client.digest),
            scopes=scopes,
            audiences=audiences or (issuer.api,),
            proof=Proof(now, second_factor_at, ONE_FACTOR, "pwd"),
            ends_at=now + LIVES,
            now=now,
        )
        row.redeemed_at = now
    return row


def token_for(building: Building, row: Delegation, *, scopes: Sequence[str] = (), audiences: Sequence[str] = ()) -> str:
    """An access token of this moment."""
    issuer = building.house.issuer
    with issuer.database.begin(Scope.own(row.account_id)) as session:
        return access_token(
            session,
            issuer,
            row,
            scopes=scopes or sorted(row.scopes),
            audiences=audiences or row.audiences,
            now=building.clock(),
        ).text


def end(building: Building, account_id: UUID, delegation_id: UUID) -> None:
    """Take a leave back."""
    with building.house.database.begin(Scope.own(account_id)) as session:
        assert delegations.end(session, delegation_id, why=delegations.Why.DISCONNECTED, now=building.clock())


def issuer_of(building: Building) -> Issuer:
    return building.house.issuer
