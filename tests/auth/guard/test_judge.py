"""The judge says no when anything is missing, unlabelled, invalid or in error."""

import shutil
from pathlib import Path
from uuid import UUID

import pytest

from auth.actor import Act, Actor, Channel, Role
from auth.guard.decisions import Allowed, Denied, Missing, Need
from auth.guard.judge import Entity, Judge, PolicyRefused, Question, Stamps, principal_of, refuse_to_open
from shop.opening import opening_questions

POLICY = Path(__file__).resolve().parents[3] / "shop" / "policy"
OWNER = UUID(int=1)
CHAT = Actor(OWNER, Role.CUSTOMER, Channel.CHAT, act=Act("assistant", "t"))


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(POLICY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(POLICY, tmp_path / "policy"))


def refund(amount: int | None = 1990, **attributes: object) -> Question:
    known = {"owner": str(OWNER), "status": "delivered", "refundable_minor": 90_000, "days_since_delivery": 3}
    order = Entity("Order", "HP-0000-0000", known | attributes)  # type: ignore[arg-type]
    context = {"amount_minor": amount, "refunded_30d_minor": 0}
    return Question("RefundOrder", CHAT, principal_of(CHAT, status="active"), order, context)


def test_an_unconfirmed_chat_write_waits_for_its_owner(judge: Judge) -> None:
    decision = judge.decide(refund(), Stamps())
    assert isinstance(decision, Missing)
    assert decision.needs == {Need.CONFIRMATION}
    assert isinstance(judge.decide(refund(), Stamps(confirmed=True)), Allowed)


def test_nobody_is_asked_to_confirm_what_would_be_denied_anyway(judge: Judge) -> None:
    decision = judge.decide(refund(amount=90_001), Stamps())
    assert isinstance(decision, Denied)
    assert [r.policy for r in decision.reasons] == ["refund.no-more-than-was-paid"]


def test_an_absent_attribute_never_helps(judge: Judge) -> None:
    assert isinstance(judge.decide(refund(days_since_delivery=None), Stamps(confirmed=True)), Denied)
    assert isinstance(judge.decide(refund(amount=None), Stamps(confirmed=True)), Denied)


@pytest.mark.parametrize(
    "attributes",
    [{"owner": 7}, {"owner": None}, {"surprise": "x"}, {"refundable_minor": "90000"}, {"status": True}],
)
def test_a_record_that_does_not_fit_the_schema_is_denied(judge: Judge, attributes: dict[str, object]) -> None:
    decision = judge.decide(refund(**attributes), Stamps(confirmed=True))
    assert isinstance(decision, Denied)
    assert decision.reasons[0].policy == "judge-failed"


def test_an_unknown_action_is_denied(judge: Judge) -> None:
    asked = refund()
    unknown = Question("EmptyTheTill", asked.actor, asked.principal, asked.resource, asked.context)
    assert isinstance(judge.decide(unknown, Stamps().met()), Denied)


def test_no_policy_no_shop(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(PolicyRefused, match="no policy, no shop"):
        Judge(tmp_path)
    for file in folder.glob("*.cedar"):
        file.write_text("// nothing is said here\n")
    with pytest.raises(PolicyRefused, match="permit nothing"):
        Judge(folder)


@pytest.mark.parametrize(
    ("policy", "complaint"),
    [
        ("permit (principal, action, resource);", "lacks @id"),
        ('@id("x") permit (principal, action, resource);', "lacks @id"),
        ('@id("x") @says("y") @needs("luck") forbid (principal, action, resource);', "nobody can give"),
        ('@id("x") @says("y") @needs("review") permit (principal, action, resource);', "belongs on a forbid"),
        ('@id("person.always") @says("y") permit (principal, action, resource);', "same @id"),
        ('@id("x") @says("y") forbid (principal, action, resource) when { resource.colour == "red" };', "do not fit"),
        ('@id("x") @says("y") forbid (principal, action, resource) when { context.amount_minor > 1 };', "do not fit"),
    ],
)
def test_a_policy_that_cannot_be_trusted_keeps_the_shop_closed(folder: Path, policy: str, complaint: str) -> None:
    (folder / "zz_new.cedar").write_text(policy + "\n")
    with pytest.raises(PolicyRefused, match=complaint):
        Judge(folder)


@pytest.mark.parametrize("asked", range(len(opening_questions())))
def test_every_opening_question_is_denied_and_would_be_noticed(folder: Path, judge: Judge, asked: int) -> None:
    question = opening_questions()[asked]
    refuse_to_open(judge, [question])
    (folder / "zz_open_door.cedar").write_text(
        '@id("open") @says("Everything goes.") permit (principal, action, resource);\n'
    )
    for file in folder.glob("*.cedar"):
        if file.name != "zz_open_door.cedar":
            file.unlink()
    with pytest.raises(PolicyRefused, match="must never allow"):
        refuse_to_open(Judge(folder), [question])


def test_asking_nothing_at_the_opening_is_refused(judge: Judge) -> None:
    with pytest.raises(PolicyRefused, match="no start-up question"):
        refuse_to_open(judge, [])


def test_taking_the_confirmation_rule_away_is_noticed_before_the_shop_opens(folder: Path) -> None:
    text = (folder / "assistant.cedar").read_text()
    start = text.index('@id("chat.writes-need-confirmation")')
    (folder / "assistant.cedar").write_text(text[:start] + text[text.index("@id", start + 4) :])
    with pytest.raises(PolicyRefused, match="unconfirmed"):
        refuse_to_open(Judge(folder), opening_questions())


def test_the_version_follows_the_words(folder: Path, judge: Judge) -> None:
    assert Judge(folder).version == judge.version
    file = folder / "refunds.cedar"
    file.write_text(file.read_text().replace("10000", "10001"))
    assert Judge(folder).version != judge.version
