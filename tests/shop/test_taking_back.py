"""Taking back a card: by the one who asked, in the conversation where it asked, while it waits; and nothing else."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from auth.actor import Act, Actor, Channel
from auth.audit import AuditEntry
from auth.database import Scope
from auth.guard.approvals import Approval
from auth.guard.decisions import AwaitingApproval, Done, Outcome, Refused
from shop.commands import CancelOrder, TakeBackCard
from shop.conversations import start_conversation
from tests.small_house import SmallHouse


@pytest.fixture
def ada(small: SmallHouse) -> Actor:
    return small.person()


def talking(small: SmallHouse, somebody: Actor, *, tainted: bool = False, name: str = "assistant") -> Actor:
    """The assistant, in a new conversation of somebody's."""
    assert somebody.account_id is not None
    with small.database.begin(Scope.own(somebody.account_id)) as session:
        key = start_conversation(session, small.vault, somebody.account_id, at=small.clock()).id
    return somebody.through(Channel.CHAT, act=Act(name, "test"), tainted=tainted, conversation=str(key))


def parked(small: SmallHouse, asker: Actor) -> UUID:
    outcome = small.submit(asker, CancelOrder(small.order(asker, status="paid")))
    assert isinstance(outcome, AwaitingApproval)
    return outcome.approval_id


def states(small: SmallHouse) -> list[str]:
    return [card.state for card in small.all(Approval)]


def is_refused(outcome: Outcome, kind: str) -> bool:
    return isinstance(outcome, Refused) and outcome.kind == kind


def test_the_chat_takes_back_what_it_has_asked_for(small: SmallHouse, ada: Actor) -> None:
    chat = talking(small, ada)
    card = parked(small, chat)
    assert isinstance(small.submit(chat, TakeBackCard(str(card))), Done)
    assert states(small) == ["withdrawn"]
    # Who still presses the button has changed nothing and is told why.
    late = small.desk.approve(ada, card)
    assert isinstance(late, Refused) and late.kind == "withdrawn" and "took this card back" in late.says


def test_the_log_of_the_card_says_that_it_was_taken_back(small: SmallHouse, ada: Actor) -> None:
    chat = talking(small, ada)
    card = parked(small, chat)
    small.submit(chat, TakeBackCard(str(card)))
    (entry,) = small.all(AuditEntry, kind="command.withdrawn")
    assert entry.command_id == small.one(Approval).command_id and entry.account_id == ada.account_id


def test_another_model_of_the_same_assistant_may_take_it_back(small: SmallHouse, ada: Actor) -> None:
    chat = talking(small, ada)
    card = parked(small, chat)
    stands_in = replace(chat, act=Act("assistant", "test", "embedded"))
    assert isinstance(small.submit(stands_in, TakeBackCard(str(card))), Done)


def test_a_card_of_another_conversation_stays(small: SmallHouse, ada: Actor) -> None:
    card = parked(small, talking(small, ada))
    assert is_refused(small.submit(talking(small, ada), TakeBackCard(str(card))), "policy")
    assert states(small) == ["open"]


def test_a_card_that_another_program_asked_for_stays(small: SmallHouse, ada: Actor) -> None:
    chat = talking(small, ada)
    card = parked(small, replace(chat, act=Act("somebody else", "test")))
    assert is_refused(small.submit(chat, TakeBackCard(str(card))), "policy")
    assert states(small) == ["open"]


def test_a_card_from_a_page_is_not_taken_back_and_a_page_takes_none_back(small: SmallHouse, ada: Actor) -> None:
    chat = talking(small, ada)
    card = parked(small, chat)
    assert is_refused(small.submit(ada, TakeBackCard(str(card))), "policy")
    assert states(small) == ["open"]


def test_somebody_elses_card_is_not_there(small: SmallHouse, ada: Actor) -> None:
    card = parked(small, talking(small, ada))
    chat = talking(small, small.person())
    theirs, nothing = (small.submit(chat, TakeBackCard(str(key))) for key in (card, uuid4()))
    assert is_refused(theirs, "not_found") and is_refused(nothing, "not_found")
    assert isinstance(theirs, Refused) and isinstance(nothing, Refused) and theirs.says == nothing.says
    assert states(small) == ["open"]


def test_what_was_signed_declined_or_has_run_out_is_not_taken_back(small: SmallHouse, ada: Actor) -> None:
    chat = talking(small, ada)
    signed, declined, old = (parked(small, chat) for _ in range(3))
    small.desk.approve(ada, signed)
    small.desk.decline(ada, declined)
    small.clock.move(seconds=int(timedelta(minutes=16).total_seconds()))
    for card in (signed, declined, old):
        assert is_refused(small.submit(chat, TakeBackCard(str(card))), "policy")
    assert "withdrawn" not in states(small)


def test_a_card_is_taken_back_also_while_text_by_others_is_in_view(small: SmallHouse, ada: Actor) -> None:
    # It could ask for nothing better: the most that such a text gains is that its reader has to ask again.
    chat = talking(small, ada)
    card = parked(small, chat)
    assert isinstance(small.submit(replace(chat, tainted=True), TakeBackCard(str(card))), Done)


def test_room_for_a_fourth_wish(small: SmallHouse, ada: Actor) -> None:
    chat = talking(small, ada)
    cards = [parked(small, chat) for _ in range(3)]
    small.submit(chat, TakeBackCard(str(cards[0])))
    assert parked(small, chat) not in cards
