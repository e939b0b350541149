"""What stands between the door and the hedge."""

from frontend.drawings.pen import (
    CREAM,
    GLOW,
    INK,
    LEAF,
    LEAF_DARK,
    METAL,
    WOOD,
    WOOD_DARK,
    WOOD_LIGHT,
    Tones,
    area,
    box,
    disc,
    line,
    oval,
    several,
    shadow,
    turned,
)


def planter(t: Tones, seed: int) -> str:
    frond = "C{0} {1} {2} {3} {4} {5}"
    tall = (
        (196, 292, 120, 250, 92, 190),
        (198, 290, 150, 210, 138, 116),
        (200, 290, 200, 190, 206, 84),
        (204, 290, 250, 210, 268, 120),
        (206, 292, 286, 250, 312, 196),
    )
    leaves = several(
        area(
            f"M{x} {y} "
            + frond.format(a - 24, b + 6, c - 14, d + 20, c, d)
            + " "
            + frond.format(c + 20, d + 26, a + 26, b + 16, x, y)
            + " Z",
            LEAF if i % 2 else LEAF_DARK,
        )
        + line(f"M{x} {y} C{a} {b} {c} {d + 20} {c} {d + 12}", "#86a67c", 3)
        for i, (x, y, a, b, c, d) in enumerate(tall)
    )
    cactus = (
        box(160, 120, 80, 190, LEAF_DARK, corner=40)
        + line("M160 236 H132 V190 M240 210 H270 V160", LEAF_DARK, 32)
        + several(line(f"M{x} 150 V290", LEAF, 4, dash="3 11") for x in (180, 200, 220))
        + disc(200, 118, 14, t.accent)
        + disc(200, 118, 6, CREAM)
    )
    return (
        shadow(110, 290)
        + (leaves if not seed % 2 else cactus)
        + area("M112 300 H288 L270 404 C268 416 260 420 250 420 H150 C140 420 132 416 130 404 Z", t.base)
        + area("M240 300 H288 L270 404 C268 416 260 420 250 420 H226 C238 380 242 340 240 300 Z", t.dark)
        + box(98, 276, 204, 38, t.light, corner=8)
        + area("M244 276 H294 C299 276 302 280 302 284 V306 C302 311 299 314 294 314 H244 Z", t.base)
        + line("M138 334 L148 396", t.light, 8)
        + area("M134 352 H266 L263 370 H137 Z", t.accent, opacity=0.9)
    )


def watering_can(t: Tones, seed: int) -> str:
    return (
        shadow(100, 310)
        + line("M240 252 C330 190 366 270 300 372", t.dark, 16)
        + line("M144 232 C150 120 254 120 258 232", t.dark, 14)
        + line("M176 158 C190 148 212 148 226 158", WOOD, 18)
        + area("M136 368 L52 214 L78 202 L142 300 Z", t.dark)
        + area("M136 340 L60 210 L78 202 L142 300 Z", t.base)
        + turned(
            -28,
            box(28, 188, 82, 24, t.accent if seed % 2 else METAL, corner=8)
            + several(disc(x, 186, 3, t.deep) for x in (44, 56, 68, 80, 92)),
            x=68,
            y=204,
        )
        + area("M134 240 H276 L296 400 C298 414 290 420 280 420 H130 C120 420 112 414 114 400 Z", t.base)
        + area("M232 240 H276 L296 400 C298 414 290 420 280 420 H244 C250 360 244 300 232 240 Z", t.dark)
        + oval(205, 240, 72, 14, t.deep)
        + area("M133 240 A72 14 0 0 1 205 226 V254 A72 14 0 0 1 133 240 Z", t.light)
        + line("M122 388 H288", t.deep, 6)
        + line("M130 286 H280", t.light, 5)
        + line("M146 306 L140 370", t.light, 9)
        + several(line(f"M{x} {y} l-4 16", "#8db9c4", 6) for x, y in ((36, 242), (24, 284), (54, 276), (34, 326)))
    )


def birdhouse(t: Tones, seed: int) -> str:
    bird = (
        area(
            ("M248 296 C252 268 292 262 304 288 L326 280 C320 312 286 330 262 318 C252 314 248 306 248 296 Z"), t.accent
        )
        + area("M272 294 C290 286 306 296 318 286 C314 308 290 318 276 310 Z", t.accent_dark)
        + disc(260, 284, 17, t.accent)
        + disc(255, 281, 3.5, INK)
        + area("M246 284 l-14 5 l13 6 Z", GLOW)
    )
    return (
        shadow(150, 250)
        + box(188, 340, 24, 84, WOOD_DARK)
        + box(188, 340, 12, 84, WOOD)
        + area("M118 196 L200 116 L282 196 V352 H118 Z", t.base)
        + area("M200 116 L282 196 V352 H236 V160 Z", t.dark)
        + line("M118 250 H236 M118 300 H236 M132 200 H236", t.deep, 3, opacity=0.3)
        + line("M92 214 L200 106 L308 214", WOOD_DARK, 24)
        + line("M92 208 L200 100 L308 208", WOOD_LIGHT if seed % 2 else WOOD, 10)
        + disc(184, 232, 36, t.light)
        + disc(184, 232, 29, INK)
        + line("M184 306 H252", WOOD_DARK, 9)
        + disc(184, 306, 8, WOOD)
        + box(106, 342, 188, 18, WOOD, corner=4)
        + box(236, 342, 58, 18, WOOD_DARK, corner=4)
        + line("M268 318 V306 M276 320 V306", "#7a4a26", 4)
        + bird
        + several(
            line(
                f"M{x} 420 C{x - 2} 404 {x - 8} 396 {x - 12} 392 M{x + 6} 420 C{x + 8} 402 {x + 14} 396 {x + 18} 390",
                LEAF_DARK,
                5,
            )
            for x in (150, 240)
        )
    )
