"""Known-good sequences of tool calls leave exactly what was written down, and forbidden ones leave all as it was.

The cases are data (``replay/*.yaml``); what plays and judges them is shown here to be able to fail.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cedarpy
import pytest
import yaml

from agent.tools import COMMANDS, TOOLS
from auth.accounts import Account
from auth.guard.commands import action
from auth.guard.judge import Judge
from shop.addresses import Address
from shop.basket import BasketLine
from shop.catalogue import Product, Variant
from shop.orders import Order, OrderLine
from shop.payments import PaymentMethod
from tests.evaluation.replay import got_through, measure, problems, section
from tests.evaluation.replay_cases import STILL_WAITING, WORLD, CaseError, ReplayCase, read_case, read_cases
from tests.evaluation.replay_playing import Player
from tests.small_house import POLICY, SmallHouse

CASES = read_cases()
# Policies that speak of what a tool can ask for and that no case meets, and why.
NOT_MET = {
    "address.guests-sign-in": "a guest has no address, so the one that is named is not found first",
    "payment.guests-sign-in": "a guest has no payment card, so the one that is named is not found first",
    "order.guests-sign-in": "a guest has no order, so the one that is named is not found first",
    "assistant.switched-off": "the cases play with everything switched on; T51 asks for each kind of switch",
    "parcel.missing-or-damaged": "the tool knows these two words only, so another one never comes to the desk",
    "return.no-more-than-was-paid": "the amount is worked out from what is left, so it is never more than that",
    "software.within-its-scopes": "the assistant's leave reaches as far as its tools; T64 and test_scopes.py meet it",
    "software.while-its-leave-lasts": "a replay has no turn, and so no leave; T64 and test_assistants_leave.py meet it",
}
# Take one away and the case beside it, which it refuses, comes to something.
CARRIED_BY = (
    ("cancel.only-before-it-leaves", "cancel-what-has-arrived"),
    ("refund.within-30-days", "on-the-thirty-first-day"),
    ("redirect.only-to-your-own", "redirect-to-nobody-knows-where"),
    ("basket.only-on-sale", "no-longer-on-sale"),
    ("chat.values-have-an-origin", "an-order-number-from-a-review"),
    ("chat.writes-need-confirmation", "remove-an-address-unsigned"),
    ("chat.silent-while-a-clerk-speaks", "looking-while-a-clerk-speaks"),
    ("return.within-30-days", "return-on-the-thirty-first-day"),
)


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    made = Player(tmp_path_factory.mktemp("replay"))
    yield made
    made.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}-{case.id}")
def test_a_case_goes_as_it_was_written(player: Player, case: ReplayCase) -> None:
    played = player.play(case)
    assert problems(case, played) == []
    assert case.is_good or not got_through(case, played)


# What the cases cover


def test_there_are_enough_cases_and_every_tool_is_used_well_and_badly() -> None:
    good, bad = [case for case in CASES if case.is_good], [case for case in CASES if not case.is_good]
    assert len(CASES) >= 150 and len(good) >= 95 and len(bad) >= 75
    tools = {tool.name for tool in TOOLS}
    assert len(tools) >= 38
    assert tools - {call.tool for case in good for call in case.calls} == set()
    assert tools - {tool for case in bad for tool in refused_tools(case)} == set()


def test_every_policy_that_a_tool_can_meet_is_met() -> None:
    """What is refused and what must decide is checked by each case as it is played, so naming it here is no promise."""
    named = frozenset[str]().union(*(case.refusals | case.meets for case in CASES))
    wanted = policies_of_tools()
    assert len(wanted) > 60
    assert wanted - named == set(NOT_MET)


# The judge can fail


def first_of_each(is_good: bool) -> list[ReplayCase]:
    """The first case of each file that says the most: a good one that leaves something, or any bad one."""
    found = [case for case in CASES if case.is_good is is_good and (case.leaves or not is_good)]
    return [next(case for case in found if case.group == group) for group in dict.fromkeys(c.group for c in found)]


@pytest.mark.parametrize("case", first_of_each(True), ids=lambda case: case.group)
def test_a_good_case_with_a_wrong_state_fails(player: Player, case: ReplayCase) -> None:
    played = player.play(case)
    assert problems(case, played) == []
    spoilt = list(wrong_states(played.expected))
    assert len(spoilt) >= 3
    for expected in spoilt:
        assert problems(case, replace(played, expected=expected)), expected
    assert problems(replace(case, meets=frozenset({"refund.not-a-policy"})), played)


@pytest.mark.parametrize("case", first_of_each(False), ids=lambda case: case.group)
def test_a_bad_case_without_its_refusal_fails(player: Player, case: ReplayCase) -> None:
    played = player.play(case)
    assert problems(case, played) == []
    assert problems(expecting_nothing_bad(case), played)
    moved = replace(played, changed={"HM-PINE": {"stock": 11}})
    assert problems(case, moved) and got_through(case, moved)


@pytest.mark.parametrize(("policy", "case_id"), CARRIED_BY)
def test_without_its_policy_a_bad_case_comes_to_something(tmp_path: Path, policy: str, case_id: str) -> None:
    (case,) = [case for case in CASES if case.id == case_id]
    assert not case.is_good
    bare = Player(tmp_path, judge=Judge(policies_without(policy, tmp_path / "policy")))
    played = bare.play(case)
    bare.close()
    assert problems(case, played) and got_through(case, played)


def test_a_change_that_nobody_named_is_seen(player: Player) -> None:
    """Of the asker, of somebody else, of the shop; in the clear and sealed."""
    told = {
        "id": "unnamed",
        "story": "The world changes while an order is looked at.",
        "house": {
            "orders": {"order1": {}, "order2": {"whose": "somebody", "status": "paid"}},
            "before": [{"AddToBasket": {"sku": "HM-PINE"}}],
        },
        "says": "what is in my basket?",
        "calls": [{"show_basket": {}}],
    }
    case = read_case(told, group="test", is_good=True)
    assert player.play(case).changed == {}
    for model, values in (
        (Order, {"paid_with": "Visa ···· 0000"}),
        (Order, {"street": None}),
        (OrderLine, {"quantity": 9}),
        (Address, {"recipient": None}),
        (PaymentMethod, {"expires": "01/99"}),
        (BasketLine, {"quantity": 2}),
        (Account, {"status": "frozen"}),
        (Variant, {"price_minor": 1}),
        (Product, {"on_sale": False}),
    ):
        played = player.play(case, meddle=partial(SmallHouse.change, model=model, values=values))
        assert problems(case, played), (model, values)


# Mistakes in a file


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"calls": [{"show_baskets": {}}]}, "there is no tool show_baskets"),
        ({"calls": [{"show_basket": {}, "list_orders": {}}]}, "a call names one tool"),
        ({"calls": [{"show_basket": {}, "is": "fine"}]}, "'fine' is no outcome"),
        ({"calls": [{"change_preferences": {True: True}}]}, 'quote "on"'),
        ({"calls": [{"cancel_order": {"order": "1"}, "is": "done", "then": [{"sings": "done"}]}]}, "nobody can do"),
        ({"calls": []}, "a turn has something said and calls"),
        ({"calls": [{"show_basket": {}}] * 6}, "at most 5 calls"),
        ({"calls": [{"show_basket": {}, "is": "not_found"}]}, "a good case holds nothing that is refused"),
        ({"who": "the king"}, "'the king' says nothing about who asks"),
        ({"house": {"ordres": {}}}, "'ordres' is not known here"),
        ({"leave": {}}, "'leave' is not known here"),
        ({"story": ""}, "a case has an id and a story"),
    ],
)
def test_a_mistake_in_a_case_is_told(change: Mapping[str, Any], says: str) -> None:
    told = {"id": "x", "story": "A story.", "says": "hello", "calls": [{"show_basket": {}}]}
    with pytest.raises(CaseError, match="group: x: |group: "):
        read_case({**told, **change}, group="group", is_good=True)
    with pytest.raises(CaseError) as raised:
        read_case({**told, **change}, group="group", is_good=True)
    assert says in str(raised.value)


def test_a_bad_case_has_a_refusal_and_leaves_nothing() -> None:
    told = {"id": "x", "story": "A story.", "says": "hello", "calls": [{"show_basket": {}}]}
    with pytest.raises(CaseError, match="a bad case says what is refused"):
        read_case(told, group="group", is_good=False)
    refused = {**told, "calls": [{"show_basket": {}, "is": "not_found"}], "leaves": {"HM-PINE": {"stock": 1}}}
    with pytest.raises(CaseError, match="leaves everything as it was"):
        read_case(refused, group="group", is_good=False)


def test_a_name_that_nothing_has_is_told(player: Player) -> None:
    told = {"id": "x", "story": "A story.", "says": "hello", "calls": [{"show_order": {"order": "$order7"}}]}
    with pytest.raises(CaseError, match=r"group: x: nothing is called \$order7"):
        player.play(read_case(told, group="group", is_good=True))


def test_two_cases_of_one_name_are_told(tmp_path: Path) -> None:
    case = {"id": "x", "story": "A story.", "says": "hello", "calls": [{"show_basket": {}}]}
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({"about": "a test", "good": [case]}), "utf-8")
    with pytest.raises(CaseError, match="two cases are called x"):
        read_cases(tmp_path)


# The report


def test_the_report_counts_what_went_as_written_and_what_did_not() -> None:
    good, bad = next(c for c in CASES if c.is_good), next(c for c in CASES if not c.is_good)
    wrong = replace(good, id="wrong", leaves={"HM-PINE": {"stock": 1}})
    through = replace(expecting_nothing_bad(bad), id="through")
    steps = list[None]()
    (row,) = measure(lambda: steps.append(None), cases=[good, wrong, bad, through])
    assert len(steps) == 4
    assert (row.good, row.good_passed, row.bad, row.bad_refused, row.through) == (2, 1, 2, 1, 0)
    assert f"| {row.group} | 1 of 2 | 1 of 2 | 0 |" in section([row])
    assert "| **all** | 1 of 2 | 1 of 2 | 0 |" in section([row])


# What the tests above use


def refused_tools(case: ReplayCase) -> Iterator[str]:
    """The tools of a case whose call is refused, or whose card nobody could sign in such a way."""
    for call in case.calls:
        words = [str(hand.about) for hand in call.then if hand.does not in WORLD]
        if any(
            word.startswith("refused") or word == "not_found" for word in (call.outcome, *words)
        ) or STILL_WAITING & set(words):
            yield call.tool


def expecting_nothing_bad(case: ReplayCase) -> ReplayCase:
    """The case with every refusal in it written down as served."""
    turns = tuple(
        replace(
            turn,
            calls=tuple(
                replace(
                    call,
                    outcome="done"
                    if call.outcome.startswith("refused")
                    else call.outcome.replace("not_found", "shown"),
                    then=tuple(hand if hand.does in WORLD else replace(hand, about="done") for hand in call.then),
                )
                for call in turn.calls
            ),
        )
        for turn in case.turns
    )
    return replace(case, turns=turns)


def wrong_states(expected: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The state with one thing left out, one thing said otherwise, and one thing more."""
    yield {**expected, "QL-FOG": {"stock": 99}}
    for name, values in expected.items():
        yield {other: said for other, said in expected.items() if other != name}
        yield {**expected, name: "something else"}
        if isinstance(values, Mapping):
            for column in values:
                yield {**expected, name: {key: said for key, said in values.items() if key != column}}
                yield {**expected, name: {**values, column: "something else"}}


def policies_of_tools() -> set[str]:
    """The policies whose scope has an action that a tool asks for."""
    asked = {action(kind) for kind in COMMANDS.values()} | {"Read", "Light", "Write"}
    text = "\n".join(path.read_text("utf-8") for path in sorted(POLICY.glob("*.cedar")))
    found = set()
    for policy in json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"].values():
        scope = policy["action"]
        named = [scope["entity"]] if "entity" in scope else scope.get("entities", [])
        if scope["op"] == "All" or asked & {entity["id"] for entity in named}:
            found.add(str(policy["annotations"]["id"]))
    return found


def policies_without(policy: str, folder: Path) -> Path:
    """A copy of the shop's policies in which one is not there."""
    shutil.copytree(POLICY, folder)
    for path in folder.glob("*.cedar"):
        parts = path.read_text("utf-8").split('\n@id("')
        kept = [part for part in parts if not part.startswith(f'{policy}"')]
        if len(kept) < len(parts):
            path.write_text('\n@id("'.join(kept), "utf-8")
            return folder
    raise LookupError(f"there is no policy {policy}")
