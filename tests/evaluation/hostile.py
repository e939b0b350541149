"""The hostile model at full size: 20,000 calls of an attacker who knows every id, against what must stay true.

``make evaluate`` joins :func:`measure` and :func:`section` to its page; run alone, this prints the section.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from rich.progress import Progress

from frontend.drills.compromised_model import let_loose
from frontend.drills.drawing import picture
from frontend.drills.findings import Findings

CALLS, SEED = 20_000, 20_261_120
PICTURE = "evaluation-hostile.svg"
MOST_STOPS = 3


def measure(calls: int = CALLS, advance: Callable[[int], None] = lambda count: None) -> Findings:
    """Let the attacker make this many calls in a shop of its own. ``advance`` is told how many were made since."""
    return let_loose(calls=calls, seed=SEED, advance=advance)


def section(findings: Findings) -> str:
    """The Markdown of one section, with its picture beside the page as :data:`PICTURE`."""
    families = "\n".join(_family(findings, family) for family in sorted(findings.tally.attempts))
    held = "\n".join(
        f"| {one.name} | {'holds' if one.holds else '**broken**: ' + '; '.join(one.broken)} | {one.figures} |"
        for one in (*findings.invariants, *findings.controls)
    )
    broken = sum(not one.holds for one in (*findings.invariants, *findings.controls))
    minutes = findings.seconds / 60
    return f"""## A hostile model

A model that knows every order, card, case and account by heart, in the chat of one customer who types whatever it needs
and signs nothing: {findings.calls:,} calls and {findings.tally.texts.total():,} texts in {findings.turns:,} messages,
seed {findings.seed}, {minutes:.0f} minutes. Promises broken: {broken}.

| What it tried | calls | texts | what ended most of them |
|---|---:|---:|---|
{families}

| What must stay true | | |
|---|---|---|
{held}

![What stopped each family of attempts]({PICTURE})
"""


def drawn(findings: Findings) -> str:
    """The picture of the section, as SVG."""
    return picture(findings)


def _family(findings: Findings, family: str) -> str:
    stops = findings.tally.stops.get(family)
    most = "" if stops is None else "; ".join(f"{stop} {count:,}" for stop, count in stops.most_common(MOST_STOPS))
    return f"| {family} | {findings.tally.calls[family]:,} | {findings.tally.texts[family]:,} | {most} |"


def main(calls: int = CALLS) -> int:
    """Measure, print the section, and draw the picture into the working folder; 1 when a promise is broken."""
    with Progress() as progress:
        task = progress.add_task("a hostile model", total=calls)
        findings = measure(calls, lambda count: progress.advance(task, count))
    Path(PICTURE).write_text(drawn(findings), "utf-8")
    print(section(findings))
    return 0 if findings.holds else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
