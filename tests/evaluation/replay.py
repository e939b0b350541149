"""Plays scripted tool calls through the real assistant, walls, desk and policies, without a model, and judges what is
left: known-good sequences must leave exactly the state that was written down, forbidden ones must leave everything.

The shape is that of the retail customer-service benchmarks: a situation, calls with arguments, the records afterwards,
and rules that must not be broken. Only the model is scripted.
"""

import asyncio
import json
import tempfile
from collections import deque
from collections.abc import Callable, Mapping, Sequence
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
from tests.evaluation.replay_cases import WORLD, Call, CaseError, Hand, ReplayCase, Said, read_cases
from tests.evaluation.replay_house import Scene, set_the_scene
from tests.evaluation.replay_state import State, changes, policies_met, read_state
from tests.small_house import POLICY, build_small_house

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
    """One assistant for all cases; each case has a house of its own in a folder that goes away with it."""

    def __init__(self, folder: Path, *, judge: Judge | None = None) -> None:
        self._folder = folder
        self._judge = judge or Judge(POLICY)
        self._script = deque[AIMessage]()
        model = LoadedModel(Scripted(lambda _: self._script.popleft(), piece=400), False, "replay")
        self._assistant = Assistant(model, policy_version=self._judge.version, environment={})

    def play(self, case: ReplayCase) -> Played:
        """Play one case to its end. Raises :class:`CaseError` for what the case gets wrong about the house."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            url = migrated_sqlite(self._folder / "migrated.db", Path(folder))
            small = build_small_house(url, Path(folder), judge=self._judge)
            try:
                return _Playing(set_the_scene(small, case), case, self._say).to_the_end()
            except CaseError as error:
                raise CaseError(f"{case.group}: {case.id}: {error}") from error
            finally:
                small.gateway.close()
                small.database.close()

    def _say(self, scene: Scene, turn_id: str, said: Said, history: list[BaseMessage]) -> tuple[Turn, str]:
        """One turn of the graph; its calls are made one after another, or all in one answer."""
        calls = [(call.tool, scene.fill_in(call.arguments)) for call in said.calls]
        self._script.clear()
        self._script.extend([says("", *calls)] if said.at_once else [says("", call) for call in calls])
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
        card = answer.get("approval")
        if call.then and card is None:
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


def problems(case: ReplayCase, played: Played) -> list[str]:
    """What a case that was played got wrong, in words; nothing for one that went as it was written."""
    found = [f"the turn ended early: {played.failed}"] if played.failed else []
    for call, answer in zip(case.calls, played.answers, strict=True):
        found += _problems_of(call, answer, played.numbers)
    if played.changed != played.expected:
        found += _differences(played.changed, played.expected)
    found += [f"the policy {policy} never decided" for policy in sorted(case.meets - played.policies)]
    return found


def got_through(case: ReplayCase, played: Played) -> bool:
    """Whether a bad case came to what it must not come to: something changed, or what was to be refused was not."""
    wanted = [word for call in case.calls for word in (call.outcome, *_words_of(call.then))]
    had = [word for answer in played.answers for word in (answer.outcome, *answer.hands)]
    served = {"shown", "done", "pending", "awaiting_approval", "new_card", "in_review"}
    return bool(played.changed) or any(_is_no(w) and h in served for w, h in zip(wanted, had, strict=True))


@dataclass(frozen=True, slots=True)
class Row:
    """A group in the report: good cases that went as written, and bad ones that were refused as written, of how many;
    ``through`` are the bad ones that came to something."""

    group: str
    good: int
    good_passed: int
    bad: int
    bad_refused: int
    through: int


def measure(advance: Callable[[], None] = lambda: None) -> list[Row]:
    """Play every case once; ``advance`` is called after each. One row for each group, in the order of their files."""
    cases = read_cases()
    with tempfile.TemporaryDirectory() as folder:
        player = Player(Path(folder))
        verdicts = [(case, *_verdict(player, case, advance)) for case in cases]
    groups = dict.fromkeys(case.group for case in cases)
    return [_row(group, [verdict for verdict in verdicts if verdict[0].group == group]) for group in groups]


def section(rows: Sequence[Row]) -> str:
    """The rows as a section of the report, in Markdown."""
    whole = Row("**all**", *(sum(getattr(row, name) for row in rows) for name in Row.__slots__[1:]))
    table = "\n".join(
        f"| {row.group.replace('_', ' ')} | {row.good_passed} of {row.good} | {row.bad_refused} of {row.bad} "
        f"| {row.through} |"
        for row in (*rows, whole)
    )
    return f"""## Replay without a model

Scripted tool calls through the real graph, walls, desk and policies (`tests/evaluation/replay`): sequences that must
leave exactly the state that was written down, and sequences that must be refused and leave everything as it was. The
whole database is compared, so a change that nobody named counts as a failure.

| | good ones passed (wanted: all) | bad ones refused as written | bad ones that came to something (wanted: 0) |
|---|---|---|---|
{table}
"""


def _verdict(player: Player, case: ReplayCase, advance: Callable[[], None]) -> tuple[bool, bool]:
    played = player.play(case)
    advance()
    return not problems(case, played), not case.is_good and got_through(case, played)


def _row(group: str, verdicts: Sequence[tuple[ReplayCase, bool, bool]]) -> Row:
    good = [passed for case, passed, _ in verdicts if case.is_good]
    bad = [(passed, through) for case, passed, through in verdicts if not case.is_good]
    refused, through = sum(passed for passed, _ in bad), sum(through for _, through in bad)
    return Row(group, len(good), sum(good), len(bad), refused, through)


def _problems_of(call: Call, answer: Answer, numbers: Mapping[str, str]) -> list[str]:
    found = []
    if answer.outcome != call.outcome:
        found.append(f"{call.tool} was {answer.outcome} and not {call.outcome}: {answer.result}")
    shown = _with_names(answer.result, numbers)
    found += [f"{call.tool} does not show {text!r}: {shown}" for text in call.shows if text not in shown]
    found += [f"{call.tool} shows {text!r}: {shown}" for text in call.hides if text in shown]
    for hand, had in zip(call.then, answer.hands, strict=True):
        wanted = "" if hand.does in WORLD else str(hand.about)
        if had != wanted:
            found.append(f"{call.tool}, {hand.does}: came to {had!r} and not to {wanted!r}")
    return found


def _differences(changed: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    names = sorted({*changed, *expected}, key=str)
    return [
        f"{name} is left as {changed.get(name, 'it was')} and not as {expected.get(name, 'it was')}"
        for name in names
        if changed.get(name) != expected.get(name)
    ]


def _with_names(result: str, numbers: Mapping[str, str]) -> str:
    """A result with the names of a case in place of the numbers, so that what it shows can be written down."""
    for name, number in numbers.items():
        result = result.replace(number, f"${name}")
    return result


def _words_of(hands: Sequence[Hand]) -> list[str]:
    return ["" if hand.does in WORLD else str(hand.about) for hand in hands]


def _is_no(word: str) -> bool:
    return word.startswith("refused") or word == "not_found"


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
