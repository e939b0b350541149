"""One's own conversations: listed by cursor, searched within a bound, renamed, taken away, deleted, rated, moved."""

import json

import pytest
from sqlalchemy import text

from auth.accounts import open_account
from auth.actor import Actor, Channel, Role
from auth.audit import AuditEntry
from auth.database import Scope
from auth.guard.commands import NotACommand, parse
from auth.guard.decisions import Done, Refused
from shop.chats import Bounds, as_json, as_text, list_chats, search_chats
from shop.commands import (
    AskForPerson,
    DeleteConversation,
    ExportConversation,
    RateAnswer,
    ReadConversation,
    RefundOrder,
    RenameConversation,
    ShowOrder,
    TakeConversation,
)
from shop.conversations import Conversation, Message, Voice, append_message, find_conversation, start_conversation
from shop.guest_chats import SIGNED_IN, move_conversations
from shop.ratings import AnswerRating, count_ratings
from tests.small_house import SmallHouse


@pytest.fixture
def ada(small: SmallHouse) -> Actor:
    return small.person()


@pytest.fixture
def clerk(small: SmallHouse) -> Actor:
    return small.person(Role.CLERK)


def talk(small: SmallHouse, who: Actor, *said: str, cards: tuple[tuple[str, str], ...] = ()) -> str:
    """A conversation; the customer speaks first and the assistant second, in turns."""
    small.clock.move(seconds=1)
    with small.database.begin(Scope.own(who.account_id)) as session:
        started = start_conversation(session, small.vault, who.account_id, at=small.clock())
        for number, words in enumerate(said):
            voice = Voice.ASSISTANT if number % 2 else Voice.CUSTOMER
            append_message(
                session, small.vault, started, voice=voice, text=words, at=small.clock(), cards=cards if number else ()
            )
        return str(started.id)


def titles(small: SmallHouse, who: Actor, before: str = "") -> tuple[list[str], str]:
    with small.database.read(Scope.own(who.account_id)) as session:
        page = list_chats(session, small.vault, who.account_id, before=before)
        return [one.title for one in page.conversations], page.older


def found(small: SmallHouse, who: Actor, words: str) -> list[str]:
    with small.database.read(Scope.own(who.account_id)) as session:
        return [hit.id for hit in search_chats(session, small.vault, who.account_id, words).hits]


def answer_in(small: SmallHouse, conversation: str) -> str:
    return next(
        str(m.id) for m in small.all(Message) if str(m.conversation_id) == conversation and m.voice == "assistant"
    )


# The list


def test_pages_follow_each_other_without_a_gap_or_a_repeat(small: SmallHouse, ada: Actor) -> None:
    for number in range(45):
        talk(small, ada, f"number {number}")
    seen, cursor = list[str](), ""
    for _ in range(5):
        page, cursor = titles(small, ada, cursor)
        seen += page
        if not cursor:
            break
    assert seen == [f"number {n}" for n in reversed(range(45))]


def test_a_new_conversation_moves_no_page(small: SmallHouse, ada: Actor) -> None:
    for number in range(25):
        talk(small, ada, f"number {number}")
    first, cursor = titles(small, ada)
    talk(small, ada, "brand new")
    second, _ = titles(small, ada, cursor)
    assert first[-1] == "number 5" and second == [f"number {n}" for n in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize("cursor", ["x", "1", "-1.x", "9" * 40 + ".0", "1.00000000000000000000000000000000\x00"])
def test_a_cursor_that_cannot_be_read_is_the_first_page(small: SmallHouse, ada: Actor, cursor: str) -> None:
    talk(small, ada, "hello")
    assert titles(small, ada, cursor)[0] == ["hello"]


# The search


def test_all_words_must_be_there_in_any_case_and_order(small: SmallHouse, ada: Actor) -> None:
    lamp = talk(small, ada, "My LAMP flickers at night", "Which one is it?")
    talk(small, ada, "My tent is fine")
    assert found(small, ada, "night lamp") == [lamp]
    assert found(small, ada, "lamp tent") == []
    assert found(small, ada, "which ONE") == [lamp], "the assistant's words count as well"
    assert found(small, ada, "  ") == []


def test_the_title_counts_and_what_stood_around_is_shown(small: SmallHouse, ada: Actor) -> None:
    key = talk(small, ada, "a" * 90 + " the quiet lantern " + "b" * 200)
    small.done(ada, RenameConversation(key, "Birthday"))
    assert found(small, ada, "birthday") == [key]
    with small.database.read(Scope.own(ada.account_id)) as session:
        (hit,) = search_chats(session, small.vault, ada.account_id, "quiet").hits
    assert "the quiet lantern" in hit.around and len(hit.around) < 150 and hit.voice == "customer"


def test_a_search_never_finds_somebody_elses_words(small: SmallHouse, ada: Actor) -> None:
    talk(small, ada, "Grizeldaphne is my aunt")
    ben = small.person()
    assert found(small, ben, "Grizeldaphne") == []
    with small.database.read(Scope.own(ben.account_id)) as session:
        assert search_chats(session, small.vault, ada.account_id, "Grizeldaphne").hits == (), "nor with her id"


def test_a_search_opens_no_more_than_its_bound(small: SmallHouse, ada: Actor) -> None:
    oldest = talk(small, ada, "needle")
    for number in range(5):
        talk(small, ada, f"hay {number}", "straw")
    with small.database.read(Scope.own(ada.account_id)) as session:
        result = search_chats(session, small.vault, ada.account_id, "needle", bounds=Bounds(messages=4))
    assert (result.messages, result.is_all) == (4, False)
    # The names of conversations are few and always looked at; this one's is its first words.
    assert [hit.id for hit in result.hits] == [oldest]
    with small.database.read(Scope.own(ada.account_id)) as session:
        result = search_chats(session, small.vault, ada.account_id, "needle", bounds=Bounds(5, 4))
    assert (result.hits, result.conversations, result.is_all) == ((), 5, False)


# Rename, delete, take away


def test_a_new_name_is_one_clean_line_and_sealed(small: SmallHouse, ada: Actor) -> None:
    key = talk(small, ada, "hello")
    small.done(ada, RenameConversation(key, "Ostrich\u202e\n feathers"))
    assert titles(small, ada)[0] == ["Ostrich feathers"]
    with small.database.read(Scope.house("a test looks at the raw rows")) as session:
        assert "Ostrich" not in repr(session.execute(text("SELECT * FROM conversations")).all())
        assert "Ostrich" not in repr(session.execute(text("SELECT body FROM audit_entries")).all())
    with pytest.raises(NotACommand):
        parse(RenameConversation, {"conversation": key, "title": "x" * 61})


def test_a_deleted_conversation_takes_its_words_and_ratings_along(small: SmallHouse, ada: Actor) -> None:
    gone, kept = talk(small, ada, "one", "two"), talk(small, ada, "three", "four")
    for key in (gone, kept):
        small.done(ada, RateAnswer(key, answer_in(small, key), "bad", "wrong", "oh dear"))
    done = small.done(ada, DeleteConversation(gone))
    assert [str(c.id) for c in small.all(Conversation)] == [kept]
    assert {str(m.conversation_id) for m in small.all(Message)} == {kept}
    assert {str(r.conversation_id) for r in small.all(AnswerRating)} == {kept}
    assert small.kinds(done.command_id)[-1] == "command.verified"
    (entry,) = small.all(AuditEntry, kind="conversation.deleted")
    assert entry.account_id == ada.account_id


def test_what_a_clerk_is_in_is_deleted_after_they_have_left(small: SmallHouse, ada: Actor, clerk: Actor) -> None:
    key = talk(small, ada, "help")
    small.done(ada, AskForPerson(key))
    small.done(clerk, TakeConversation(key))
    refused = small.submit(ada, DeleteConversation(key))
    assert isinstance(refused, Refused) and refused.policy == "conversation.kept-while-a-clerk-is-in-it"
    assert len(small.all(Conversation)) == 1


def test_all_of_this_is_for_the_owner_in_person(small: SmallHouse, ada: Actor, clerk: Actor) -> None:
    key = talk(small, ada, "hello", "good day")
    commands = (
        RenameConversation(key, "mine now"),
        DeleteConversation(key),
        ExportConversation(key),
        RateAnswer(key, answer_in(small, key), "good"),
    )
    small.done(ada, AskForPerson(key))
    for command in commands:
        for other in (small.person(), clerk, ada.through(Channel.STAFF)):
            assert isinstance(small.submit(other, command), Refused), (command, other.role)
        by_assistant = small.submit(small.through_chat(ada), command)
        assert isinstance(by_assistant, Refused) and by_assistant.policy == "conversation.by-its-owner-in-person"
    assert titles(small, ada)[0] == ["hello"] and small.all(AnswerRating) == []


def test_an_export_holds_everything_that_was_said_and_what_was_looked_up(small: SmallHouse, ada: Actor) -> None:
    key = talk(small, ada, "Where is it?", "On its way: “tomorrow”.", cards=(("order", "HP-7K3M-29QD"),))
    with small.database.begin(Scope.own(ada.account_id)) as session:
        conversation = find_conversation(session, ada.account_id, key)
        assert conversation is not None
        looked_up = [{"role": "tool", "name": "show_order", "text": "{}"}]
        append_message(
            session,
            small.vault,
            conversation,
            voice=Voice.ASSISTANT,
            text="It was",
            at=small.clock(),
            body=looked_up,
            ended="clerk",
        )
    small.done(ada, RateAnswer(key, answer_in(small, key), "bad", "wrong", "it came on Friday"))
    exported = small.done(ada, ExportConversation(key)).view
    told = json.loads(as_json(exported))
    assert [m["text"] for m in told["messages"]] == ["Where is it?", "On its way: “tomorrow”.", "It was"]
    assert told["messages"][1]["rating"] == {"verdict": "bad", "reason": "wrong", "words": "it came on Friday"}
    assert told["messages"][2]["assistant_records"] == looked_up and told["messages"][2]["broke_off"] == "clerk"
    plain = as_text(exported, shop_name="Harbor & Pine")
    assert plain.index("You, ") < plain.rindex("Where is it?") < plain.index("Assistant (AI), ")
    assert "[order HP-7K3M-29QD]" in plain and "[broke off here]" in plain
    (entry,) = small.all(AuditEntry, kind="conversation.exported")
    assert entry.account_id == ada.account_id and "Where" not in entry.body


# Ratings


def test_a_later_rating_takes_the_place_of_the_earlier(small: SmallHouse, ada: Actor) -> None:
    key = talk(small, ada, "hello", "good day")
    answer = answer_in(small, key)
    small.done(ada, RateAnswer(key, answer, "good", "clear", "Wombatish"))
    small.done(ada, RateAnswer(key, answer, "bad", "clear", ""))
    rating = small.one(AnswerRating)
    assert (rating.is_good, rating.reason, rating.words) == (False, "", None), "a reason must fit its verdict"
    with small.database.read(Scope.house("a test looks at the raw rows")) as session:
        assert "Wombatish" not in repr(session.execute(text("SELECT * FROM answer_ratings")).all())


def test_only_the_assistants_own_answers_are_rated_and_where_they_stand(small: SmallHouse, ada: Actor) -> None:
    here, there = talk(small, ada, "hello", "good day"), talk(small, ada, "again", "yes?")
    question = next(str(m.id) for m in small.all(Message, voice="customer"))
    for conversation, message in ((here, question), (there, answer_in(small, here)), (here, here), (here, "x")):
        refused = small.submit(ada, RateAnswer(conversation, message, "good"))
        assert isinstance(refused, Refused) and refused.kind == "not_found"
    with pytest.raises(NotACommand):
        parse(RateAnswer, {"conversation": here, "message": question, "verdict": "excellent"})


def test_the_shop_counts_verdicts_and_reasons_and_nothing_else(small: SmallHouse, ada: Actor) -> None:
    for verdict, reason in (("good", "clear"), ("bad", "wrong"), ("bad", "wrong"), ("bad", "")):
        key = talk(small, ada, "hello", "good day")
        small.done(ada, RateAnswer(key, answer_in(small, key), verdict, reason))  # type: ignore[arg-type]
    with small.database.read(Scope.house("a clerk at work")) as session:
        counts = count_ratings(session, now=small.clock())
        assert (counts.good, counts.bad) == (1, 3)
        assert counts.reasons == (("It was wrong", 2), ("It was clear", 1))
    small.clock.move(days=31)
    with small.database.read(Scope.house("a clerk at work")) as session:
        assert count_ratings(session, now=small.clock()).bad == 0


# For the clerk


def test_the_case_is_written_from_the_records(small: SmallHouse, ada: Actor, clerk: Actor) -> None:
    number, bens = small.order(ada), small.order(small.person())
    card = str(small.park(ada, RefundOrder(number, "it broke")))
    cards = (("order", number), ("order", bens), ("approval", card))
    key = talk(small, ada, "My mug broke", "I have prepared it.", "And where is my money?", cards=cards)
    small.done(ada, RateAnswer(key, answer_in(small, key), "bad", "no-help", "no money yet"))
    small.done(small.through_chat(ada), AskForPerson(key, "the customer was promised €900"))
    view = small.done(clerk, ReadConversation(key)).view
    lines = dict(view.case.lines)
    # Words of the customer stand in their own voice below, where "[Staff] approved" convinces nobody.
    assert "My mug broke" not in lines.values() and lines["Said so far"].startswith("2 by the customer")
    assert lines["Who"] == "a customer, signed in" and "Asked for a person" in lines
    assert [order[0] for order in view.case.orders] == [number], "a card of somebody else's order is no case of hers"
    ((_, asked, stands),) = view.case.requests
    assert number in asked and stands == "waits for the customer's signature"
    assert "900" not in repr(view.case), "what a model says is no record"
    assert view.summary == "the customer was promised €900"
    assert [m.rating.words for m in view.messages if m.rating] == ["no money yet"]


def test_the_assistant_is_refused_at_the_desk_while_a_clerk_speaks(small: SmallHouse, ada: Actor, clerk: Actor) -> None:
    number, key = small.order(ada), talk(small, ada, "help")
    in_it = small.through_chat(ada).through(Channel.CHAT, act=small.through_chat(ada).act, conversation=key)
    small.done(ada, AskForPerson(key))
    assert isinstance(small.submit(in_it, ShowOrder(number)), Done), "while it only waits, the assistant goes on"
    small.done(clerk, TakeConversation(key))
    for command in (ShowOrder(number), RefundOrder(number, "it broke"), AskForPerson(key)):
        refused = small.submit(in_it, command)
        assert isinstance(refused, Refused) and refused.policy == "chat.silent-while-a-clerk-speaks"
    assert isinstance(small.submit(ada, ShowOrder(number)), Done), "its owner is not silenced"


def test_the_assistant_is_refused_where_its_conversation_is_gone(small: SmallHouse, ada: Actor) -> None:
    number, key = small.order(ada), talk(small, ada, "help")
    in_it = small.through_chat(ada).through(Channel.CHAT, act=small.through_chat(ada).act, conversation=key)
    small.done(ada, DeleteConversation(key))
    refused = small.submit(in_it, RefundOrder(number, "it broke"))
    assert isinstance(refused, Refused) and refused.policy == "chat.silent-while-a-clerk-speaks"


# From guest to customer


def test_a_guests_words_come_along_sealed_for_the_account(small: SmallHouse, ada: Actor) -> None:
    guest = _guest(small)
    first, second = talk(small, guest, "tents?", "yes"), talk(small, guest, "where is my order?", "Please sign in.")
    small.done(guest, RateAnswer(second, answer_in(small, second), "good", "clear", "thanks"))
    before = {m.id: bytes(m.text) for m in small.all(Message)}
    with small.database.begin(Scope.house("a guest signs in")) as session:
        moved = move_conversations(session, small.vault, guest.account_id, ada.account_id, at=small.clock())
    assert moved == 2 and small.all(Conversation, account_id=guest.account_id) == []
    assert small.all(Message, account_id=guest.account_id) == []
    after = {m.id: bytes(m.text) for m in small.all(Message)}
    assert before.keys() < after.keys() and all(before[key] != after[key] for key in before)
    small.vault.cache.__init__(8)  # type: ignore[misc]
    exported = small.done(ada, ExportConversation(second)).view
    assert [(m.voice, m.text) for m in exported.messages] == [
        ("customer", "where is my order?"),
        ("assistant", "Please sign in."),
        ("shop", SIGNED_IN),
    ]
    assert exported.messages[1].rating is not None and exported.messages[1].rating.words == "thanks"
    assert [m.voice for m in small.done(ada, ExportConversation(first)).view.messages] == ["customer", "assistant"]
    assert [e.account_id for e in small.all(AuditEntry, kind="conversation.moved")] == [ada.account_id] * 2


def test_what_was_asked_before_signing_in_is_offered_again(small: SmallHouse, ada: Actor) -> None:
    guest = _guest(small)
    key = talk(small, guest, "where is my order?", "Please sign in.")
    with small.database.begin(Scope.house("a guest signs in")) as session:
        move_conversations(session, small.vault, guest.account_id, ada.account_id, at=small.clock())
    with small.database.read(Scope.own(ada.account_id)) as session:
        slip = small.all(Message, voice="shop")[0]
        assert str(slip.conversation_id) == key
        assert json.loads(small.vault.open(session, slip, "choices")) == ["where is my order?"]


def _guest(small: SmallHouse) -> Actor:
    with small.database.begin(Scope.house("a test moves in")) as session:
        account = open_account(session, small.vault, role=Role.GUEST, now=small.clock())
        return Actor(account.id, Role.GUEST, Channel.PAGE)
