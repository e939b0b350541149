"""``make evaluate``: measures the embedded model on all sentences and writes the figures to docs/evaluation.md."""

import sys
from pathlib import Path
from typing import Any

from rich.progress import Progress

from agent.local import EmbeddedModel
from shop.demo_shelves import shelf_names
from tests.evaluation import understanding
from tests.evaluation.picture import bars

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "evaluation.md"
PICTURE = ROOT / "docs" / "evaluation.svg"

Rows = list[tuple[str, str, str, str]]


def main() -> int:
    """Measure and write; the exit status is 0, since the bounds are kept by the tests."""
    both = _measured(True)
    alone = _measured(False)
    goals = {name: goal for name, goal, _ in both}
    rows: Rows = [
        (name, goal, _percent(value), _percent(dict((n, v) for n, _, v in alone)[name])) for name, goal, value in both
    ]
    PAGE.write_text(_page(rows), "utf-8")
    PICTURE.write_text(bars([(name, value) for name, _, value in both], goals), "utf-8")
    print(f"Written: {PAGE.relative_to(ROOT)} and {PICTURE.relative_to(ROOT)}")
    return 0


def _measured(with_embeddings: bool) -> list[tuple[str, str, float]]:
    model = EmbeddedModel(
        product_names=shelf_names(),
        cache_folder=ROOT / "var" / "model",
        with_embeddings=with_embeddings,
        clock=lambda: understanding.TODAY,
    )
    if with_embeddings and "embeddings" not in model.voters:
        sys.exit("The sentence encoder's weights are missing: run `make install` where the network is there.")
    cases, others = understanding.corpus("sentences"), understanding.corpus("out_of_scope")
    pairs, doubles, named = (understanding.corpus(name) for name in ("pairs", "doubles", "slots"))
    inside = [case["text"] for case in cases if case["action"] != "out_of_scope"]
    count = 2 * len(cases) + len(inside) + len(others) + 2 * len(pairs) + len(doubles) + len(named)
    with Progress() as progress:
        task = progress.add_task("n-grams and embeddings" if with_embeddings else "n-grams alone", total=count)

        def understand(text: str) -> understanding.Line:
            progress.advance(task)
            return model.understood(text)

        found = understanding.sentences(understand, cases)
        slipped = understanding.sentences(understand, understanding.with_typos(cases))
        pair_right, pair_wrong = understanding.pairs(understand, pairs)
        split = understanding.doubles(understand, doubles)
        slots = understanding.slots(understand, named)
        beyond = understanding.outside(understand, inside, [case["text"] for case in others])
    return [
        ("Right action", "≥ 90 %", found.right),
        ("Asked back", "≤ 12 %", found.asked_back),
        ("Right where it does not ask back", "≥ 97 %", found.right_when_acting),
        ("Right action with 6 % slips", "at most 4 points less", slipped.right),
        ("Contrast and negation pairs right", "≥ 85 %", pair_right),
        ("Pairs acted on and wrong", "≤ 3 %", pair_wrong),
        ("Two requests found exactly", "≥ 85 %", split.exact),
        ("One request split in two", "≤ 0.5 %", split.false_splits),
        ("Out of scope, AUROC", "≥ 95 %", beyond),
        ("Slots read", "≥ 90 %", _mean(slots)),
    ]


def _mean(slots: dict[str, tuple[int, float]]) -> float:
    return sum(count * share for count, share in slots.values()) / sum(count for count, _ in slots.values())


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _page(rows: Rows) -> str:
    table = "\n".join(f"| {name} | {goal} | {value} | {alone} |" for name, goal, value, alone in rows)
    counts: dict[str, Any] = {name: len(understanding.corpus(name)) for name in ("sentences", "pairs", "slots")}
    return f"""# How well the assistant understands

Written by `make evaluate`; do not edit. The embedded model, on sentences whose authors were given only the list of
actions: {counts["sentences"]} single sentences, {counts["pairs"]} contrast pairs, {counts["slots"]} cases for slots
(`tests/evaluation/corpora`). None of them is an example of the model.

| | wanted | with embeddings | n-grams alone |
|---|---|---|---|
{table}

![The same figures as bars](evaluation.svg)
"""


if __name__ == "__main__":
    sys.exit(main())
