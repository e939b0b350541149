"""The pen: colours of one picture and the few strokes every drawing is made of.

Everything is written with presentation attributes (`fill="…"`), never with `style`, so a picture keeps to a policy
that forbids inline style. Numbers are user units of a 400 × 500 view box whose ground line is at y = 420.
"""

from collections.abc import Iterable
from dataclasses import dataclass

WOOD, WOOD_DARK, WOOD_LIGHT = "#c4976a", "#9a7047", "#dcb78d"
METAL, METAL_DARK, METAL_LIGHT = "#b4bcbe", "#87929a", "#dce1e1"
INK, CREAM, GLOW, LEAF, LEAF_DARK = "#2a3335", "#f7f1e6", "#ffd27a", "#6f9168", "#4f7354"
LEATHER, LEATHER_DARK = "#8c5a3c", "#6b422b"


@dataclass(frozen=True, slots=True)
class Tones:
    """The colours one picture is drawn with, all `#rrggbb`: the variant's four tones, its accent, and the panel."""

    base: str
    light: str
    dark: str
    deep: str
    accent: str
    accent_dark: str
    panel: str
    floor: str
    disc: str


def mix(first: str, second: str, share: float) -> str:
    """Blend two `#rrggbb` colours; `share` is the part of `second`, from 0 to 1."""
    pairs = ((int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def area(path: str, fill: str, *, opacity: float = 1) -> str:
    """A filled path."""
    return f'<path d="{path}" fill="{fill}"{_veil(opacity)}/>'


def line(path: str, colour: str, width: float = 4, *, dash: str = "", opacity: float = 1) -> str:
    """A stroked path with round ends; `dash` is an SVG dash array."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round"'
        f' stroke-linejoin="round"{dashes}{_veil(opacity)}/>'
    )


def disc(x: float, y: float, radius: float, fill: str, *, opacity: float = 1) -> str:
    """A filled circle."""
    return oval(x, y, radius, radius, fill, opacity=opacity)


def oval(x: float, y: float, across: float, down: float, fill: str, *, opacity: float = 1) -> str:
    """A filled ellipse; `across` and `down` are its half-widths."""
    return f'<ellipse cx="{x:g}" cy="{y:g}" rx="{across:g}" ry="{down:g}" fill="{fill}"{_veil(opacity)}/>'


def ring(
    x: float, y: float, across: float, down: float, colour: str, width: float, *, dash: str = "", opacity: float = 1
) -> str:
    """A stroked ellipse; `across` and `down` are its half-widths."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<ellipse cx="{x:g}" cy="{y:g}" rx="{across:g}" ry="{down:g}" fill="none" stroke="{colour}"'
        f' stroke-width="{width:g}"{dashes}{_veil(opacity)}/>'
    )


def box(x: float, y: float, width: float, height: float, fill: str, *, corner: float = 0, opacity: float = 1) -> str:
    """A filled rectangle with rounded corners."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{corner:g}" fill="{fill}"'
        f"{_veil(opacity)}/>"
    )


def turned(degrees: float, parts: str, *, x: float = 200, y: float = 300) -> str:
    """The same parts, turned clockwise about a point."""
    return f'<g transform="rotate({degrees:g} {x:g} {y:g})">{parts}</g>'


def moved(x: float, y: float, parts: str, *, scale: float = 1) -> str:
    """The same parts, moved and scaled."""
    return f'<g transform="translate({x:g} {y:g}) scale({scale:g})">{parts}</g>'


def mirrored(parts: str, *, about: float = 200) -> str:
    """The same parts, left for right."""
    return f'<g transform="translate({2 * about:g} 0) scale(-1 1)">{parts}</g>'


def shadow(left: float, right: float, *, y: float = 420) -> str:
    """A soft shadow on the ground, made of three pale ovals so that it needs no filter."""
    middle, half = (left + right) / 2, (right - left) / 2
    return "".join(oval(middle + 8, y + 2, half + grow, 7 + grow / 3, INK, opacity=0.09) for grow in (0, 10, 20))


def several(parts: Iterable[str]) -> str:
    """Parts drawn one after another."""
    return "".join(parts)


def _veil(opacity: float) -> str:
    return "" if opacity == 1 else f' opacity="{opacity:g}"'
