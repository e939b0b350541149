"""Product pictures: one drawing for each kind of thing, coloured by the variant, the same for the same arguments.

A picture is a whole SVG document with a `<title>`, 400 × 500 units, on a panel of its own, so it reads on light and on
dark pages alike. It holds no text, script, style or reference to anything outside itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from frontend.drawings import camp, clothes, garden, home, kitchen, packs, tools
from frontend.drawings.pen import CREAM, INK, Tones, box, disc, line, mix

Drawing = Callable[[Tones, int], str]


@dataclass(frozen=True, slots=True)
class Palette:
    """A variant's colour by name (`#rrggbb`): `base` paints the thing, `accent` its details, `panel` the wall."""

    name: str
    base: str
    accent: str
    panel: str


COLOURS: Mapping[str, Palette] = MappingProxyType(
    {
        name.lower(): Palette(name, base, accent, panel)
        for name, base, accent, panel in (
            ("Pine", "#2f6353", "#e0a24a", "#d5dfd2"),
            ("Buoy", "#e1652f", "#2e4a5b", "#f0dcc8"),
            ("Fog", "#cdd4d0", "#5d7f86", "#93a9a8"),
            ("Slate", "#586a75", "#e08a52", "#d3dade"),
            ("Sand", "#d9c09a", "#b4573a", "#a9b9b0"),
            ("Rust", "#a94f2d", "#e3b45c", "#ecd9c6"),
            ("Moss", "#77834a", "#e2bd6c", "#e1e0c8"),
            ("Ink", "#2d4159", "#dc7b4a", "#d2dae1"),
            ("Cream", "#f1e6cf", "#b55f41", "#a8b5a3"),
            ("Heather", "#9a84a6", "#e3b877", "#e4dbe3"),
            ("Ochre", "#d39b33", "#2f5a5c", "#efe0bf"),
            ("Brick", "#8f3f35", "#d9a95c", "#ead7cc"),
            ("Sea", "#3d8089", "#eba867", "#d0e1df"),
            ("Birch", "#e2d0b4", "#6d7d58", "#b4b8a8"),
            ("Coal", "#383c3f", "#d9793f", "#d9d7d1"),
            ("Copper", "#bd7048", "#2f4f58", "#eddccb"),
            ("Steel", "#8c9ba3", "#c9683f", "#d5dbd9"),
            ("Sky", "#86b3c8", "#e39c50", "#dbe8ea"),
            ("Plum", "#6d3f58", "#dfae74", "#e5d6dc"),
            ("Straw", "#e3c46b", "#4d6f5c", "#c4cfb6"),
        )
    }
)

_DRAWINGS: Mapping[str, Drawing] = MappingProxyType(
    {
        "apron": clothes.apron,
        "axe": tools.axe,
        "backpack": packs.backpack,
        "basket": home.basket,
        "beanie": clothes.beanie,
        "binoculars": tools.binoculars,
        "birdhouse": garden.birdhouse,
        "blanket": home.blanket,
        "boots": clothes.boots,
        "bottle": kitchen.bottle,
        "bowl": kitchen.bowl,
        "candle": home.candle,
        "chair": camp.chair,
        "clock": home.clock,
        "compass": tools.compass,
        "cooler": camp.cooler,
        "cushion": home.cushion,
        "cutting_board": kitchen.cutting_board,
        "dry_bag": packs.dry_bag,
        "duffel": packs.duffel,
        "gloves": clothes.gloves,
        "hammock": camp.hammock,
        "headlamp": tools.headlamp,
        "kettle": kitchen.kettle,
        "knife": tools.knife,
        "lamp": home.lamp,
        "lantern": tools.lantern,
        "map": tools.map_,
        "mug": kitchen.mug,
        "planter": garden.planter,
        "plate": kitchen.plate,
        "pot": kitchen.pot,
        "rain_jacket": clothes.rain_jacket,
        "rope": packs.rope,
        "sleeping_bag": camp.sleeping_bag,
        "socks": clothes.socks,
        "stove": kitchen.stove,
        "table": camp.table,
        "tent": camp.tent,
        "thermos": kitchen.thermos,
        "towel": home.towel,
        "trekking_poles": packs.trekking_poles,
        "vase": home.vase,
        "watering_can": garden.watering_can,
        "wool_sweater": clothes.wool_sweater,
    }
)
KINDS: frozenset[str] = frozenset(_DRAWINGS)


def picture(kind: str, colours: Palette, *, seed: int = 0) -> str:
    """Draw a thing as an SVG document; similar products differ by `seed` (any whole number, 0 or more).

    `kind` must be one of `KINDS`: a page looks that up first, so a KeyError here is a mistake in the program.
    """
    tones = _tones(colours)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 500" role="img">'
        f"<title>{colours.name} {kind.replace('_', ' ')}</title>"
        f"{_panel(tones, seed)}{_DRAWINGS[kind](tones, seed)}</svg>"
    )


def _panel(tones: Tones, seed: int) -> str:
    left = (200, 232, 172)[seed % 3]
    return (
        box(0, 0, 400, 500, tones.panel)
        + disc(left, 236, 168, tones.disc)
        + box(0, 420, 400, 80, tones.floor)
        + line("M0 420 H400", mix(tones.panel, INK, 0.22), 1.5)
    )


def _tones(colours: Palette) -> Tones:
    """Derive the tones of one picture; pale colours are shaded less and warmly, so that cream does not turn grey."""
    pale = _brightness(colours.base) > 0.72
    shade = "#4a3d33" if pale else "#12201f"
    return Tones(
        base=colours.base,
        light=mix(colours.base, "#ffffff" if pale else CREAM, 0.55 if pale else 0.28),
        dark=mix(colours.base, shade, 0.16 if pale else 0.24),
        deep=mix(colours.base, shade, 0.5),
        accent=colours.accent,
        accent_dark=mix(colours.accent, INK, 0.24),
        panel=colours.panel,
        floor=mix(colours.panel, INK, 0.07),
        disc=mix(colours.panel, "#ffffff", 0.36),
    )


def _brightness(colour: str) -> float:
    """Perceived brightness of `#rrggbb` from 0 to 1 (ITU-R BT.601 luma weights)."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue
