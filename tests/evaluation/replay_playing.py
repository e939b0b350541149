"""Scripted tool calls, played through the real assistant, walls, desk and policies, without a model.

The shape is that of the retail customer-service benchmarks: a situation, calls with arguments, the records afterwards,
and rules that must not be broken. Only the model is scripted.
"""

import asyncio
import json
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from langchain_core.messages import AIMessage, BaseMessage

from agent.assistant import Assistant
from agent.heard import Failed
from agent.memory import customer_says, from_stored
from agent.models import LoadedModel
from agent.turn import Turn
from auth.actor import Act, Channel, Risk
from auth.guard.decisions import AwaitingApproval, Done, Need, Outcome, Pending, Refused
from auth.guard.judge import Judge
from tests.agent.scripted import Scripted, says
from tests.building import migrated_sqlite
from tests.evaluation.replay_cases import Call, CaseError, Hand, ReplayCase, Said
from tests.evaluation.replay_house import Scene, set_the_scene
from tests.evaluation.replay_state import State, changes, policies_met, read_state
from tests.small_house import NOON, POLICY, SmallHouse, build_small_house

TURNS_OUT = "That is all."


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call: its outcome in a word, the result as the model was told it, and what came of each hand."""

    outcome: str
    result: str
    hands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Played:
    """A case as it went. ``expected`` is what it was to leave, with its numbers filled in."""

    answers: tuple[Answer, ...]
    changed: Mapping[str, Any]
    expected: Mapping[str, Any]
    policies: frozenset[str]
    numbers: Mapping[str, str]
    failed: str = ""


class Player:
    """One house and one assistant for all cases; before each case the house is put back to its first day.

    A house for each case would be as good, and four times as slow: every statement would be compiled anew.
    """

    def __init__(self, folder: Path, *, judge: Judge | None = None) -> None:
        judge = judge or Judge(POLICY)
        self._small = build_small_house(migrated_sqlite(folder / "migrated.db", folder), folder, judge=judge)
        self._file, self._first_day = folder / "shop.db", sqlite3.connect(":memory:")
        _copy(sqlite3.connect(self._file), self._first_day)
        self._script = deque[AIMessage]()
        model = LoadedModel(Scripted(lambda _: self._script.popleft(), piece=400), False, "replay")
        self._assistant = Assistant(model, policy_version=judge.version, environment={})

    def play(self, case: ReplayCase, *, meddle: Callable[[SmallHouse], None] = lambda small: None) -> Played:
        """Play one case to its end. Raises :class:`CaseError` for what the case gets wrong about the house.

        ``meddle`` changes something behind the shop's back once the customer has spoken, to show that it is seen.
        """
        books = sqlite3.connect(self._file)
        _copy(self._first_day, books)
        books.close()
        self._small.clock.now = NOON
        try:
            playing = _Playing(set_the_scene(self._small, case), case, self._say)
            meddle(self._small)
            return playing.to_the_end()
        except CaseError as error:
            raise CaseError(f"{case.group}: {case.id}: {error}") from error

    def close(self) -> None:
        self._small.gateway.close()
        self._small.database.close()

    def _say(self, scene: Scene, turn_id: str, said: Said, history: list[BaseMessage]) -> tuple[Turn, str]:
        """One turn of the graph; its calls are made one after another."""
        calls = [(call.tool, scene.fill_in(call.arguments)) for call in said.calls]
        self._script.clear()
        self._script.extend(says("", call) for call in calls)
        self._script.append(AIMessage(TURNS_OUT))
        turn = self._assistant.turn(
            scene.asker,
            scene.small.desk,
            conversation=scene.conversation,
            turn_id=turn_id,
            note=lambda note: None,
            personal=scene.personal(),
        )

        async def all_of_it() -> list[Any]:
            return [heard async for heard in self._assistant.answer(turn, history)]

        heard = asyncio.run(all_of_it())
        return turn, next((event.sentence for event in heard if isinstance(event, Failed)), "")


Say = Callable[[Scene, str, Said, list[BaseMessage]], tuple[Turn, str]]


class _Playing:
    """A case on its way."""

    def __init__(self, scene: Scene, case: ReplayCase, say: Say) -> None:
        self._scene, self._case, self._say = scene, case, say
        self._before: State = read_state(scene)
        self._history: list[BaseMessage] = []
        self._failed = ""

    def to_the_end(self) -> Played:
        answers: list[Answer] = []
        for number, said in enumerate(self._case.turns):
            answers += self._turn(f"turn {number}", said)
        return Played(
            tuple(answers),
            changes(self._before, read_state(self._scene)),
            self._scene.fill_in(self._case.leaves),
            policies_met(self._scene),
            dict(self._scene.names),
            self._failed,
        )

    def _turn(self, turn_id: str, said: Said) -> list[Answer]:
        self._scene.name_cards()
        page = self._scene.fill_in(said.page)
        self._history.append(customer_says(self._scene.fill_in(said.says), page=page or None))
        turn, failed = self._say(self._scene, turn_id, said, self._history)
        self._failed = self._failed or failed
        self._history += from_stored(turn.kept)
        told = [str(message["text"]) for message in turn.kept if message["role"] == "tool"]
        told += [""] * (len(said.calls) - len(told))
        return [self._answer(call, result) for call, result in zip(said.calls, told, strict=False)]

    def _answer(self, call: Call, result: str) -> Answer:
        answer = json.loads(result) if result else {"outcome": "error"}
        card = str(answer.get("approval", ""))
        if call.then and not card:
            return Answer(_word(answer), result, ("there was no card",) * len(call.then))
        hands = list[str]()
        for hand in call.then:
            told, card = self._hand(hand, card)
            hands.append(told)
        return Answer(_word(answer), result, tuple(hands))

    def _hand(self, hand: Hand, card: str) -> tuple[str, str]:
        """What somebody does with the card, and which card there is then."""
        small = self._scene.small
        if hand.does == "minutes pass":
            small.clock.move(minutes=int(hand.about))
            return "", card
        if hand.does == "meanwhile":
            return self._meanwhile(hand.about), card
        outcome = self._signed(hand.does, UUID(card))
        is_new = isinstance(outcome, AwaitingApproval) and str(outcome.approval_id) != card
        return ("new_card" if is_new else _spoken(outcome)), _card_of(outcome) or card

    def _signed(self, how: str, card: UUID) -> Outcome:
        desk, asker, now = self._scene.small.desk, self._scene.asker, self._scene.small.clock()
        match how:
            case "signs":
                return desk.approve(asker, card)
            case "signs with a code":
                return desk.approve(replace(asker, second_factor_at=now), card)
            case "signs with an old code":
                return desk.approve(replace(asker, second_factor_at=now - timedelta(minutes=10)), card)
            case "signs at high risk":
                return desk.approve(replace(asker, risk=Risk.HIGH), card)
            case "signs in the chat":
                return desk.approve(asker.through(Channel.CHAT, act=Act("assistant", "replay")), card)
            case "somebody signs":
                return desk.approve(replace(self._scene.somebody("somebody"), second_factor_at=now), card)
            case "declines":
                return desk.decline(asker, card)
            case "a clerk agrees" | "a clerk says no":
                return desk.review(self._scene.somebody("a clerk"), card, agree=how == "a clerk agrees")
        raise CaseError(f"nobody knows how to do this: {how}")

    def _meanwhile(self, told: Mapping[str, Any]) -> str:
        """The world changes; what had been asked for until then must have changed nothing."""
        so_far = changes(self._before, read_state(self._scene))
        self._scene.change_the_world(told)
        self._before = read_state(self._scene)
        return f"changed before anything was signed: {so_far}" if so_far else ""


def _copy(one: sqlite3.Connection, other: sqlite3.Connection) -> None:
    one.backup(other)


def _word(answer: Mapping[str, Any]) -> str:
    outcome = str(answer.get("outcome", "shown"))
    return f"refused {answer.get('policy', '')}" if outcome == "refused" else outcome


def _spoken(outcome: Outcome) -> str:
    match outcome:
        case Done():
            return "done"
        case Pending():
            return "pending"
        case AwaitingApproval(needs=needs):
            return "in_review" if needs == {Need.REVIEW} else "awaiting_approval"
        case Refused(kind="not_found" | "declined" as kind):
            return kind
        case Refused(kind="gateway"):
            return "bank_said_no"
        case Refused():
            return f"refused {outcome.policy or outcome.kind}"


def _card_of(outcome: Outcome) -> str:
    return str(outcome.approval_id) if isinstance(outcome, AwaitingApproval) else ""
