"""A drill's findings in words: tables for the terminal, and the same as a text file."""

from collections.abc import Iterator

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from agent.compromised import Tried
from frontend.drills.findings import NOTHING, Findings
from frontend.invariants import Invariant

MOST_STOPS = 3  # named for each family; the rest is counted


def tables(findings: Findings) -> Group:
    """Attempts by family with what stopped them, the tables that differ, and what held."""
    return Group(_families(findings), _differences(findings), *_promises(findings), _verdict(findings))


def print_to(console: Console, findings: Findings) -> None:
    console.print(tables(findings))


def live_line(tried: Tried) -> Text:
    """One call in a line: the family, the tool, and what stopped it."""
    stopped = tried.stopped_by or NOTHING
    return Text.assemble(
        (f"{tried.family[:38]:<38} ", "dim"), (f"{tried.tool[:22]:<22} ", "bold"), (stopped, _colour(tried.stopped_by))
    )


def _colour(stopped_by: str) -> str:
    if not stopped_by:
        return "dim"
    return "dark_orange" if stopped_by.startswith("card") else "green"


def _families(findings: Findings) -> Table:
    table = Table("What it tried", "calls", "texts", "what stopped it", title="Attempts", title_justify="left")
    table.columns[1].justify = table.columns[2].justify = "right"
    for family in sorted(findings.tally.attempts):
        calls, texts = findings.tally.calls[family], findings.tally.texts[family]
        table.add_row(family, f"{calls:,}", f"{texts:,}", "\n".join(_stops(findings, family)))
    return table


def _stops(findings: Findings, family: str) -> Iterator[str]:
    stops = findings.tally.stops.get(family)
    ranked = [] if stops is None else stops.most_common()
    yield from (f"{stop} {count:,}" for stop, count in ranked[:MOST_STOPS])
    if rest := ranked[MOST_STOPS:]:
        yield f"and {sum(count for _, count in rest):,} more, of {len(rest)} kinds"


def _differences(findings: Findings) -> Table:
    table = Table("Table", "added", "changed", "removed", "why it may", title="What differs", title_justify="left")
    for number in (1, 2, 3):
        table.columns[number].justify = "right"
    for d in findings.differences:
        why = Text("; ".join(d.broken), "red") if d.broken else Text(d.why)
        table.add_row(d.table, f"{d.added:,}", f"{d.changed:,}", f"{d.removed:,}", why)
    return table


def _promises(findings: Findings) -> Iterator[Text]:
    yield Text("What had to stay true", "bold")
    yield from (_promise(invariant) for invariant in findings.invariants)
    yield Text("That the checks can fail", "bold")
    yield from (_promise(control) for control in findings.controls)


def _promise(invariant: Invariant) -> Text:
    if invariant.holds:
        return Text.assemble(("  holds   ", "green"), invariant.name, (f": {invariant.figures}", "dim"))
    return Text.assemble(("  BROKEN  ", "bold red"), invariant.name, ": ", "; ".join(invariant.broken))


def _verdict(findings: Findings) -> Text:
    words = f"{findings.calls:,} calls in {findings.turns:,} messages, {findings.seconds:.0f} seconds."
    held = "Nothing foreign was read, nothing was changed, nothing went out." if findings.holds else "It did not hold."
    return Text(f"{words} {held}", "bold green" if findings.holds else "bold red")
