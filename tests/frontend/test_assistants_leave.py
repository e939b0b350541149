"""The assistant works under a leave of its own for each turn: the log names it, and it ends with the turn."""

import asyncio

from auth.database import Scope
from auth.guard.decisions import Done, Refused
from auth.oauth import delegations
from auth.oauth.delegations import TURN_LIVES, Delegation, Why
from frontend.turns import Running, Said, Turns
from shop.commands import CancelOrder, ListOrders
from tests.browsing import cards, entries
from tests.building import Building
from tests.software import add_program, give_leave


def talk(building: Building, text: str) -> Running:
    async def once() -> Running:
        running = await Turns(building.house).say(building.person("ada").at_page(building.clock), Said(text), None)
        assert isinstance(running, Running)
        await running.wait()
        return running

    return asyncio.run(once())


def leaves(building: Building) -> list[Delegation]:
    with building.house.database.read(Scope.own(building.person("ada").id)) as session:
        return session.query(Delegation).order_by(Delegation.created_at).all()


def test_each_turn_has_a_leave_that_is_gone_when_it_ends(building: Building) -> None:
    running = talk(building, "show me my orders")
    [leave] = leaves(building)
    assert running.noted.delegation == leave.id and leave.client_id is None and leave.scope == "assistant"
    assert (leave.actor, leave.digest) == ("assistant", building.house.assistant.digest)
    assert leave.ended_why == Why.OVER and leave.ended_at == building.clock()
    talk(building, "and my basket?")
    assert len({row.id for row in leaves(building)}) == 2


def test_every_entry_of_the_turn_names_the_leave(building: Building) -> None:
    number = building.orders["ada.paid"]
    running = talk(building, f"cancel my order {number}")
    acts = [entry.facts()["act"] for entry in entries(building) if "act" in entry.facts()]
    assert acts and {act["delegation"] for act in acts} == {str(running.noted.delegation)}  # type: ignore[index,call-overload]


def test_what_it_prepared_can_be_signed_after_its_turn(building: Building) -> None:
    talk(building, f"cancel my order {building.orders['ada.paid']}")
    [card] = cards(building, "ada")
    done = building.desk.approve(building.person("ada").at_page(building.clock), card.id)
    assert isinstance(done, Done), done


def test_an_actor_that_outlives_its_turn_may_nothing(building: Building) -> None:
    running = talk(building, "show me my orders")
    assert running.turn is not None
    late = running.turn.actor
    assert late.delegation == running.noted.delegation
    for n, command in enumerate((ListOrders(), CancelOrder(building.orders["ada.paid"], "late"))):
        refused = building.desk.submit(late, command, request_id=f"late-{n}")
        assert isinstance(refused, Refused) and refused.policy == "software.while-its-leave-lasts"


def test_a_leave_is_renewed_while_its_turn_lives_and_never_beyond_the_wider_one(building: Building) -> None:
    add_program(building)
    ada, now, house = building.person("ada"), building.clock(), building.house
    wide = give_leave(building, "ada", scopes=("assistant",))
    with house.database.begin(Scope.own(ada.id)) as session:
        narrow = delegations.begin(
            session,
            ada.id,
            client=None,
            act=delegations.Act("assistant", "x"),
            scopes=("assistant",),
            audiences=(house.issuer.api,),
            proof=delegations.Proof(),
            ends_at=now + TURN_LIVES,
            now=now,
            parent=session.get(Delegation, wide.id),
        )
        delegations.renew(session, narrow.id, ends_at=now + 3 * TURN_LIVES)
        assert narrow.ends_at == now + 3 * TURN_LIVES
        delegations.renew(session, narrow.id, ends_at=wide.ends_at + TURN_LIVES)
        assert narrow.ends_at == wide.ends_at
        assert delegations.end(session, wide.id, why=Why.DISCONNECTED, now=now)
        session.expire_all()
        assert narrow.ended_at is not None, "the assistant stops with the program it speaks to"
