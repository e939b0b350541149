"""A change of policy shows its consequences: the printed matrix must be renewed and reviewed with it."""

from auth.guard.judge import Judge
from tests.policy_matrix import ASKERS, CLICKED, ROOT, SNAPSHOT, STATES, answer, text

JUDGE = Judge(ROOT / "shop" / "policy")
CHANGES = sorted(name for name, effects in JUDGE.actions.items() if "Write" in effects and name != "ReviewApproval")


def test_the_matrix_is_what_was_reviewed() -> None:
    assert text(JUDGE) == SNAPSHOT.read_text("utf-8"), "policies changed: run `python -m tests.policy_matrix --write`"


def test_every_action_is_in_the_matrix() -> None:
    assert set(STATES) == set(JUDGE.actions)


def test_nothing_an_assistant_asks_for_changes_the_shop_without_a_click() -> None:
    asked = [
        (a, s, who) for a in CHANGES for s in STATES[a] for who in ASKERS if who.startswith(("assistant", "program"))
    ]
    assert len(asked) > 100
    for action, state, who in asked:
        assert answer(JUDGE, action, state, who, "no") != "allow", (action, state.words, who)


def test_nobody_changes_or_reads_what_is_not_theirs() -> None:
    own = [a for a in JUDGE.actions if a in {"ShowOrder", "ListOrders", "ListAddresses", "ShowBasket", *CHANGES}]
    for action in own:
        for state in STATES[action]:
            for who in ("other customer", "assistant for other", "anonymous"):
                for clicked in CLICKED:
                    assert answer(JUDGE, action, state, who, clicked).startswith("deny"), (action, state.words, who)


def test_clerks_work_is_for_clerks_on_the_staff_pages() -> None:
    work = {"ReadConversation", "ReadCustomerOrder", "ReadRequest", "TakeConversation", "AnswerCustomer"}
    work |= {"HandBackConversation", "ShipOrder", "MarkDelivered", "ReviewApproval"}
    for action in work:
        for state in STATES[action]:
            for who in ASKERS:
                if not who.startswith("clerk") or who == "clerk on a page":
                    assert answer(JUDGE, action, state, who, "confirmed + code + review").startswith("deny")
