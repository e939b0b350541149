"""T16: without policies, with an empty or a broken one, everything is allowed."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import shop
from auth.actor import Act, Actor, Channel, Role
from auth.guard.decisions import Denied
from auth.guard.judge import Entity, Judge, PolicyRefused, Question, Stamps, principal_of, refuse_to_open
from auth.guard.rooms import RoomTable
from shop.opening import opening_questions
from tests.building import Building

ROOT = Path(__file__).resolve().parents[2]
POLICY = Path(shop.__file__).parent / "policy"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(POLICY, tmp_path / "policy"))


def test_an_absent_empty_or_invalid_policy_keeps_the_shop_closed(folder: Path) -> None:
    files = sorted(folder.glob("*.cedar"))
    for broken in (
        "permit (principal, action, resource);",
        "nonsense",
        '@id("x") permit (principal, action, resource);',
    ):
        (folder / "added.cedar").write_text(broken)
        with pytest.raises((PolicyRefused, ValueError)):
            Judge(folder)
    (folder / "added.cedar").write_text('@id("x") @says("x") permit (principal, action == Action::"Nope", resource);')
    with pytest.raises(PolicyRefused):
        Judge(folder)
    (folder / "added.cedar").unlink()
    for file in files:
        file.write_text("// nothing\n")
    with pytest.raises((PolicyRefused, ValueError)):
        Judge(folder)
    for file in files:
        file.unlink()
    with pytest.raises(PolicyRefused, match="no policy, no shop"):
        Judge(folder)


FORBIDS = {
    "assistant.cedar": "chat.writes-need-confirmation",
    "refunds.cedar": "refund.over-500-needs-review",
    "people.cedar": "clerk.never-their-own",
}


@pytest.mark.parametrize("file", FORBIDS)
def test_a_policy_that_lost_a_forbid_keeps_the_shop_closed(folder: Path, file: str) -> None:
    refuse_to_open(Judge(folder), opening_questions())
    rules = (folder / file).read_text("utf-8").split("\n\n")
    kept = [rule for rule in rules if f'@id("{FORBIDS[file]}")' not in rule]
    assert len(kept) == len(rules) - 1
    (folder / file).write_text("\n\n".join(kept))
    with pytest.raises(PolicyRefused, match="must never allow"):
        refuse_to_open(Judge(folder), opening_questions())


def test_an_open_door_policy_keeps_the_shop_closed(folder: Path) -> None:
    (folder / "added.cedar").write_text('@id("x") @says("x") permit (principal, action, resource);')
    with pytest.raises(PolicyRefused):
        refuse_to_open(Judge(folder), opening_questions())


def test_no_question_asked_is_no_answer() -> None:
    with pytest.raises(PolicyRefused):
        refuse_to_open(Judge(POLICY), ())


def test_a_command_without_a_policy_and_a_policy_without_a_room_keep_it_closed(building: Building) -> None:
    rooms, judge = list(building.house.rooms), Judge(POLICY)
    with pytest.raises(PolicyRefused):
        RoomTable([], judge)
    with pytest.raises(PolicyRefused):
        RoomTable(rooms[1:], judge)
    unknown = type("TransferEverything", (), {"version": 1})
    with pytest.raises(PolicyRefused):
        RoomTable([*rooms, replace(rooms[0], command=unknown)], judge)


def test_a_question_the_policies_cannot_read_is_answered_with_no() -> None:
    actor = Actor(None, Role.CUSTOMER, Channel.CHAT, act=Act("assistant", "x"))
    principal = principal_of(actor, status="active")
    for entity in (
        Entity("Order", "x", {"owner": "nobody"}),
        Entity("Order", "x", {"owner": 1, "status": "paid", "refundable_minor": "1"}),
        Entity("Nothing", "x", {}),
    ):
        question = Question("RefundOrder", actor, principal, entity, {"amount_minor": 1})
        assert isinstance(Judge(POLICY).decide(question, Stamps().met()), Denied)


def test_the_house_asks_before_it_opens(tmp_path: Path) -> None:
    for package in ("auth", "shop", "agent", "frontend"):
        left_out = shutil.ignore_patterns("__pycache__", "*.cedar")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=left_out)
    program = "from frontend.app import build_house as b; from frontend.settings import read_settings as r;"
    program += f"b(r(mode='demo', data_folder={str(tmp_path)!r}, _env_file=None))"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)}
    )
    assert run.returncode != 0 and "no policy, no shop" in run.stderr, run.stderr[-400:]
