"""Who could ever be allowed what: read from the heads of the policies, and never narrower than the judge itself."""

from pathlib import Path

import pytest

from auth.actor import Role
from auth.guard.commands import Effect
from auth.guard.judge import Judge
from auth.guard.reach import reach
from tests.policy_matrix import ASKERS, CLICKED, ROOT, STATES, answer

READ = frozenset({Effect.READ})
SCHEMA = """
entity Guest = { account: String, status: String };
entity Customer = { account: String, status: String };
entity Clerk = { account: String, status: String };
entity Order = { owner: String };
entity Basket = { owner: String };
action "Read"; action "Light"; action "Write";
action Look in [Read] appliesTo { principal: [Guest, Customer, Clerk], resource: [Order], context: {} };
action Buy in [Write] appliesTo { principal: [Guest, Customer, Clerk], resource: [Order, Basket], context: {} };
"""
OWN = "when { resource.owner == principal.account }"


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(ROOT / "shop" / "policy")


def made(folder: Path, *policies: str) -> Judge:
    labelled = [f'@id("p{n}") @says("Because.")\n{policy}' for n, policy in enumerate(policies)]
    (folder / "schema.cedarschema").write_text(SCHEMA, "utf-8")
    (folder / "all.cedar").write_text("\n".join(labelled), "utf-8")
    return Judge(folder)


def reached(judge: Judge) -> set[tuple[str, str]]:
    return {(role.value, action) for role in Role for action in ("Look", "Buy") if judge.could_ever(role, action)}


def test_what_the_judge_allows_anybody_in_the_matrix_is_always_within_reach(judge: Judge) -> None:
    allowed = {
        (ASKERS[asker][0].role, action)
        for action, states in STATES.items()
        for state in states
        for asker in ASKERS
        for clicked in CLICKED
        if not answer(judge, action, state, asker, clicked).startswith("deny")
    }
    assert len(allowed) > 60
    assert [pair for pair in allowed if not judge.could_ever(*pair)] == []


def test_a_guest_reaches_the_shop_and_no_account(judge: Judge) -> None:
    for action in ("SearchProducts", "ShowBasket", "AddToBasket", "ReadShopPolicy", "AskForPerson"):
        assert judge.could_ever(Role.GUEST, action), action
    for action in ("ListOrders", "CancelOrder", "RefundOrder", "PlaceOrder", "DeleteAccount", "ShipOrder"):
        assert not judge.could_ever(Role.GUEST, action), action
    assert judge.could_ever(Role.CUSTOMER, "CancelOrder") and not judge.could_ever(Role.CUSTOMER, "ShipOrder")
    assert judge.could_ever(Role.CLERK, "ShipOrder") and not judge.could_ever(Role.CLERK, "DeleteAccount")


def test_what_is_not_known_is_out_of_reach(judge: Judge) -> None:
    assert not judge.could_ever(Role.CUSTOMER, "Levitate")


@pytest.mark.parametrize(
    ("policies", "within"),
    [
        (["permit (principal is Customer, action, resource);"], {("customer", "Look"), ("customer", "Buy")}),
        (['permit (principal is Guest, action in Action::"Write", resource) ' + OWN + ";"], {("guest", "Buy")}),
        (
            [
                'permit (principal, action in [Action::"Look"], resource is Order);',
                "forbid (principal is Guest, action, resource is Order);",
            ],
            {("customer", "Look"), ("clerk", "Look")},
        ),
        # A forbid with a condition, about other things, or about one account says nothing of everybody of a kind.
        (
            [
                'permit (principal is Guest, action == Action::"Buy", resource is Basket);',
                "forbid (principal is Guest, action, resource is Order);",
                'forbid (principal == Guest::"g1", action, resource);',
                'forbid (principal is Guest, action, resource is Basket) unless { principal.status == "active" };',
            ],
            {("guest", "Buy")},
        ),
        (['permit (principal == Customer::"c1", action == Action::"Buy", resource);'], {("customer", "Buy")}),
    ],
)
def test_heads_are_read_as_cedar_means_them(tmp_path: Path, policies: list[str], within: set[tuple[str, str]]) -> None:
    assert reached(made(tmp_path, *policies)) == within


def test_a_head_that_is_not_understood_keeps_the_shop_closed() -> None:
    odd = {"effect": "permit", "principal": {"op": "resembles"}, "action": {"op": "All"}, "resource": {"op": "All"}}
    with pytest.raises(ValueError, match="not understood"):
        reach([odd], {"Look": READ}, ["Guest"])
    with pytest.raises(ValueError, match="not understood"):
        reach([{**odd, "principal": {"op": "All"}, "action": {"op": "resembles"}}], {"Look": READ}, ["Guest"])
