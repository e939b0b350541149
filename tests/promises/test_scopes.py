"""The table of scopes that customers read and the policies that decide say the same, command by command."""

from dataclasses import replace

import pytest

from auth.actor import Act, Actor, Channel, Role
from auth.guard.decisions import Denied
from auth.guard.judge import Judge, Question, Stamps, principal_of
from auth.oauth.issuer import STANDARD
from shop.scopes import SHOP_SCOPES
from tests.policy_matrix import OWNER, ROOT, STATES

SOFTWARE = Actor(OWNER, Role.CUSTOMER, Channel.API, act=Act("app", "matrix"), scopes=frozenset())
OPEN_TO_ALL = {
    "SearchProducts",
    "ReadShopPolicy",
    "CompareProducts",
    "RecommendProducts",
    "ShowProduct",
    "ReadReviews",
}


@pytest.fixture(scope="module")
def the_judge() -> Judge:
    return Judge(ROOT / "shop" / "policy")


def opened(the_judge: Judge, actor: Actor) -> set[str]:
    """The commands that the policy on scopes lets through for this actor, whatever the others say."""
    found = set()
    for action, states in STATES.items():
        state = states[0]
        principal = principal_of(actor, status="active")
        question = Question(action, actor, principal, state.resource, state.context)
        answer = the_judge.decide(question, Stamps())
        reasons = answer.reasons if isinstance(answer, Denied) else ()
        if "software.within-its-scopes" not in {reason.policy for reason in reasons}:
            found.add(action)
    return found


@pytest.mark.parametrize("scope", sorted(SHOP_SCOPES))
def test_a_scope_opens_exactly_what_its_table_says(the_judge: Judge, scope: str) -> None:
    actor = replace(SOFTWARE, scopes=frozenset({scope}))
    assert opened(the_judge, actor) == OPEN_TO_ALL | SHOP_SCOPES[scope].actions


@pytest.mark.parametrize("scope", sorted(STANDARD))
def test_the_standard_ones_open_no_command(the_judge: Judge, scope: str) -> None:
    assert opened(the_judge, replace(SOFTWARE, scopes=frozenset({scope}))) == OPEN_TO_ALL


def test_software_without_scopes_and_unknown_ones_open_nothing(the_judge: Judge) -> None:
    for scopes in (None, frozenset[str](), frozenset({"everything", "admin", "orders:*"})):
        assert opened(the_judge, replace(SOFTWARE, scopes=scopes)) == OPEN_TO_ALL
        assert opened(the_judge, replace(SOFTWARE, channel=Channel.MCP, scopes=scopes)) == OPEN_TO_ALL


def test_a_person_needs_none(the_judge: Judge) -> None:
    assert opened(the_judge, Actor(OWNER, Role.CUSTOMER, Channel.PAGE)) == set(STATES)


def test_every_sentence_is_one_that_a_customer_can_read() -> None:
    sentences = [*STANDARD.values(), *(scope.sentence for scope in SHOP_SCOPES.values())]
    assert len(set(sentences)) == len(sentences)
    assert all(12 <= len(sentence) <= 120 and not sentence.endswith(".") for sentence in sentences)
