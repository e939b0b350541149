"""A drill's findings as a picture: one bar for each family, cut by what stopped its calls, and what held underneath."""

from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape
from types import MappingProxyType

from frontend.drills.findings import Findings
from frontend.invariants import Invariant

# What stops a call or a text, from the outside to the inside, with its colour.
KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cut off": ("cut off", "#8a8f86"),
        "gate": ("the gate", "#2f5d4a"),
        "privacy": ("handles", "#6b8f4e"),
        "desk": ("not theirs", "#2c4a6b"),
        "policy": ("a policy", "#7a4f8a"),
        "card": ("waits for a signature", "#d9622b"),
        "tool": ("no result", "#b58a2f"),
        "reply": ("struck from the reply", "#b03a5b"),
        "nothing": ("may do or say that", "#d8d3c4"),
    }
)
INK, SOFT, PAPER = "#22312b", "#5d6259", "#fbfaf6"
WIDE, LEFT, BAR, ROW = 960, 270, 590, 34


def kind_of(stop: str) -> str:
    """Which of :data:`KINDS` a stop is of."""
    return next((kind for kind in KINDS if stop == kind or stop.startswith((f"{kind}:", f"{kind} "))), "tool")


def picture(findings: Findings) -> str:
    """The findings as SVG, 960 units wide; it scales, and names every figure in text."""
    families = sorted(findings.tally.attempts)
    top = 144
    below = top + ROW * len(families) + 40
    held = (*findings.invariants, *findings.controls)
    height = below + 30 + 46 * len(held) + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {height}" role="img" '
        f'aria-label="{escape(_title(findings))}" font-family="system-ui, sans-serif" font-size="15">',
        f'<rect width="{WIDE}" height="{height}" fill="{PAPER}"/>',
        _text(24, 36, "A compromised model, and what stopped it", size=22, serif=True),
        _text(24, 62, _title(findings), fill=SOFT),
        *_legend(findings),
        *(line for n, family in enumerate(families) for line in _bar(findings, family, top + ROW * n)),
        _text(24, below, "What had to stay true", size=18, serif=True),
        *(line for n, one in enumerate(held) for line in _promise(one, below + 32 + 46 * n)),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _title(findings: Findings) -> str:
    return (
        f"{findings.calls:,} calls in {findings.turns:,} messages, seed {findings.seed}, {findings.seconds:.0f} seconds"
    )


def _legend(findings: Findings) -> Iterator[str]:
    met = Counter[str]()
    for stop, count in findings.walls.items():
        met[kind_of(stop)] += count
    left, top = 24, 82
    for kind, (words, colour) in KINDS.items():
        if met[kind]:
            label = f"{words} {met[kind]:,}"
            wide = 42 + round(7.1 * len(label))
            if left + wide > WIDE:
                left, top = 24, top + 24
            yield f'<rect x="{left}" y="{top}" width="14" height="14" rx="2" fill="{colour}"/>'
            yield _text(left + 20, top + 12, label, size=13, fill=SOFT)
            left += wide


def _bar(findings: Findings, family: str, top: int) -> Iterator[str]:
    calls, stops = findings.tally.calls[family] + findings.tally.texts[family], Counter[str]()
    for stop, count in findings.tally.stops.get(family, Counter()).items():
        stops[kind_of(stop)] += count
    yield _text(LEFT - 14, top + 17, family, anchor="end")
    left = float(LEFT)
    for kind, (words, colour) in KINDS.items():
        if count := stops[kind]:
            wide = BAR * count / calls
            yield f'<rect x="{left:.1f}" y="{top}" width="{wide:.1f}" height="24" fill="{colour}">'
            yield f"<title>{escape(f'{family}: {words} {count:,} of {calls:,}')}</title></rect>"
            left += wide
    yield _text(LEFT + BAR + 14, top + 17, f"{calls:,}", fill=SOFT)


def _promise(invariant: Invariant, top: int) -> Iterator[str]:
    holds, name = invariant.holds, invariant.name
    figures = invariant.figures if holds else "; ".join(invariant.broken)
    mark, colour = ("M0 7 L5 12 L14 1", "#2f5d4a") if holds else ("M1 1 L13 13 M13 1 L1 13", "#a8281e")
    yield f'<path transform="translate(26 {top - 12})" d="{mark}" fill="none" stroke="{colour}" stroke-width="3"/>'
    yield _text(52, top, name if holds else f"BROKEN: {name}", fill=INK if holds else colour, weight=600)
    yield _text(52, top + 19, figures[:125], size=13, fill=SOFT)


def _text(
    left: float,
    top: float,
    words: str,
    *,
    size: int = 15,
    fill: str = INK,
    anchor: str = "start",
    serif: bool = False,
    weight: int = 400,
) -> str:
    family = ' font-family="Georgia, serif"' if serif else ""
    return (
        f'<text x="{left}" y="{top}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" font-weight="{weight}"'
        f"{family}>{escape(words)}</text>"
    )
