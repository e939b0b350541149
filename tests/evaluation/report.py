"""``make evaluate``: measures the assistant and writes the figures to docs/evaluation.md, a chapter for each subject.

``python -m tests.evaluation.report fairness`` measures some chapters anew and leaves the others as they are.
"""

import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from rich.progress import Progress

from tests.evaluation import chapters, dialogues, fairness, hostile, injections, replay, understanding
from tests.evaluation.minds import Puppet, own
from tests.evaluation.picture import bars
from tests.evaluation.replay_cases import read_cases
from tests.evaluation.stage import Stage, shelf_model

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "evaluation.md"
HEAD = """# What the assistant understands, does and withstands

Written by `make evaluate`; do not edit. Every sentence, dialogue and attack text stands in `tests/evaluation/corpora`,
was written for this shop, and is an example of no model. `make test` runs a part of each chapter and keeps its bounds.
"""

Advance = Callable[[], None]
Chapter = Callable[[Progress], str]


def main(names: list[str]) -> int:
    """Measure the named chapters, or all, and write the page; 2 for a name that is none."""
    unknown = [name for name in names if name not in CHAPTERS]
    if unknown:
        print(f"There is no chapter {unknown[0]!r}: {', '.join(CHAPTERS)}.")
        return 2
    written = _written()
    with Progress() as progress:
        for name in names or CHAPTERS:
            written[name] = f"<!-- chapter: {name} -->\n\n{CHAPTERS[name](progress)}"
            # After each, so that a long measurement that is broken off has not been for nothing.
            PAGE.write_text("\n".join([HEAD, *(written[n] for n in CHAPTERS if n in written)]), "utf-8")
    print(f"Written: {PAGE.relative_to(ROOT)}")
    return 0


def _understanding(progress: Progress) -> str:
    both, alone = (_understood(progress, with_embeddings=on) for on in (True, False))
    goals = {name: goal for name, goal, _ in both}
    rows = [(*row, share) for row, (_, _, share) in zip(both, alone, strict=True)]
    picture = PAGE.with_suffix(".svg")
    picture.write_text(bars([(name, value) for name, _, value in both], goals), "utf-8")
    return chapters.understood(rows, picture.name)


def _understood(progress: Progress, *, with_embeddings: bool) -> list[tuple[str, str, float]]:
    model = shelf_model(with_embeddings=with_embeddings, clock=lambda: understanding.TODAY)
    if with_embeddings and "embeddings" not in model.voters:
        sys.exit("The sentence encoder's weights are missing: run `make install` where the network is there.")
    what = "sentences" if with_embeddings else "sentences, n-grams alone"
    advance = _bar(progress, what, understanding.how_many())

    def understand(text: str) -> understanding.Line:
        advance()
        return model.understood(text)

    return understanding.measure(understand)


def _dialogues(progress: Progress) -> str:
    scripts, found = dialogues.scripts(), list[tuple[dialogues.Verdict, ...]]()
    for what, on in (("dialogues", True), ("dialogues, n-grams alone", False)):
        advance = _bar(progress, what, len(scripts))
        with _stage(Puppet(own(shelf_model(with_embeddings=on)))) as stage:
            found.append(dialogues.play_all(stage, scripts, advance=advance))
    return chapters.dialogues(*found)


def _replay(progress: Progress) -> str:
    return replay.section(replay.measure(_bar(progress, "replay", len(read_cases()))))


def _hostile(progress: Progress) -> str:
    task = progress.add_task("hostile model", total=hostile.CALLS)
    findings = hostile.measure(advance=lambda count: progress.advance(task, count))
    PAGE.with_name(hostile.PICTURE).write_text(hostile.drawn(findings), "utf-8")
    return hostile.section(findings)


def _planted(progress: Progress) -> str:
    puppet = Puppet(own(shelf_model()))
    attacks, innocents = understanding.corpus("injections"), understanding.corpus("innocents")
    with _stage(puppet) as stage:
        injections.move_ben_in(stage)
        ours, obeying = (
            injections.attacks(stage, puppet, attacks, obeys=on, advance=_bar(progress, what, len(attacks)))
            for what, on in (("attack texts", False), ("attack texts, obeyed", True))
        )
        alike = injections.innocents(stage, puppet, innocents, advance=_bar(progress, "look-alikes", len(innocents)))
    return chapters.planted(ours, obeying, alike)


def _fairness(progress: Progress) -> str:
    names, groups = fairness.corpus()
    puppet = Puppet(own(shelf_model()))
    with _stage(puppet) as stage:
        advance = _bar(progress, "fairness", len(names) + len(groups))
        return chapters.fair(fairness.measure(stage, puppet, names=names, groups=groups, advance=advance))


CHAPTERS: Mapping[str, Chapter] = MappingProxyType(
    {
        "understanding": _understanding,
        "dialogues": _dialogues,
        "replay": _replay,
        "hostile": _hostile,
        "planted": _planted,
        "fairness": _fairness,
    }
)


@contextmanager
def _stage(puppet: Puppet) -> Iterator[Stage]:
    """A stage in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), model=puppet)
        yield stage
        stage.close()


def _bar(progress: Progress, what: str, total: int) -> Advance:
    task = progress.add_task(what, total=total)
    return lambda: progress.advance(task)


def _written() -> dict[str, str]:
    """The chapters as they stand, by name. Each begins with a comment that names it."""
    if not PAGE.exists():
        return {}
    parts = re.split(r"^<!-- chapter: (\w+) -->\n", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    return {
        name: f"<!-- chapter: {name} -->\n{text.rstrip()}\n"
        for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
