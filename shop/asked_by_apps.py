"""A letter to the owner for each card that an app has put on the desk: only they can sign it, so they must know.

One letter a card, written in the transaction that makes the card, and at most ten a day, so that no app fills a
mailbox. Beyond that the cards wait on the account's pages all the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.accounts import find_account
from auth.actor import Actor
from auth.guard.approvals import Approval, actor_from_json
from auth.mail import Mail, queue_mail
from auth.oauth.clients import Client
from auth.oauth.delegations import app_behind
from auth.vault import Vault
from shop.activity_words import ACTIONS
from shop.conversations import Conversation
from shop.letters import LetterHead

MOST_A_DAY = 10


@dataclass(frozen=True, slots=True)
class TellingOwners:
    """Called by the desk for each new card."""

    vault: Vault
    head: LetterHead
    clock: Callable[[], datetime]

    def __call__(self, session: Session, actor: Actor, card: Approval) -> None:
        app = app_behind(session, actor)
        if app is None or self._has_had_enough(session, card):
            return
        account = find_account(session, card.account_id)
        to = "" if account is None else self.vault.open(session, account, "email")
        if not to:
            return
        kind, _, key = card.subject.partition("/")
        about = f" ({kind.lower()} {key})" if kind in {"Order", "Case"} else ""
        letter = self.head.app_asks(
            app_name(session, app),
            ACTIONS.get(card.action, card.action) + about,
            path=f"/approvals/{card.id}",
            minutes=int((card.expires_at - card.created_at).total_seconds() // 60),
        )
        mail = Mail(to, letter.subject, letter.text)
        queue_mail(session, self.vault, card.account_id, mail=mail, now=self.clock())

    def _has_had_enough(self, session: Session, card: Approval) -> bool:
        lately = select(Approval.actor).where(
            Approval.account_id == card.account_id, Approval.created_at > self.clock() - timedelta(days=1)
        )
        askers = [actor_from_json(actor, card.account_id) for actor in session.scalars(lately)]
        return sum(app_behind(session, asker) is not None for asker in askers) > MOST_A_DAY


def begun_by(session: Session, conversation: Conversation) -> str:
    """The name of the app that began a conversation; empty for those that its customer began."""
    return "" if conversation.begun_by is None else app_name(session, conversation.begun_by)


def app_name(session: Session, client_id: str) -> str:
    """An app's name as its owner registered it; the id of one that is no longer there."""
    client = session.get(Client, client_id)
    return client_id if client is None else client.name
