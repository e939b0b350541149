"""A picture of shares as bars, in SVG, readable by day and night."""

from collections.abc import Mapping, Sequence
from html import escape

_ROW, _LEFT, _WIDE = 30, 300, 420


def bars(shares: Sequence[tuple[str, float]], goals: Mapping[str, str]) -> str:
    """One bar for each share (0-1) with its name, its figure and what was wanted."""
    height = _ROW * len(shares) + 20
    rows = "\n".join(_row(n, name, share, goals.get(name, "")) for n, (name, share) in enumerate(shares))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDE + 220} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="14">\n<title>Measured shares</title>\n'
        f'<rect width="100%" height="100%" fill="#fbfaf6"/>\n{rows}\n</svg>\n'
    )


def _row(number: int, name: str, share: float, goal: str) -> str:
    top = 10 + number * _ROW
    return (
        f'<text x="{_LEFT - 10}" y="{top + 17}" text-anchor="end" fill="#22312b">{escape(name)}</text>'
        f'<rect x="{_LEFT}" y="{top + 4}" width="{_WIDE}" height="16" fill="#e6e2d6"/>'
        f'<rect x="{_LEFT}" y="{top + 4}" width="{share * _WIDE:.1f}" height="16" fill="#2f5d4a"/>'
        f'<text x="{_LEFT + _WIDE + 10}" y="{top + 17}" fill="#22312b">{share * 100:.1f} % '
        f'<tspan fill="#6b6f66">wanted {escape(goal)}</tspan></text>'
    )
