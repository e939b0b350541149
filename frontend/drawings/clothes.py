"""What one wears against the weather."""

from frontend.drawings.pen import (
    CREAM,
    INK,
    LEATHER,
    LEATHER_DARK,
    METAL,
    METAL_LIGHT,
    WOOD_LIGHT,
    Tones,
    area,
    box,
    disc,
    line,
    mirrored,
    moved,
    oval,
    several,
    shadow,
    turned,
)


def rain_jacket(t: Tones, seed: int) -> str:
    sleeve = area("M124 170 C96 186 84 214 76 250 L46 378 L96 396 L128 290 Z", t.base) + area(
        "M50 362 L46 378 L96 396 L100 380 Z", t.deep
    )
    pocket = (
        line("M140 306 L172 322 M260 306 L228 322", t.deep, 6)
        if not seed % 2
        else box(134, 312, 52, 58, t.light, corner=6)
        + box(214, 312, 52, 58, t.base, corner=6)
        + box(130, 304, 60, 18, t.dark, corner=5)
        + box(210, 304, 60, 18, t.deep, corner=5)
    )
    return (
        shadow(110, 290, y=430)
        + sleeve
        + mirrored(
            area("M124 170 C96 186 84 214 76 250 L46 378 L96 396 L128 290 Z", t.dark)
            + area("M50 362 L46 378 L96 396 L100 380 Z", t.deep)
        )
        + area("M120 172 C144 158 256 158 280 172 C288 250 290 340 288 412 H112 C110 340 112 250 120 172 Z", t.base)
        + area("M202 160 C240 160 266 164 280 172 C288 250 290 340 288 412 H202 Z", t.dark)
        + area(
            "M120 172 C144 158 256 158 280 172 L284 226 C240 238 160 238 116 226 Z",
            t.accent if seed % 3 == 2 else t.light,
            opacity=0.9,
        )
        + area(
            "M202 160 C240 160 266 164 280 172 L284 226 C260 232 232 236 202 236 Z",
            t.accent_dark if seed % 3 == 2 else t.base,
        )
        + area("M142 168 C132 108 156 70 200 70 C244 70 268 108 258 168 C240 186 160 186 142 168 Z", t.base)
        + area("M200 70 C244 70 268 108 258 168 C246 180 222 183 200 183 Z", t.dark)
        + area("M164 164 C156 118 172 94 200 94 C228 94 244 118 236 164 C222 180 178 180 164 164 Z", t.deep)
        + area("M164 164 C178 180 222 180 236 164 L228 190 H172 Z", CREAM if seed % 3 == 2 else t.accent)
        + line("M200 178 V410", t.accent, 6)
        + line("M200 186 V404", CREAM, 2.5, dash="2 7")
        + line("M178 172 V216 M222 172 V216", CREAM, 4)
        + disc(178, 218, 5, CREAM)
        + disc(222, 218, 5, CREAM)
        + pocket
        + line("M114 396 H286", t.deep, 5, opacity=0.6)
    )


def wool_sweater(t: Tones, seed: int) -> str:
    sleeve = "M126 150 C92 164 80 196 74 236 L52 372 L102 384 L130 276 Z"
    yoke = (
        several(
            area(f"M{x} {y} l11 18 l-11 18 l-11 -18 Z", CREAM)
            for x, y in ((144, 184), (172, 190), (200, 192), (228, 190), (256, 184))
        )
        + line("M120 178 C160 190 240 190 280 178 M118 232 C160 246 240 246 282 232", t.accent, 7)
        if not seed % 2
        else several(
            line(
                f"M{x} 176 c-9 14 9 22 0 36 c-9 14 9 22 0 36 c-9 14 9 22 0 36 c-9 14 9 22 0 36 c-9 14 9 22 0 36",
                t.light,
                6,
            )
            for x in (150, 200, 250)
        )
        + several(line(f"M{x} 170 V370", t.deep, 3, opacity=0.5) for x in (128, 174, 226, 272))
    )
    cuff = area("M55 352 L48 398 L98 410 L107 366 Z", t.dark)
    return (
        shadow(110, 290, y=430)
        + area(sleeve, t.base)
        + cuff
        + mirrored(area(sleeve, t.dark) + area("M55 352 L48 398 L98 410 L107 366 Z", t.deep))
        + area(
            (
                "M122 152 C140 142 160 138 170 136 C180 156 220 156 230 136 C240 138 260 142 278 "
                "152 C286 230 288 320 286 384 H114 C112 320 114 230 122 152 Z"
            ),
            t.base,
        )
        + area("M230 136 C240 138 260 142 278 152 C286 230 288 320 286 384 H240 C252 300 250 210 230 136 Z", t.dark)
        + yoke
        + box(114, 380, 172, 36, t.dark, corner=8)
        + several(line(f"M{x} 384 V412", t.deep, 3) for x in range(126, 284, 12))
        + line("M166 134 C176 166 224 166 234 134", t.deep, 22)
        + line("M166 130 C178 160 222 160 234 130", t.dark, 14)
        + line(
            "M60 368 L54 398 M74 371 L68 401 M88 375 L82 405 M340 368 L346 398 M326 371 L332 401 M312 375 L318 405",
            t.deep,
            3,
        )
    )


def beanie(t: Tones, seed: int) -> str:
    top = (
        several(
            disc(200 + dx, 118 + dy, 22, c)
            for dx, dy, c in (
                (-26, 4, t.accent_dark),
                (26, 6, t.accent_dark),
                (-14, -20, t.accent),
                (16, -20, t.accent),
                (0, 12, t.accent),
                (0, -6, t.accent),
            )
        )
        if not seed % 2
        else ""
    )
    cuff_ribs = several(line(f"M{x} 330 V400", t.deep, 5, opacity=0.55) for x in range(88, 326, 22))
    return (
        shadow(80, 320)
        + area("M84 340 C76 200 130 128 200 128 C270 128 324 200 316 340 Z", t.base)
        + area("M232 132 C290 148 324 220 316 340 H262 C268 250 262 180 232 132 Z", t.dark)
        + several(
            line(p, t.deep, 4, opacity=0.45)
            for p in (
                "M122 320 C120 230 150 160 192 134",
                "M160 320 C158 240 176 170 197 134",
                "M200 320 V134",
                "M240 320 C242 240 224 170 203 134",
                "M278 320 C280 230 250 160 208 134",
            )
        )
        + (
            line("M88 268 C150 284 250 284 312 268", CREAM, 12) + line("M86 292 C150 308 250 308 314 292", t.accent, 8)
            if seed % 3 != 1
            else ""
        )
        + top
        + box(66, 316, 268, 102, t.light, corner=30)
        + area("M262 316 H304 C322 316 334 330 334 346 V388 C334 404 322 418 304 418 H262 Z", t.base)
        + cuff_ribs
        + box(222, 346, 46, 40, LEATHER, corner=4)
        + area("M245 352 L258 376 H232 Z", CREAM)
    )


def gloves(t: Tones, seed: int) -> str:
    """Even seeds are gloves, odd ones mittens."""
    fingers = (
        line("M142 220 L120 150 M166 210 L158 124 M192 212 L198 132 M214 224 L232 158", t.base, 32)
        if not seed % 2
        else area("M118 250 C112 150 140 116 172 116 C212 116 238 160 230 260 Z", t.base)
    )
    hand = (
        fingers
        + line("M222 296 L262 244", t.base, 36)
        + area(
            "M124 214 C150 196 204 196 230 218 L234 300 C228 330 216 346 212 362 H140 C132 320 122 280 124 214 Z",
            t.base,
        )
        + (
            line("M150 230 V316 M176 226 V318 M202 230 V316", t.dark, 5)
            if not seed % 2
            else several(
                area(f"M{x} {y} l9 14 l-9 14 l-9 -14 Z", CREAM)
                for x, y in ((150, 214), (176, 214), (202, 214), (163, 246), (189, 246))
            )
        )
        + box(128, 352, 98, 62, t.accent, corner=12)
        + several(line(f"M{x} 360 V406", t.accent_dark, 4) for x in range(142, 222, 14))
    )
    second = hand.replace(t.base, t.dark).replace(f'"{t.accent}"', f'"{t.accent_dark}"')
    pair = mirrored(turned(-12, moved(-14, 6, second), x=170, y=400), about=208)
    return shadow(80, 320, y=430) + moved(20, 40, pair + turned(-14, moved(-20, 14, hand), x=170, y=400), scale=0.9)


def boots(t: Tones, seed: int) -> str:
    boot = (
        area(
            (
                "M104 132 H214 C216 180 212 226 222 256 C250 282 306 290 330 322 C340 "
                "340 340 366 338 384 H104 C98 300 96 210 104 132 Z"
            ),
            t.base,
        )
        + area("M104 132 H150 C142 220 150 310 160 384 H104 C98 300 96 210 104 132 Z", t.dark)
        + area("M262 296 C296 302 320 312 330 322 C340 340 340 366 338 384 H258 C246 350 248 320 262 296 Z", t.light)
        + area("M214 140 L222 256 C232 266 244 273 258 279 L232 300 C204 270 196 200 196 140 Z", t.deep)
        + several(
            line(f"M{x} {y} l32 {d}", t.accent, 6)
            for x, y, d in ((190, 168, -10), (192, 198, -10), (196, 228, -10), (206, 258, -14), (222, 284, -20))
        )
        + box(94, 112, 128, 40, t.accent if seed % 2 else CREAM, corner=18)
        + several(line(f"M{x} 122 V142", t.accent_dark if seed % 2 else METAL, 3) for x in range(112, 216, 13))
        + line("M112 152 C100 140 92 120 104 100", t.deep, 7)
        + box(96, 380, 248, 20, WOOD_LIGHT, corner=6)
        + area("M94 396 H346 V408 C346 416 342 420 336 420 H220 L208 410 H176 V420 H102 C97 420 94 416 94 410 Z", INK)
        + several(line(f"M{x} 414 v6", t.panel, 4) for x in (240, 262, 284, 306, 328, 116, 138, 158))
    )
    back = boot.replace(t.base, t.dark).replace(t.light, t.base)
    return shadow(80, 360) + moved(36, -2, back, scale=1) + moved(-44, 6, boot, scale=0.985)


def socks(t: Tones, seed: int) -> str:
    leg = (
        "M136 96 H232 C234 170 226 240 236 280 C262 318 300 340 306 372 C312 406 284 "
        "420 252 414 C200 404 150 372 136 320 C128 250 132 170 136 96 Z"
    )
    stripes = (
        box(134, 158, 98, 14, CREAM) + box(133, 184, 98, 24, t.accent) + box(132, 220, 98, 14, CREAM)
        if not seed % 2
        else several(
            area(f"M{x} {y} l12 18 l-12 18 l-12 -18 Z", CREAM)
            for x, y in ((150, 160), (182, 160), (214, 160), (166, 196), (198, 196), (150, 232), (182, 232), (214, 232))
        )
    )
    sock = (
        area(leg, t.base)
        + stripes
        + area(
            (
                "M133 286 C150 282 176 296 178 322 C180 344 166 356 154 356 C144 "
                "346 138 334 136 320 C134 308 133 298 133 286 Z"
            ),
            t.accent,
        )
        + area("M272 334 C290 346 302 358 306 372 C312 406 284 420 252 414 C240 390 250 352 272 334 Z", t.accent)
        + box(128, 84, 112, 54, t.dark, corner=12)
        + several(line(f"M{x} 92 V130", t.deep, 4, opacity=0.6) for x in range(142, 236, 13))
        + line("M226 250 C232 270 238 282 250 298", t.dark, 5)
    )
    back = sock.replace(t.base, t.dark).replace(f'"{t.accent}"', f'"{t.accent_dark}"')
    return shadow(110, 330) + turned(0, moved(50, -6, back)) + moved(-48, 8, sock)


def apron(t: Tones, seed: int) -> str:
    return (
        shadow(120, 280, y=430)
        + line("M158 132 C150 60 250 60 242 132", LEATHER, 10)
        + line("M112 252 C70 262 60 320 66 366 M288 252 C330 262 340 320 334 366", LEATHER, 8)
        + area(
            (
                "M152 124 H248 C250 180 266 226 294 250 C300 310 300 370 292 414 H108 "
                "C100 370 100 310 106 250 C134 226 150 180 152 124 Z"
            ),
            t.base,
        )
        + area(
            "M216 124 H248 C250 180 266 226 294 250 C300 310 300 370 292 414 H240 C256 320 246 210 216 124 Z", t.dark
        )
        + line("M156 130 H244", t.deep, 6)
        + area("M140 288 H260 V350 C260 364 252 370 240 370 H160 C148 370 140 364 140 350 Z", t.light)
        + line("M200 290 V368", t.deep, 4)
        + line("M142 296 H258", t.deep, 5)
        + turned(14, box(216, 232, 16, 72, WOOD_LIGHT, corner=6) + oval(224, 226, 15, 22, WOOD_LIGHT), x=224, y=290)
        + (several(line(f"M{x} 390 V412", CREAM, 3) for x in range(118, 288, 10)) if seed % 2 else "")
        + disc(160, 134, 8, METAL_LIGHT)
        + disc(240, 134, 8, METAL_LIGHT)
        + line("M112 252 l8 4 M288 252 l-8 4", LEATHER_DARK, 8)
    )
