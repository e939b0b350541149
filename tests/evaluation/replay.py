"""The replay, judged and counted: known-good sequences must leave exactly the state that was written down, and
forbidden ones must be refused and leave everything as it was.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tests.evaluation.replay_cases import WORLD, Call, Hand, ReplayCase, read_cases
from tests.evaluation.replay_playing import Answer, Played, Player


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
    return bool(played.changed) or any(is_no(w) and h in served for w, h in zip(wanted, had, strict=True))


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


def measure(advance: Callable[[], None] = lambda: None, *, cases: Sequence[ReplayCase] | None = None) -> list[Row]:
    """Play every case once, or those given; ``advance`` is called after each. One row for each group, in the order of
    their files."""
    cases = read_cases() if cases is None else cases
    with tempfile.TemporaryDirectory() as folder:
        player = Player(Path(folder))
        verdicts = [(case, *_verdict(player, case, advance)) for case in cases]
        player.close()
    groups = dict.fromkeys(case.group for case in cases)
    return [_row(group, [verdict for verdict in verdicts if verdict[0].group == group]) for group in groups]


def section(rows: Sequence[Row]) -> str:
    """The rows as a section of the report, in Markdown."""
    whole = Row("**all**", *(sum(getattr(row, field.name) for row in rows) for field in fields(Row)[1:]))
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


def is_no(word: str) -> bool:
    """Whether an outcome says that something was refused, or is not there."""
    return word.startswith("refused") or word == "not_found"
