"""What lights, cuts and finds the way."""

from frontend.drawings.pen import (
    CREAM,
    GLOW,
    INK,
    LEAF,
    LEATHER,
    LEATHER_DARK,
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
    ring,
    several,
    shadow,
    turned,
)


def headlamp(t: Tones, seed: int) -> str:
    return (
        shadow(90, 310)
        + area("M128 300 L-10 216 V420 Z", GLOW, opacity=0.35)
        + area("M128 306 L-10 262 V388 Z", GLOW, opacity=0.45)
        + line("M120 290 C96 130 330 110 326 286", t.dark, 26)
        + line("M120 268 C150 216 306 206 326 286 C332 352 190 372 140 340", t.deep, 34)
        + line("M120 308 C160 376 330 372 326 286", t.base, 40)
        + line("M136 324 C180 372 326 362 326 290", t.accent, 6, dash="14 12" if seed % 2 else "")
        + turned(
            -8,
            box(92, 256, 84, 104, t.deep, corner=22)
            + box(84, 264, 66, 88, t.base, corner=24)
            + oval(104, 308, 30, 34, METAL_LIGHT)
            + oval(102, 308, 23, 27, GLOW)
            + oval(97, 301, 10, 12, CREAM)
            + box(126, 246, 26, 14, t.accent, corner=6),
            x=130,
            y=308,
        )
        + box(262, 330, 40, 34, t.deep, corner=6)
    )


def lantern(t: Tones, seed: int) -> str:
    bulb = line("M200 250 C182 270 184 290 200 296 C216 290 218 270 200 250 Z", GLOW, 4)
    return (
        shadow(120, 280)
        + line("M126 190 C110 40 290 40 274 190", METAL_DARK, 7)
        + disc(200, 268, 118, GLOW, opacity=0.28)
        + area("M140 196 H260 C284 240 284 300 256 346 H144 C116 300 116 240 140 196 Z", "#fff3d2", opacity=0.92)
        + area("M232 196 H260 C284 240 284 300 256 346 H228 C252 300 252 240 232 196 Z", GLOW, opacity=0.6)
        + area("M200 226 C172 268 174 312 200 322 C226 312 228 268 200 226 Z", "#f5a03c")
        + bulb
        + line("M134 204 C112 250 112 300 140 344 M266 204 C288 250 288 300 260 344", t.dark, 8)
        + (line("M120 272 H280", t.dark, 5) if seed % 2 else "")
        + area("M150 118 H250 L274 196 H126 Z", t.base)
        + area("M226 118 H250 L274 196 H240 Z", t.dark)
        + box(118, 186, 164, 18, t.deep, corner=8)
        + area("M172 96 H228 L236 120 H164 Z", t.dark)
        + box(186, 84, 28, 16, t.deep, corner=6)
        + area("M130 342 H270 L288 404 C288 416 280 420 270 420 H130 C120 420 112 416 112 404 Z", t.base)
        + area("M238 342 H270 L288 404 C288 416 280 420 270 420 H244 Z", t.dark)
        + box(122, 336, 156, 14, t.deep, corner=7)
        + disc(200, 384, 15, t.accent)
        + line("M200 376 V386", t.accent_dark, 5)
        + line("M140 362 L132 402", t.light, 7)
    )


def knife(t: Tones, seed: int) -> str:
    blade = (
        area("M176 246 C172 170 176 116 206 70 C226 130 226 190 222 246 Z", METAL_LIGHT)
        + area("M206 70 C226 130 226 190 222 246 H204 C210 190 212 130 206 70 Z", METAL)
        + (line("M184 160 V214", METAL_DARK, 5) if not seed % 2 else line("M186 196 v30 M194 196 v30", METAL_DARK, 4))
    )
    handle = (
        area("M168 246 H230 C238 300 236 360 224 408 C218 430 182 430 174 408 C164 360 162 300 168 246 Z", t.base)
        + area("M206 246 H230 C238 300 236 360 224 408 C221 418 212 424 202 424 C212 370 214 300 206 246 Z", t.dark)
        + box(164, 240, 70, 16, METAL, corner=6)
        + disc(198, 290, 7, METAL_LIGHT)
        + disc(198, 348, 7, METAL_LIGHT)
        + line("M180 270 C176 310 178 350 184 396", t.light, 6)
    )
    loop = line("M198 414 C186 444 214 452 204 420", LEATHER, 7)
    return shadow(110, 250) + turned(24, loop + blade + handle, y=270)


def axe(t: Tones, seed: int) -> str:
    return shadow(140, 300) + turned(
        14,
        line("M200 110 C196 220 206 320 200 404", WOOD, 24)
        + line("M207 130 C204 220 213 320 207 400", WOOD_DARK, 7)
        + line("M203 296 C205 330 203 360 200 392", t.base, 26)
        + several(line(f"M190 {y} l24 12", t.dark, 4) for y in (300, 322, 344, 366))
        + area("M180 98 H222 V176 H180 C160 190 130 206 92 226 C76 190 76 120 96 82 C130 96 160 100 180 98 Z", METAL)
        + area("M92 226 C76 190 76 120 96 82 L116 89 C102 126 102 180 116 214 Z", METAL_LIGHT)
        + area("M180 98 H222 V176 H180 Z", t.base)
        + area("M204 98 H222 V176 H204 Z", t.dark)
        + area("M222 106 H246 C252 106 254 112 254 118 V156 C254 164 250 168 244 168 H222 Z", METAL_DARK)
        + box(190, 86, 22, 16, WOOD_LIGHT, corner=3)
        + (disc(200, 138, 9, t.accent) if seed % 2 else line("M190 120 L210 156 M210 120 L190 156", t.light, 4)),
        y=260,
    )


def compass(t: Tones, seed: int) -> str:
    ticks = several(
        turned(
            i * 15,
            line("M200 176 v8" if i % 6 else "M200 174 v18", INK if not i % 6 else METAL_DARK, 4 if i % 6 else 7),
            y=280,
        )
        for i in range(24)
    )
    return (
        shadow(100, 300)
        + line("M200 126 C150 60 110 90 92 40", LEATHER, 8)
        + ring(200, 112, 24, 24, METAL_DARK, 9)
        + box(184, 122, 32, 34, t.dark, corner=6)
        + disc(200, 280, 140, t.base)
        + area("M200 140 A140 140 0 0 1 200 420 C256 380 256 180 200 140 Z", t.dark)
        + disc(200, 280, 120, t.deep)
        + disc(200, 280, 114, CREAM)
        + ticks
        + ring(200, 280, 70, 70, METAL, 2)
        + turned(
            32 + 24 * (seed % 3),
            area("M200 194 L222 280 H178 Z", t.accent)
            + area("M200 194 L222 280 H200 Z", t.accent_dark)
            + area("M200 366 L222 280 H178 Z", METAL)
            + area("M200 366 L222 280 H200 Z", METAL_DARK),
            y=280,
        )
        + disc(200, 280, 12, INK)
        + disc(200, 280, 5, METAL_LIGHT)
        + line("M118 216 A104 104 0 0 1 160 184", CREAM, 7, opacity=0.9)
    )


def map_(t: Tones, seed: int) -> str:
    """A folded paper map with a dashed trail and a pin."""
    turn = seed % 2
    return (
        shadow(60, 340)
        + area("M60 150 L130 118 L202 150 L272 118 L342 150 V404 L272 372 L202 404 L130 372 L60 404 Z", CREAM)
        + area("M60 150 L130 118 V372 L60 404 Z", t.light)
        + area("M202 150 L272 118 V372 L202 404 Z", t.light)
        + area("M130 118 L202 150 V404 L130 372 Z", mixed := t.base)
        + area("M272 118 L342 150 V404 L272 372 Z", mixed)
        + area("M60 330 C90 300 110 318 130 304 L130 372 L60 404 Z", "#8db9c4")
        + area("M130 304 C156 292 176 330 202 326 V404 L130 372 Z", "#74a3b1")
        + area("M202 326 C230 322 246 346 272 340 V372 L202 404 Z", "#8db9c4")
        + area("M60 190 C90 200 108 168 130 176 V118 L60 150 Z", LEAF, opacity=0.75)
        + line(
            "M148 190 C164 176 180 196 190 188 M146 210 C166 196 182 216 194 206 M224 186 C240 170 250 186 262 172",
            t.deep,
            3,
            opacity=0.7,
        )
        + line("M286 300 C300 286 318 304 330 294 M284 320 C300 306 318 324 332 314", t.deep, 3, opacity=0.7)
        + line(
            "M80 290 C120 230 150 270 186 250 S240 230 258 262 S300 240 314 208"
            if turn
            else "M84 282 C110 220 150 300 190 262 S250 290 300 206",
            CREAM,
            9,
        )
        + line(
            "M80 290 C120 230 150 270 186 250 S240 230 258 262 S300 240 314 208"
            if turn
            else "M84 282 C110 220 150 300 190 262 S250 290 300 206",
            t.accent,
            6,
            dash="3 12",
        )
        + area("M306 206 C270 160 276 116 306 114 C336 116 342 160 306 206 Z", t.accent)
        + area("M306 206 C342 160 336 116 306 114 C326 140 324 170 306 206 Z", t.accent_dark)
        + disc(306, 150, 12, CREAM)
    )


def binoculars(t: Tones, seed: int) -> str:
    barrel = (
        area("M108 146 H176 L186 230 C192 300 192 350 188 396 H84 C78 350 80 290 92 236 Z", t.base)
        + area("M152 146 H176 L186 230 C192 300 192 350 188 396 H154 C160 330 160 230 152 146 Z", t.dark)
        + area("M96 232 H186 L188 262 H90 Z", t.accent if seed % 2 else t.light)
        + box(102, 112, 80, 42, INK, corner=12)
        + box(98, 140, 88, 16, t.deep, corner=6)
        + box(74, 382, 124, 38, INK, corner=12)
        + oval(136, 402, 46, 10, "#86b6c4")
        + oval(124, 400, 20, 5, CREAM, opacity=0.8)
        + line("M104 280 C98 310 98 340 100 366", t.light, 7)
    )
    return (
        shadow(76, 324)
        + line(
            "M96 196 C40 120 60 60 120 66 M304 196 C360 120 340 60 280 66 M120 66 C170 72 230 72 280 66",
            LEATHER_DARK,
            9,
        )
        + box(176, 206, 48, 110, t.deep, corner=10)
        + box(184, 176, 32, 62, METAL_DARK, corner=8)
        + several(line(f"M186 {y} H214", METAL_LIGHT, 3) for y in (190, 202, 214, 226))
        + barrel
        + mirrored(barrel)
    )
