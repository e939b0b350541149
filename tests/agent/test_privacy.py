"""What a model is shown in place of personal data, what comes back of it, and what stands for nothing."""

import json
import re
from typing import Any
from uuid import UUID

import pytest
from langchain_core.messages import HumanMessage, ToolMessage

from agent.handles import Handles, without_tokens
from agent.heard import Choices
from agent.memory import customer_says, from_stored
from auth.guard.commands import arguments
from auth.guard.decisions import Done
from shop.personal import Personal
from shop.views import AddressList, AddressView
from tests.agent.scripted import NUMBER, FakeDesk, Ran, run, says

IDA = Personal(
    names=("Ida Quillfeather", "Will Rose", "Bénédikt Auerhuhn-Lösch"),
    emails=("ida.quillfeather@example.com",),
    streets=("Lanternfish Lane 7", "14 Marlow Street"),
    postcodes=("24941", "D02 X285", "8000"),
    cities=("Gullhaven", "Nice"),
    labels=("Home", "Marlow Street", "1"),
)
REMOVED = {
    "I'm Ida and my mail is IDA.quillfeather@example.com": "I'm [name:1] and my mail is [email:1]",
    "send to 7 lanternfish  lane, 24941 gullhaven": "send to [street:1], [postcode:1]",
    "Quillfeather, Ida; Auerhuhn; losch; Benedikt's": "[name:1]; [name:2]; [name:3]; [name:4]'s",
    "I am Will Rose from 8000 Nice": "I am [name:1] from [postcode:1]",
    "to Marlow Street please": "to address:1 please",
    "call +49 170 1234567, card 4242 4242 4242 4242": "call [phone:1], card [card:1]",
    "DE89 3704 0044 0532 0130 00, code 123456": "[iban:1], code [code:1]",
}
LEFT_ALONE = (
    "when will the rose mug arrive, is it nice?",
    "order HP-7K3M-29QD costs 24941,00 € or €24941 or 8000",
    "HPX1234567890 and TRK-88-24941-1 and mug-pine and HM-PINE",
    "two of the lanternfish mugs by 12 Dec 2026",
)
ADDRESSES = AddressList(
    (
        AddressView("address:home", "Home", ("Ida Quillfeather",)),
        AddressView("address:marlow-street", "Marlow Street", ("Ida Quillfeather",)),
    )
)
LISTED = ("list_addresses", {})
REDIRECT = {"order": NUMBER, "address": "address:1"}


def desk(**answers: Any) -> FakeDesk:
    return FakeDesk(answers={"ListAddresses": Done(UUID(int=9), "", view=ADDRESSES)} | answers)


def result_of(ran: Ran, call: int) -> dict[str, Any]:
    last = [m for m in ran.model.seen[call] if isinstance(m, ToolMessage)][-1]
    found = json.loads(last.text)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(("typed", "seen"), REMOVED.items())
def test_personal_values_give_way_to_tokens(typed: str, seen: str) -> None:
    shown, counts = Handles(IDA).words(typed, is_remote=True)
    assert shown == seen and counts.total() == len(re.findall(r"\w:\d", seen))


@pytest.mark.parametrize("typed", LEFT_ALONE)
def test_everyday_words_numbers_and_amounts_are_left_alone(typed: str) -> None:
    assert Handles(IDA).words(typed, is_remote=True)[0] == typed


def test_the_same_value_has_the_same_token_and_another_one_its_own() -> None:
    handles = Handles(IDA)
    assert handles.words("Ida wrote to a@b.example, then to c@d.example", is_remote=True)[0].count("email:2") == 1
    assert handles.words("IDA again: A@b.example", is_remote=True)[0] == "[name:1] again: [email:1]"


def test_two_replicas_make_the_same_view() -> None:
    told = [customer_says("I am Ida, mail x@y.example"), customer_says("and z@y.example, to Marlow Street")]
    views = [[m.text for m in run(says("."), history=told, personal=IDA, is_remote=True).model.seen[0]] for _ in "ab"]
    assert views[0][1:] == views[1][1:] and "x@y" not in str(views)


def test_a_tracking_number_of_a_record_is_no_card() -> None:
    handles = Handles(IDA)
    handles.result(json.dumps({"order": {"tracking": "4242424242424242"}}))
    assert handles.words("is 4242424242424242 on its way?", is_remote=True)[0] == "is 4242424242424242 on its way?"
    assert handles.words("4111111111111111", is_remote=True)[0] == "[card:1]"


@pytest.mark.parametrize("is_remote", [True, False])
def test_a_result_names_records_by_handles_for_every_model(is_remote: bool) -> None:
    steps = says("", LISTED), says("", ("change_order_address", REDIRECT)), says(".")
    ran = run(*steps, desk=desk(), personal=IDA, is_remote=is_remote)
    assert result_of(ran, 1)["addresses"][1] == {
        "mark": ran.turn.mark,
        "handle": "address:1",
        "label": "address:1",
    }
    assert result_of(ran, 2)["approval"] == "approval:1"
    assert ran.heard and str(UUID(int=77)) not in str(ran.model.seen)
    assert str(UUID(int=77)) in json.dumps(ran.turn.kept), "the record itself keeps the card's id"


def test_a_result_that_holds_personal_data_all_the_same_is_seen_without_it() -> None:
    told = json.dumps(
        {"says": "Sent to Ida, 7 Lanternfish Lane", "by_others": [{"name": "Ida", "text": "x@y.example"}]}
    )
    seen, counts = Handles(IDA).result(told)
    assert "Ida" not in seen and "Lanternfish" not in seen and "x@y" not in seen
    assert counts == {"name": 2, "street": 1, "email": 1}
    assert Handles(IDA).result('{"name":"Ida Mug"}')[0] == '{"name":"Ida Mug"}', "a product may be called so"


@pytest.mark.parametrize("is_remote", [True, False])
def test_what_a_handle_stands_for_reaches_the_desk(is_remote: bool) -> None:
    shop = desk()
    run(
        says("", LISTED),
        says("", ("change_order_address", REDIRECT)),
        says("."),
        said="to Marlow Street please",
        desk=shop,
        personal=IDA,
        is_remote=is_remote,
    )
    assert [arguments(command) for _, command, _ in shop.asked][1]["address"] == "address:marlow-street"


def test_what_the_customer_typed_comes_back_in_the_command_and_not_in_the_reply() -> None:
    shop = desk()
    ran = run(
        says("", ("ask_for_person", {"summary": "Please write to [email:1], says [name:1]"})),
        says("I passed on [email:1]. Somebody will write to [email:1]."),
        said="write to new@mail.example, Ida",
        desk=shop,
        personal=IDA,
        is_remote=True,
    )
    (asked,) = shop.asked
    assert arguments(asked[1])["summary"] == "Please write to new@mail.example, says Ida"
    assert "new@mail" not in ran.text and "[email" not in ran.text and "that e-mail address" in ran.text
    assert "new@mail.example" not in str(ran.model.seen), "and the model does not see it in its own call either"


def test_a_card_number_does_not_come_back_even_into_a_command() -> None:
    shop = desk()
    call = ("ask_for_person", {"summary": "card [card:1]"})
    run(says("", call), says("."), said="card 4242 4242 4242 4242", desk=shop, is_remote=True)
    assert arguments(shop.asked[0][1])["summary"] == "card [card]"


@pytest.mark.parametrize("strange", ["address:1", "address:7", "card:1", "approval:1", " address:2 "])
def test_a_handle_of_another_conversation_is_refused(strange: str) -> None:
    shop = desk()
    call = ("change_order_address", {"order": NUMBER, "address": strange})
    ran = run(says("", call), says("."), desk=shop, personal=IDA)
    assert shop.asked == [] and ran.turn.used[0].outcome == "refused"
    assert result_of(ran, 1)["policy"] == "unknown-handle" and "in this conversation" in result_of(ran, 1)["says"]
    assert [(note.kind, note.why) for note in ran.notes][:1] == [("tool.refused", "unknown-handle")]


def test_a_token_that_was_never_made_is_refused() -> None:
    shop = desk()
    call = ("ask_for_person", {"summary": "write to [email:3]"})
    run(says("", call), says("."), said="write to a@b.example", desk=shop, is_remote=True)
    assert shop.asked == []


def test_handles_of_an_earlier_turn_still_stand() -> None:
    first = run(says("", LISTED), says("Which one?"), desk=desk(), personal=IDA)
    history = [customer_says("addresses?"), *from_stored(json.loads(json.dumps(first.turn.kept)))]
    shop = desk()
    run(says("", ("change_order_address", REDIRECT)), says("."), history=history, desk=shop, personal=IDA)
    assert arguments(shop.asked[0][1])["address"] == "address:marlow-street"


def test_the_house_model_sees_the_customers_words_but_for_a_label_that_became_a_handle() -> None:
    said = "I am Ida, mail me at ida.quillfeather@example.com"
    ran = run(says("."), said=said, personal=IDA)
    assert [m.text for m in ran.model.seen[0] if isinstance(m, HumanMessage)] == [said]
    ran = run(says("."), said="Marlow Street", personal=IDA)
    assert [m.text for m in ran.model.seen[0] if isinstance(m, HumanMessage)] == ["address:1"]


def test_a_choice_is_a_button_with_the_label_itself() -> None:
    asks = says("Which?", additional_kwargs={"choices": ["Home", "address:1"]})
    ran = run(asks, desk=desk(), personal=IDA, history=[customer_says("not Marlow Street")])
    assert ran.of(Choices) == [Choices(("Home", "Marlow Street"))]


def test_a_model_that_reads_out_its_records_is_noticed() -> None:
    def dump(messages: Any) -> Any:
        return says(f"Here is all I have: {messages[-1].text}. Anything else?")

    ran = run(says("", ("list_orders", {})), dump)
    assert result_of(ran, 1)["mark"] == ran.turn.mark
    assert ran.turn.mark not in ran.text and NUMBER not in ran.text
    assert ran.turn.struck["secret"] == 1
    assert [note.why for note in ran.notes if note.kind == "text.struck"] == ["secret:1"]
    assert ran.turn.mark not in json.dumps(ran.turn.kept), "the mark is for the model's eyes and stored nowhere"


def test_a_turn_does_not_print_whom_it_is_about() -> None:
    assert "Quillfeather" not in repr(IDA) and "Quillfeather" not in repr(Handles(IDA))


def test_a_token_in_a_sentence_becomes_words() -> None:
    assert without_tokens("To [street:2], with card:1.") == "To that street, with card 1."
