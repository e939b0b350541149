"""What the shop knows about somebody: counted by kind, and as a file that takes a fresh proof of who they are.

Both are made from one list (:mod:`shop.keeping`), so what is counted is what is handed out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.audit import AuditEntry
from auth.database import new_id
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Card, Facts, Room
from auth.keeping import Keeps, export_all
from auth.vault import Vault
from shop.activity_words import ACTIONS, in_words
from shop.commands import ExportMyData, ShowMyData
from shop.data_exports import FETCHED_WITHIN, DataExport, open_export
from shop.security import SignIn
from shop.views import KeptLine, MyData

PAGE = "/account/privacy"
# Cards that may be signed with the password, by somebody who has no second factor.
PASSWORD_WILL_DO = frozenset({"ExportMyData", "DeleteAccount"})


def my_data(session: Session, account_id: UUID, *, kept: tuple[Keeps, ...]) -> MyData:
    """How much of each kind there is about an account; kinds of which there is nothing are left out."""
    lines = [KeptLine(k.what, k.count(session, account_id)) for k in kept if k.what]
    entries = select(func.count()).select_from(AuditEntry).where(AuditEntry.account_id == account_id)
    lines.append(KeptLine("entries of the activity log", session.scalar(entries) or 0))
    return MyData(tuple(line for line in lines if line.count), PAGE)


def export_of(
    session: Session, vault: Vault, account_id: UUID, *, kept: tuple[Keeps, ...], now: datetime
) -> dict[str, Any]:
    """Everything about an account, opened: the rows of each table, and the activity log in words."""
    entries = session.scalars(select(AuditEntry).where(AuditEntry.account_id == account_id).order_by(AuditEntry.seq))
    activity = [_told(entry) for entry in entries]
    tables = export_all(session, vault, account_id, kept=kept)
    return {"made_at": now.isoformat(), "kept": tables, "activity": activity}


def privacy_rooms(sign_in: SignIn, *, kept: tuple[Keeps, ...], clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """The rooms of this file."""
    privacy = Privacy(sign_in, kept, clock)
    return (
        Room(ShowMyData, Effect.READ, privacy.find, privacy.look_facts, privacy.show),
        Room(
            ExportMyData,
            Effect.WRITE,
            find=privacy.find,
            facts=privacy.export_facts,
            handle=privacy.make,
            verify=privacy.is_made,
            card=privacy.card,
            says=lambda result: "Your file is ready. For ten minutes you can fetch it in your account, under Privacy.",
        ),
    )


@dataclass(frozen=True, slots=True)
class Privacy:
    """Looking at what is kept, and leave to fetch it."""

    sign_in: SignIn
    kept: tuple[Keeps, ...]
    clock: Callable[[], datetime]

    def find(self, session: Session, actor: Actor, command: ShowMyData | ExportMyData) -> str:
        return str(actor.account_id or "nobody")

    def look_facts(self, session: Session, actor: Actor, command: ShowMyData, owner: str) -> Facts:
        return Facts(Entity("Account", owner, {"owner": owner}))

    def export_facts(self, session: Session, actor: Actor, command: ExportMyData, owner: str) -> Facts:
        return Facts(
            Entity("Account", owner, {"owner": owner}), proofs(session, actor, sign_in=self.sign_in, now=self.clock())
        )

    def show(self, session: Session, grant: Grant[ShowMyData]) -> MyData:
        return my_data(session, grant.account_id, kept=self.kept)

    def card(self, session: Session, command: ExportMyData, owner: str) -> Card:
        lines = (("Holds", "everything on the page Privacy, in words"), ("Can be fetched", "for ten minutes, by you"))
        return Card("Make a file with everything the shop knows about you", lines, "Make the file")

    def make(self, session: Session, grant: Grant[ExportMyData]) -> Mapping[str, Json]:
        leave = DataExport(id=new_id(grant.at), account_id=grant.account_id, made_at=grant.at)
        leave.ends_at = grant.at + FETCHED_WITHIN
        session.add(leave)
        return {"export": str(leave.id)}

    def is_made(self, session: Session, grant: Grant[ExportMyData], result: Mapping[str, Json]) -> bool:
        return open_export(session, grant.account_id, grant.at) is not None


def proofs(session: Session, actor: Actor, *, sign_in: SignIn, now: datetime) -> dict[str, str | int | bool | None]:
    """What the policy reads beside a second factor: whether there is one, and how old the password of the session is.

    The session is the one that asked. A card of the chat that is signed on another device therefore takes a new
    request there, because a password typed here proves nothing about who sits there.
    """
    if actor.account_id is None:
        return {}
    return {
        "has_factor": sign_in.protection(session, actor.account_id, now=now).two_factor,
        "password_age_s": sign_in.password_age_s(session, actor.account_id, actor.session_id, now=now),
    }


def _told(entry: AuditEntry) -> dict[str, Any]:
    """An entry of the log without its body, which may name other people's accounts."""
    body = entry.facts()
    what = ACTIONS.get(str(body.get("action")), "")
    about = str(body.get("subject", "")) if str(body.get("subject", "")).startswith("Order/") else ""
    told = {"at": entry.at.isoformat(), "kind": entry.kind, "what": what, "about": about, "channel": entry.channel}
    return {name: value for name, value in {**told, "words": in_words(entry.kind, body)}.items() if value}
