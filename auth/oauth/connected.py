"""The programs a customer has given leave to: what each may do, since when, when it last did something; and the end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.actor import Actor, Channel
from auth.database import Scope
from auth.oauth import delegations
from auth.oauth.clients import Client, could_be_id
from auth.oauth.delegations import Delegation, Why
from auth.oauth.issuer import Issuer
from auth.oauth.noted import note


@dataclass(frozen=True, slots=True)
class Connected:
    """One program, over all the leaves it has. ``last_used_at`` is ``None`` when it has not called yet."""

    client_id: str
    name: str
    homepage: str
    since: datetime
    last_used_at: datetime | None
    sentences: tuple[str, ...]


def connected_programs(session: Session, issuer: Issuer, account_id: UUID) -> Sequence[Connected]:
    """Every program with a living leave of this account, the one used last first."""
    now = issuer.clock()
    rows = session.execute(
        select(Delegation, Client)
        .join(Client, Client.id == Delegation.client_id)
        .where(Delegation.account_id == account_id, Delegation.redeemed_at.is_not(None))
        .order_by(Delegation.created_at)
    ).all()
    grouped: dict[str, list[tuple[Delegation, Client]]] = {}
    for row, client in rows:
        if row.is_alive(now) and client.disabled_at is None:
            grouped.setdefault(client.id, []).append((row, client))
    found = [_connected(issuer, leaves) for leaves in grouped.values()]
    return sorted(found, key=lambda c: c.last_used_at or c.since, reverse=True)


def program_names(session: Session) -> dict[str, str]:
    """The names of all programs by their ids, disabled ones too: the log outlives them."""
    return {client_id: name for client_id, name in session.execute(select(Client.id, Client.name))}


def disconnect(issuer: Issuer, actor: Actor, client_id: str) -> bool:
    """Take back every leave of a program; its next call is refused. ``False`` when it had none."""
    if actor.account_id is None or actor.act is not None or actor.channel is not Channel.PAGE:
        return False
    if not could_be_id(client_id):
        return False
    now = issuer.clock()
    with issuer.database.begin(Scope.own(actor.account_id)) as session:
        ended = delegations.end_all_of_client(session, actor.account_id, client_id, why=Why.DISCONNECTED, now=now)
        if ended:
            note(
                session,
                "app.disconnected",
                at=now,
                account_id=actor.account_id,
                channel=Channel.PAGE,
                client=client_id,
                leaves=ended,
            )
    return ended > 0


def _connected(issuer: Issuer, leaves: Sequence[tuple[Delegation, Client]]) -> Connected:
    client = leaves[0][1]
    return Connected(
        client_id=client.id,
        name=client.name,
        homepage=client.homepage,
        since=min(row.created_at for row, _ in leaves),
        last_used_at=max((row.last_used_at for row, _ in leaves if row.last_used_at is not None), default=None),
        sentences=_sentences(issuer, (row for row, _ in leaves)),
    )


def _sentences(issuer: Issuer, rows: Iterable[Delegation]) -> tuple[str, ...]:
    given = frozenset[str]().union(*(row.scopes for row in rows))
    return tuple(sentence for name, sentence in issuer.scopes.items() if name in given)
