"""What a model is shown of the tools: what this person could ever be allowed, and at the call it is asked again."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import PrivateAttr

from agent.middleware.showing import all_of, by_policy
from agent.signed_out import SIGNED_OUT
from agent.tools import COMMANDS, TOOLS
from agent.turn import Note, Turn
from auth.actor import Act, Channel, Role
from auth.guard.judge import Judge
from tests.agent.scripted import ANNA, NUMBER, FakeDesk, Ran, Scripted, run, says
from tests.building import embedded
from tests.policy_matrix import ROOT

JUDGE = Judge(ROOT / "shop" / "policy")
GUEST = replace(ANNA, role=Role.GUEST)
FOR_GUESTS = {
    "add_to_basket",
    "ask_for_person",
    "change_basket",
    "compare_products",
    "read_policy",
    "read_reviews",
    "recommend_products",
    "search_products",
    "show_basket",
    "show_product",
    "take_back_card",
}


class Bound(Scripted):
    """Remembers which tools it was shown in each call."""

    _shown: list[set[str]] = PrivateAttr(default_factory=list)

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        self._shown.append({tool.name for tool in tools})
        return super().bind_tools(tools, **kwargs)


def tools_shown(ran: Ran) -> list[set[str]]:
    assert isinstance(ran.model, Bound)
    return ran.model._shown


def turn_of(actor: Any, *steps: Any, **given: Any) -> Ran:
    return run(*(steps or (says("Good day."),)), actor=actor, model=Bound, could_ever=JUDGE.could_ever, **given)


@pytest.mark.parametrize("is_remote", [False, True])
def test_a_guest_is_shown_what_a_guest_may_ever_use(is_remote: bool) -> None:
    ran = turn_of(GUEST, is_remote=is_remote)
    assert tools_shown(ran) == [FOR_GUESTS]
    prompt = ran.model.seen[0][0].text
    assert prompt.count(SIGNED_OUT) == 1 and not [
        name for name in COMMANDS if name not in FOR_GUESTS and name in prompt
    ]
    told = ran.turn.handed[0].content.decode()
    assert '"cancel_order"' not in told and '"search_products"' in told, "and the inspector shows exactly that"


def test_a_customer_is_shown_all_of_it() -> None:
    ran = turn_of(ANNA)
    assert tools_shown(ran) == [set(COMMANDS)] and SIGNED_OUT not in ran.model.seen[0][0].text


def test_what_is_hidden_stays_hidden_from_the_model_that_stands_in() -> None:
    ran = turn_of(GUEST, RuntimeError("away"), is_remote=True, standby=embedded(), said="cancel my last order")
    assert ran.desk.asked == []


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - FOR_GUESTS))
def test_a_hidden_tool_is_refused_at_the_call_and_noted(name: str) -> None:
    ran = turn_of(GUEST, says("", (name, {"order": NUMBER})), says("I could not."))
    assert ran.desk.asked == [] and ran.text == "I could not."
    assert ran.notes[0] == Note("tool.refused", "hidden-tool", name)
    assert ran.turn.used[0].outcome == "refused"
    assert "There is no such tool" in ran.model.seen[-1][-1].text


def test_what_is_shown_can_be_narrowed_further() -> None:
    turn = Turn(ANNA.through(Channel.CHAT, act=Act("assistant", "d")), FakeDesk(), "c", "t", lambda note: None)
    by_role = by_policy(JUDGE.could_ever, COMMANDS)
    both = all_of(by_role, lambda turn, name: name != "refund_order")
    assert {tool.name for tool in TOOLS if both(turn, tool.name)} == set(COMMANDS) - {"refund_order"}
    assert not by_role(turn, "no_such_tool") and all_of()(turn, "anything")
