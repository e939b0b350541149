"""Where one sleeps and sits outdoors."""

from frontend.drawings.pen import (
    CREAM,
    LEAF,
    LEAF_DARK,
    METAL,
    METAL_DARK,
    METAL_LIGHT,
    WOOD,
    WOOD_DARK,
    WOOD_LIGHT,
    Tones,
    area,
    box,
    disc,
    line,
    mirrored,
    oval,
    several,
    shadow,
)


def tent(t: Tones, seed: int) -> str:
    """Even seeds are domes, odd ones ridge tents."""
    return _ridge_tent(t) if seed % 2 else _dome_tent(t)


def _dome_tent(t: Tones) -> str:
    return (
        shadow(40, 360)
        + line("M92 286 L28 418 M318 300 L376 418", t.deep, 2.5)
        + line("M24 424 L32 410 M380 424 L372 410", WOOD_DARK, 6)
        + area("M48 420 C62 236 138 142 206 142 C278 142 340 240 354 420 Z", t.base)
        + area("M206 142 C278 142 340 240 354 420 H272 C272 320 250 214 206 142 Z", t.dark)
        + area("M206 142 C152 190 132 320 128 420 H48 C62 236 138 142 206 142 Z", t.light)
        + area("M204 186 C172 262 160 344 158 420 H256 C252 338 236 262 204 186 Z", t.deep)
        + area("M204 186 C172 262 160 344 158 420 H190 C186 340 192 262 204 186 Z", CREAM)
        + area("M158 396 C176 388 188 388 190 420 H158 Z", t.accent)
        + line("M204 186 C236 262 252 338 256 420", t.accent, 5)
        + line("M48 420 C62 236 138 142 206 142 C278 142 340 240 354 420", t.deep, 5)
        + line("M206 142 V108", WOOD_DARK, 5)
        + area("M208 106 L246 117 L208 130 Z", t.accent)
    )


def _ridge_tent(t: Tones) -> str:
    return (
        shadow(40, 362)
        + line("M136 150 L26 418 M300 172 L384 414", t.deep, 2.5)
        + line("M22 424 L30 410 M388 420 L380 406", WOOD_DARK, 6)
        + line("M136 128 V420", WOOD_DARK, 7)
        + area("M136 150 L302 172 L368 408 L236 420 Z", t.base)
        + area("M136 150 L302 172 L316 224 L158 210 Z", t.dark)
        + area("M136 150 L52 420 H236 Z", t.light)
        + area("M136 196 L92 420 H196 Z", t.deep)
        + area("M136 196 L92 420 H120 Z", CREAM)
        + area("M136 196 L196 420 H170 Z", CREAM)
        + line("M112 330 L118 344 M160 330 L152 344", t.accent, 6)
        + line("M136 150 L52 420 M136 150 L236 420", t.deep, 4)
        + line("M224 262 L246 342 M262 266 L290 338", t.dark, 4)
    )


def sleeping_bag(t: Tones, seed: int) -> str:
    quilting = ((190, 112, 288), (240, 113, 287), (290, 118, 282), (340, 126, 274), (386, 138, 262))
    return (
        shadow(130, 270, y=428)
        + area(
            "M200 74 C272 74 300 124 294 200 C290 300 276 380 254 418 C236 442 164 442 146 418 "
            "C124 380 110 300 106 200 C100 124 128 74 200 74 Z",
            t.base,
        )
        + area(
            "M246 88 C286 106 298 148 294 200 C290 300 276 380 254 418 C244 431 220 436 200 436 "
            "C250 390 268 230 246 88 Z",
            t.dark,
        )
        + several(line(f"M{a} {y} C160 {y + 14} 240 {y + 14} {b} {y}", t.deep, 3, opacity=0.55) for y, a, b in quilting)
        + area(
            "M200 98 C248 98 262 128 256 158 C250 192 228 206 200 206 C172 206 150 192 144 158 "
            "C138 128 152 98 200 98 Z",
            t.deep,
        )
        + area(
            "M200 122 C232 122 244 140 240 160 C234 188 220 200 200 200 C180 200 166 188 160 160 "
            "C156 140 168 122 200 122 Z",
            t.accent,
        )
        + line("M172 176 C188 186 212 186 228 176", t.accent_dark, 4)
        + line("M246 190 C262 240 256 330 236 372", CREAM, 4, dash="2 8")
        + line("M236 372 l-4 16", CREAM, 6)
        + (
            area(("M128 250 C160 262 240 262 282 250 L279 272 C240 284 160 284 124 272 Z"), t.accent)
            if seed % 2
            else ""
        )
    )


def hammock(t: Tones, seed: int) -> str:
    stripes = (
        "M104 252 C130 352 270 352 296 252",
        "M92 246 C124 322 276 322 308 246",
        "M116 262 C140 380 260 380 284 262",
    )
    return (
        shadow(70, 330)
        + area("M38 420 L48 96 H72 L84 420 Z", WOOD)
        + area("M60 96 H72 L84 420 H62 Z", WOOD_DARK)
        + mirrored(area("M38 420 L48 96 H72 L84 420 Z", WOOD) + area("M48 96 H60 L58 420 H38 Z", WOOD_LIGHT))
        + several(
            disc(x, y, r, c)
            for x, y, r, c in (
                (30, 92, 44, LEAF_DARK),
                (84, 76, 42, LEAF),
                (52, 56, 40, LEAF),
                (318, 78, 40, LEAF_DARK),
                (370, 90, 44, LEAF),
                (346, 54, 40, LEAF_DARK),
            )
        )
        + line("M64 204 L96 240 M64 204 L112 254 M336 204 L304 240 M336 204 L288 254", CREAM, 4)
        + line("M52 204 H76 M324 204 H348", t.deep, 9)
        + area("M86 236 C120 300 280 300 314 236 C306 330 262 388 200 388 C138 388 94 330 86 236 Z", t.base)
        + area("M314 236 C306 330 262 388 200 388 C250 360 286 310 296 262 C303 254 309 246 314 236 Z", t.dark)
        + several(line(s, c, 8) for s, c in zip(stripes, (t.accent, t.light, t.light), strict=True))
        + several(
            line(f"M{x} {y} v16", t.light, 4)
            for x, y in ((140, 366), (164, 380), (188, 388), (212, 388), (236, 380), (260, 366))
        )
        + (oval(150, 292, 40, 18, CREAM) if seed % 2 else "")
    )


def chair(t: Tones, seed: int) -> str:
    """Even seeds are folding camp chairs, odd ones are deck chairs seen from the side."""
    return _deck_chair(t) if seed % 2 else _camp_chair(t)


def _camp_chair(t: Tones) -> str:
    return (
        shadow(86, 314)
        + line("M120 300 L286 416 M280 300 L114 416", WOOD_DARK, 13)
        + line("M112 130 L106 416 M288 130 L294 416", WOOD, 14)
        + area("M112 134 C160 148 240 148 288 134 L292 238 C240 252 160 252 108 238 Z", t.base)
        + area("M236 146 C256 144 276 139 288 134 L292 238 C276 243 258 246 240 247 Z", t.dark)
        + line("M110 214 C160 228 240 228 291 214", t.light, 5)
        + area("M104 290 C150 302 250 302 296 290 L306 328 C250 348 150 348 94 328 Z", t.light)
        + area("M94 328 C150 348 250 348 306 328 L304 344 C250 364 150 364 96 344 Z", t.dark)
        + line("M84 258 H124 M276 258 H316", WOOD_LIGHT, 16)
        + disc(112, 130, 9, WOOD_DARK)
        + disc(288, 130, 9, WOOD_DARK)
        + box(180, 168, 40, 30, t.accent, corner=4)
    )


def _deck_chair(t: Tones) -> str:
    return (
        shadow(60, 350)
        + line("M110 110 L318 412", WOOD_DARK, 14)
        + line("M330 300 L96 414", WOOD, 14)
        + area("M100 100 L136 92 C150 250 230 330 344 286 L336 316 C220 366 120 270 100 100 Z", t.base)
        + area("M112 98 L124 95 C140 256 226 338 341 294 L339 304 C222 352 128 262 112 98 Z", t.accent)
        + line("M92 104 L142 88", WOOD, 15)
        + line("M322 300 L352 284", WOOD_LIGHT, 15)
        + line("M166 244 L300 246", WOOD_LIGHT, 14)
        + line("M264 250 L250 330", WOOD, 10)
        + disc(238, 348, 8, METAL_LIGHT)
    )


def table(t: Tones, seed: int) -> str:
    slats = range(5)
    return (
        shadow(60, 340)
        + line("M96 250 L286 414 M304 250 L114 414", WOOD_DARK, 13)
        + line("M82 250 L272 416", WOOD, 12)
        + line("M318 250 L128 416", WOOD, 12)
        + disc(200, 350, 8, METAL_LIGHT)
        + area("M78 212 H322 L362 256 H38 Z", t.light)
        + several(line(f"M{78 - 10 * i - 2} {215 + 10 * i} H{322 + 10 * i + 2}", t.base, 3) for i in slats)
        + box(38, 254, 324, 18, t.base, corner=4)
        + box(38, 264, 324, 8, t.dark, corner=4)
        + (_table_flask(t) if seed % 2 else _table_flowers(t))
    )


def _table_flowers(t: Tones) -> str:
    return (
        line(
            "M200 194 C196 160 184 144 172 130 M200 194 C202 156 212 136 222 118 M200 190 C204 168 224 158 240 150",
            LEAF_DARK,
            5,
        )
        + disc(172, 126, 13, t.accent)
        + disc(222, 112, 14, CREAM)
        + disc(242, 148, 11, t.accent)
        + disc(222, 112, 5, t.accent)
        + disc(172, 126, 5, t.accent_dark)
        + area("M176 184 H226 C222 206 228 222 216 232 H186 C174 222 180 206 176 184 Z", CREAM)
        + area("M208 184 H226 C222 206 228 222 216 232 H204 Z", METAL_LIGHT)
    )


def _table_flask(t: Tones) -> str:
    return (
        box(148, 142, 44, 92, t.accent, corner=8)
        + box(154, 122, 32, 26, METAL, corner=6)
        + box(176, 142, 16, 92, t.accent_dark, corner=8)
        + line("M252 206 C272 204 272 228 250 226", CREAM, 7)
        + area("M206 194 H254 L250 234 H210 Z", CREAM)
    )


def cooler(t: Tones, seed: int) -> str:
    return (
        shadow(64, 336)
        + line("M92 206 C92 120 308 120 308 206", METAL_DARK, 11)
        + line("M150 143 H250", t.accent, 20)
        + box(66, 236, 268, 184, t.base, corner=18)
        + area("M270 236 H334 V402 C334 412 326 420 316 420 H270 Z", t.dark)
        + box(54, 190, 292, 56, CREAM if seed % 2 else t.light, corner=16)
        + box(54, 226, 292, 20, METAL_LIGHT if seed % 2 else t.base, corner=8)
        + line("M66 254 H334", t.deep, 5, opacity=0.5)
        + box(180, 222, 40, 62, METAL_LIGHT, corner=6)
        + box(188, 256, 24, 16, METAL_DARK, corner=4)
        + box(92, 300, 64, 52, t.accent, corner=6)
        + area("M124 308 L142 340 H106 Z", CREAM)
        + box(82, 412, 34, 14, t.deep, corner=5)
        + box(284, 412, 34, 14, t.deep, corner=5)
        + box(306, 376, 14, 22, METAL_LIGHT, corner=4)
    )
