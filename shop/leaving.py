"""Leaving: an account is closed, what was personal becomes unreadable, and the books stay without a name.

The last letter goes first, under a key of its own, because nothing opens any more once the account's key is destroyed.
From the claim on the account is closed, so nothing can begin in between; a crash is settled as a payment's would be.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth.accounts import find_account
from auth.actor import Actor
from auth.guard.approvals import EXPIRED, IN_REVIEW, OPEN, Approval
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Card, Facts, Room, Settled, Settlement
from auth.keeping import Keeps, end_all
from auth.mail import Letter
from auth.vault import DataKey, Vault
from shop.commands import DeleteAccount
from shop.letters import LetterHead
from shop.privacy import my_data, proofs
from shop.security import SignIn

PostLastLetter = Callable[[UUID, UUID, Letter], None]
"""Queues a letter to an account, once for each key, in a transaction of its own: ``post(account_id, key, letter)``."""


def leaving_rooms(
    vault: Vault,
    sign_in: SignIn,
    *,
    kept: tuple[Keeps, ...],
    post: PostLastLetter,
    head: LetterHead,
    clock: Callable[[], datetime],
) -> tuple[Room[Any], ...]:
    """The room of this file."""
    leaving = Leaving(vault, sign_in, kept, post, head, clock)
    return (
        Room(
            DeleteAccount,
            Effect.WRITE,
            find=leaving.find,
            facts=leaving.facts,
            handle=leaving.handle,
            verify=leaving.verify,
            card=leaving.card,
            says=lambda result: "Your account is deleted, and you are signed out everywhere. Farewell.",
            outside=leaving,
        ),
    )


@dataclass(frozen=True, slots=True)
class Leaving:
    """The room of :class:`~shop.commands.DeleteAccount`. What is outside here is the letter."""

    vault: Vault
    sign_in: SignIn
    kept: tuple[Keeps, ...]
    post: PostLastLetter
    head: LetterHead
    clock: Callable[[], datetime]

    def find(self, session: Session, actor: Actor, command: DeleteAccount) -> str:
        return str(actor.account_id or "nobody")

    def facts(self, session: Session, actor: Actor, command: DeleteAccount, owner: str) -> Facts:
        account_id = actor.account_id
        under_way = 0 if account_id is None else sum(k.under_way(session, account_id) for k in self.kept)
        context = proofs(session, actor, sign_in=self.sign_in, now=self.clock())
        return Facts(Entity("Account", owner, {"owner": owner}), {**context, "under_way": under_way})

    def card(self, session: Session, command: DeleteAccount, owner: str) -> Card:
        there = {line.what: line.count for line in my_data(session, UUID(owner), kept=self.kept).kept}
        gone = [f"{there[what]} {what}" for what in ("addresses", "conversations", "payment cards") if what in there]
        lines = [("Made unreadable", ", ".join(["your name and e-mail address", *gone]))]
        if "orders" in there:
            lines.append(("Stays in the books, without your name", f"{there['orders']} orders"))
        if "reviews" in there:
            lines.append(("Stays, without your initial", f"{there['reviews']} reviews"))
        lines.append(("Can be undone", "No"))
        return Card("Delete your account for good", tuple(lines), "Delete my account")

    def prepare(self, session: Session, grant: Grant[DeleteAccount]) -> Mapping[str, Json]:
        """Close the account and sign it out everywhere: from here on nobody acts in it."""
        account = find_account(session, grant.account_id)
        if account is None:
            raise LookupError("the account was there a moment ago")
        account.status = "closed"
        self.sign_in.end_sessions(session, grant.account_id, now=grant.at, keep=None)
        return {"account": str(grant.account_id)}

    def call(self, key: str, request: Mapping[str, Json]) -> Settlement:
        self.post(UUID(str(request["account"])), UUID(key), self.head.goodbye())
        return Settled(key)

    def release(self, session: Session, grant: Grant[DeleteAccount]) -> None:
        """Nobody says no to a letter, so there is nothing to give back."""

    def handle(self, session: Session, grant: Grant[DeleteAccount]) -> Mapping[str, Json]:
        """Cards that still wait end; every table on the list is ended; and the key is destroyed."""
        waiting = (Approval.account_id == grant.account_id, Approval.state.in_((OPEN, IN_REVIEW)))
        ended = update(Approval).where(*waiting).values(state=EXPIRED)
        session.execute(ended.execution_options(synchronize_session=False))
        end_all(session, grant.account_id, kept=self.kept)
        self.vault.shred(session, grant.account_id)
        return {"account": "deleted"}

    def verify(self, session: Session, grant: Grant[DeleteAccount], result: Mapping[str, Json]) -> bool:
        account = find_account(session, grant.account_id)
        key = session.scalar(select(DataKey).where(DataKey.account_id == grant.account_id))
        is_closed = account is not None and account.status == "closed" and account.email_tag is None
        return is_closed and key is not None and key.shredded_at is not None
