"""What makes a room."""

from frontend.drawings.pen import (
    CREAM,
    GLOW,
    INK,
    LEAF,
    LEAF_DARK,
    LEATHER,
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
    turned,
)


def blanket(t: Tones, seed: int) -> str:
    """Three folds of wool with a fringe; odd seeds are checked."""
    folds = ((186, t.light), (262, t.base), (338, t.dark))
    checks = several(line(f"M{x} 190 V416", t.accent, 9, opacity=0.65) for x in (150, 210, 270)) if seed % 2 else ""
    return (
        shadow(62, 340)
        + several(box(60, y, 270, 82, c, corner=40) + box(120, y, 216, 82, c, corner=10) for y, c in folds)
        + several(line(f"M96 {y + 41} H334", CREAM, 10) + line(f"M94 {y + 57} H334", t.accent, 7) for y, _ in folds)
        + checks
        + line("M100 268 H334 M100 344 H334", t.deep, 4, opacity=0.55)
        + several(
            line(f"M336 {y} h{18 + (y % 3) * 4}", t.light if y < 262 else t.base if y < 338 else t.dark, 5)
            for y in range(194, 416, 11)
        )
        + line("M78 206 C68 220 68 234 76 246", CREAM, 4, opacity=0.5)
        + box(182, 160, 40, 262, LEATHER, corner=4)
        + box(182, 252, 40, 26, METAL_LIGHT, corner=6)
        + box(190, 259, 24, 12, LEATHER, corner=3)
    )


def cushion(t: Tones, seed: int) -> str:
    motif = (
        several(
            area(f"M{x} {y} l26 44 h-52 Z", CREAM) + line(f"M{x} {y + 40} v18", CREAM, 6)
            for x, y in ((144, 196), (256, 196), (200, 282))
        )
        if seed % 3 == 0
        else several(
            line(f"M82 {y} C150 {y + 10} 250 {y + 10} 318 {y}", c, w)
            for y, c, w in ((206, CREAM, 14), (246, t.accent, 22), (290, CREAM, 14), (326, t.light, 8))
        )
        if seed % 3 == 1
        else several(line(f"M{x} 176 C{x - 4} 240 {x - 4} 320 {x} 372", t.light, 5) for x in range(108, 300, 24))
    )
    return (
        shadow(80, 320)
        + area(
            (
                "M64 146 C110 164 290 164 336 146 C318 210 318 350 338 416 "
                "C290 400 110 400 62 416 C82 350 82 210 64 146 Z"
            ),
            t.base,
        )
        + area(
            (
                "M336 146 C318 210 318 350 338 416 C300 404 250 401 200 401 C280 "
                "370 304 250 290 158 C308 156 324 152 336 146 Z"
            ),
            t.dark,
        )
        + motif
        + line(
            (
                "M64 146 C110 164 290 164 336 146 C318 210 318 350 338 416 "
                "C290 400 110 400 62 416 C82 350 82 210 64 146 Z"
            ),
            t.deep,
            5,
        )
        + several(disc(x, y, 9, t.accent) for x, y in ((63, 145), (337, 145), (61, 417), (339, 417)))
    )


def candle(t: Tones, seed: int) -> str:
    return (
        shadow(100, 310)
        + disc(186, 150, 92, GLOW, opacity=0.3)
        + disc(186, 150, 56, GLOW, opacity=0.4)
        + box(106, 244, 160, 176, t.base, corner=16)
        + area("M222 244 H250 C259 244 266 251 266 260 V404 C266 413 259 420 250 420 H222 Z", t.dark)
        + box(106, 232, 160, 36, t.light, corner=14)
        + oval(186, 236, 78, 15, CREAM)
        + oval(186, 236, 64, 10, "#fbe7bd")
        + line("M186 234 V206", INK, 5)
        + area("M186 210 C160 182 176 146 188 112 C204 146 214 182 186 210 Z", "#f29a38")
        + area("M186 206 C172 188 180 168 188 150 C197 168 202 188 186 206 Z", "#ffe3a1")
        + box(136, 308, 100, 70, CREAM, corner=4)
        + (
            area("M186 318 L206 350 H166 Z", t.dark) + line("M186 350 V364", t.dark, 5)
            if not seed % 2
            else line("M156 352 q15 -16 30 0 t30 0 M156 336 q15 -16 30 0 t30 0", t.dark, 5)
        )
        + area("M276 400 C276 388 336 388 336 400 L332 416 C332 424 280 424 280 416 Z", WOOD)
        + oval(306, 398, 31, 9, WOOD_LIGHT)
        + line("M126 286 V396", t.light, 8)
    )


def lamp(t: Tones, seed: int) -> str:
    foot = (
        area(
            (
                "M170 256 H230 C216 290 270 312 262 372 C258 404 236 412 200 412 "
                "C164 412 142 404 138 372 C130 312 184 290 170 256 Z"
            ),
            t.accent,
        )
        + area(
            ("M208 256 H230 C216 290 270 312 262 372 C258 404 236 412 212 412 C240 360 226 300 208 256 Z"),
            t.accent_dark,
        )
        if seed % 2 == 0
        else line("M200 250 V404", WOOD, 18)
        + line("M205 250 V404", WOOD_DARK, 7)
        + disc(200, 330, 24, WOOD)
        + area("M216 312 A24 24 0 0 1 216 348 Z", WOOD_DARK)
    )
    return (
        shadow(130, 270)
        + area("M96 250 L40 420 H360 L304 250 Z", GLOW, opacity=0.22)
        + line("M232 252 V306", METAL_DARK, 3)
        + disc(232, 312, 7, METAL_DARK)
        + foot
        + box(140, 402, 120, 18, t.deep, corner=8)
        + area("M148 92 H252 L312 256 H88 Z", t.base)
        + area("M222 92 H252 L312 256 H250 Z", t.dark)
        + area("M148 92 H168 L122 256 H88 Z", t.light)
        + line("M90 252 H310", GLOW, 7)
        + line("M150 95 H250", t.deep, 6)
    )


def vase(t: Tones, seed: int) -> str:
    body = (
        (
            "M170 210 H230 C226 244 284 270 284 338 C284 392 252 420 200 420 "
            "C148 420 116 392 116 338 C116 270 174 244 170 210 Z"
        )
        if seed % 2 == 0
        else (
            "M158 210 H242 C262 280 262 360 246 408 C242 418 236 420 228 420 H172 "
            "C164 420 158 418 154 408 C138 360 138 280 158 210 Z"
        )
    )
    shade = (
        "M210 210 H230 C226 244 284 270 284 338 C284 392 252 420 208 420 C256 380 250 270 210 210 Z"
        if seed % 2 == 0
        else "M216 210 H242 C262 280 262 360 246 408 C242 418 236 420 228 420 H206 C230 350 230 270 216 210 Z"
    )
    leaves = (
        (168, 176, -38),
        (148, 138, -30),
        (176, 128, 34),
        (140, 96, -20),
        (232, 172, 40),
        (258, 134, 30),
        (228, 116, -36),
        (262, 90, 16),
        (206, 96, -10),
        (202, 62, 4),
    )
    return (
        shadow(120, 280)
        + line(
            "M196 214 C186 160 158 130 144 84 M202 214 C214 160 244 130 262 78 M200 214 C204 160 200 110 203 62",
            LEAF_DARK,
            5,
        )
        + several(
            turned(
                a,
                area(
                    (
                        f"M{x} {y + 22} C{x - 20} {y + 4} {x - 12} {y - 20} {x} {y - 30} "
                        f"C{x + 12} {y - 20} {x + 20} {y + 4} {x} {y + 22} Z"
                    ),
                    LEAF if i % 2 else LEAF_DARK,
                ),
                x=x,
                y=y,
            )
            for i, (x, y, a) in enumerate(leaves)
        )
        + area(body, t.base)
        + area(shade, t.dark)
        + box(154 if seed % 2 else 164, 202, 92 if seed % 2 else 72, 16, t.light, corner=8)
        + line(
            "M138 312 C132 340 138 370 152 388" if seed % 2 == 0 else "M160 260 C154 300 156 350 164 390", t.light, 10
        )
        + (
            line("M122 306 C160 320 240 320 278 306", t.accent, 9) + line("M118 328 C160 344 240 344 282 328", CREAM, 5)
            if seed % 3 == 0
            else ""
        )
    )


def towel(t: Tones, seed: int) -> str:
    return (
        shadow(120, 280, y=430)
        + line("M60 112 H340", WOOD, 16)
        + line("M62 117 H338", WOOD_DARK, 5)
        + disc(60, 112, 13, WOOD_DARK)
        + disc(340, 112, 13, WOOD_DARK)
        + area("M104 112 C104 98 116 96 128 96 H272 C284 96 296 98 296 112 V372 H240 V330 H104 Z", t.dark)
        + area("M98 110 C98 96 110 94 122 94 H258 C270 94 280 98 280 110 V396 H98 Z", t.base)
        + area("M240 94 H258 C270 94 280 98 280 110 V396 H240 Z", t.dark, opacity=0.55)
        + (
            several(box(98, y, 182, h, c) for y, h, c in ((300, 12, CREAM), (320, 26, t.accent), (354, 12, CREAM)))
            if not seed % 2
            else several(line(f"M{x} 136 V386", t.light, 5, opacity=0.8) for x in range(114, 276, 18))
        )
        + several(line(f"M{x} 398 v18", t.light, 5) for x in range(103, 280, 11))
        + line("M116 128 V282", t.light, 7, opacity=0.9)
        + line("M100 116 H278", t.deep, 4, opacity=0.35)
    )


def basket(t: Tones, seed: int) -> str:
    rows = range(6)
    weave = several(
        several(
            box(92 + r * 5 + i * w, 250 + r * 28, w - 3, 24, t.light if (i + r) % 2 else t.base, corner=8)
            for i in range(6)
        )
        for r in rows
        for w in [(216 - r * 10) / 6]
    )
    handle = (
        line("M106 246 C100 70 300 70 294 246", t.dark, 16)
        + line("M106 246 C100 70 300 70 294 246", t.light, 5, dash="10 14")
        if not seed % 2
        else line("M92 270 C44 270 48 330 96 326 M308 270 C356 270 352 330 304 326", LEATHER, 13)
    )
    return (
        shadow(96, 304)
        + handle
        + area("M86 246 H314 L286 412 C284 418 280 420 272 420 H128 C120 420 116 418 114 412 Z", t.dark)
        + weave
        + area("M262 246 H314 L286 412 C284 418 280 420 272 420 H244 Z", t.deep, opacity=0.25)
        + box(78, 230, 244, 26, t.base, corner=13)
        + line("M92 243 H308", t.deep, 6, dash="9 13", opacity=0.6)
    )


def clock(t: Tones, seed: int) -> str:
    """Even seeds ring with two bells, odd ones stand in a wooden arch."""
    ticks = several(
        turned(i * 30, line("M200 182 v14", t.deep if i % 3 else INK, 4 if i % 3 else 8), y=276) for i in range(12)
    )
    hour, minute = (-52, 62) if not seed % 2 else (40, 150)
    frame = (
        line("M136 388 L116 418 M264 388 L284 418", t.deep, 15)
        + area("M100 170 A46 46 0 0 1 172 128 Z", t.accent)
        + mirrored(area("M100 170 A46 46 0 0 1 172 128 Z", t.accent_dark))
        + line("M180 116 C180 84 220 84 220 116", METAL_DARK, 8)
        + line("M200 110 V134", METAL_DARK, 8)
        + disc(200, 276, 134, t.base)
        + area("M200 142 A134 134 0 0 1 200 410 C268 380 268 172 200 142 Z", t.dark)
        if not seed % 2
        else area("M64 420 V262 C64 90 336 90 336 262 V420 Z", t.base)
        + area("M200 133 C270 133 336 176 336 262 V420 H262 V262 C262 200 240 150 200 133 Z", t.dark)
        + box(50, 404, 300, 18, t.deep, corner=6)
    )
    return (
        shadow(90, 310)
        + frame
        + disc(200, 276, 112, t.deep)
        + disc(200, 276, 106, CREAM)
        + ticks
        + turned(hour, line("M200 276 V222", INK, 10), y=276)
        + turned(minute, line("M200 276 V200", INK, 7), y=276)
        + turned(205, line("M200 262 V356", t.accent, 4), y=276)
        + disc(200, 276, 10, t.accent)
        + line("M122 222 A94 94 0 0 1 152 194", METAL_LIGHT, 6)
    )
