"""What carries, ties and steadies on the way."""

from frontend.drawings.pen import (
    CREAM,
    INK,
    LEATHER,
    METAL,
    METAL_DARK,
    METAL_LIGHT,
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


def backpack(t: Tones, seed: int) -> str:
    """Even seeds have a lid and a mat; odd ones roll shut."""
    return (
        shadow(100, 300)
        + line("M112 250 C84 290 84 340 104 384", t.deep, 16)
        + line("M288 250 C316 290 316 340 296 384", t.deep, 16)
        + line("M180 116 C180 84 220 84 220 116", t.deep, 9)
        + box(104, 130, 192, 290, t.base, corner=46)
        + area("M232 130 H250 C276 130 296 150 296 176 V374 C296 400 276 420 250 420 H232 Z", t.dark)
        + box(84, 318, 38, 88, t.dark, corner=14)
        + box(278, 318, 38, 88, t.deep, corner=14)
        + (_roll_top(t) if seed % 2 else _lid(t))
        + box(136, 282, 128, 110, t.light, corner=20)
        + area("M136 302 C136 291 145 282 156 282 H244 C255 282 264 291 264 302 V316 H136 Z", t.base)
        + line("M150 318 H250", t.deep, 4)
        + box(192, 310, 16, 26, t.accent, corner=4)
    )


def _lid(t: Tones) -> str:
    return (
        box(78, 96, 244, 44, t.accent, corner=22)
        + disc(300, 118, 22, t.accent_dark)
        + disc(300, 118, 11, t.accent)
        + line("M130 92 V250 M270 92 V250", LEATHER, 9)
        + area(
            "M104 172 C104 132 150 126 200 126 C250 126 296 132 296 172 V214 C296 226 286 232 276 232 H124 "
            "C114 232 104 226 104 214 Z",
            t.light,
        )
        + line("M140 232 V262 M260 232 V262", LEATHER, 11)
        + box(131, 244, 18, 16, METAL_LIGHT, corner=4)
        + box(251, 244, 18, 16, METAL_LIGHT, corner=4)
    )


def _roll_top(t: Tones) -> str:
    return (
        box(110, 104, 180, 44, t.light, corner=18)
        + line("M120 126 H280", t.deep, 4, opacity=0.5)
        + line("M140 148 C160 200 180 220 196 252", LEATHER, 10)
        + line("M260 148 C240 200 220 220 204 252", LEATHER, 10)
        + box(188, 240, 24, 24, METAL_LIGHT, corner=6)
        + box(194, 246, 12, 12, t.base, corner=3)
    )


def duffel(t: Tones, seed: int) -> str:
    return (
        shadow(50, 350)
        + line("M142 250 C142 150 258 150 258 250", t.deep, 13)
        + box(40, 222, 320, 198, t.base, corner=76)
        + area("M284 222 C330 222 360 256 360 300 V344 C360 388 330 420 284 420 C306 380 306 262 284 222 Z", t.dark)
        + area("M116 222 C70 222 40 256 40 300 V344 C40 388 70 420 116 420 C94 380 94 262 116 222 Z", t.light)
        + line("M104 240 H296", t.deep, 5)
        + line("M112 240 H288", CREAM, 3, dash="2 7")
        + area("M130 222 H154 V420 H130 Z", t.accent if seed % 2 else LEATHER)
        + area("M246 222 H270 V420 H246 Z", t.accent if seed % 2 else LEATHER)
        + line("M142 252 C142 186 258 186 258 252", t.accent if seed % 2 else LEATHER, 13)
        + box(176, 188, 48, 24, t.accent_dark, corner=8)
        + box(172, 306, 56, 62, t.light, corner=8)
        + line("M172 326 H228", t.deep, 4)
        + disc(56, 300, 9, METAL_LIGHT)
        + disc(344, 300, 9, METAL)
    )


def dry_bag(t: Tones, seed: int) -> str:
    return (
        shadow(110, 290)
        + line("M116 148 C70 220 84 330 118 372", t.deep, 11)
        + area("M112 176 H288 C296 250 300 340 290 404 C286 424 114 424 110 404 C100 340 104 250 112 176 Z", t.base)
        + area("M240 176 H288 C296 250 300 340 290 404 C288 414 262 420 232 420 C246 340 248 250 240 176 Z", t.dark)
        + area("M136 190 C130 260 130 330 136 392", t.light)
        + line("M138 200 C132 260 132 330 138 388", t.light, 10)
        + box(96, 118, 208, 34, t.dark, corner=12)
        + box(96, 140, 208, 30, t.light, corner=12)
        + line("M106 156 H294", t.deep, 3, opacity=0.5)
        + area("M112 168 H288 V182 H112 Z", t.deep, opacity=0.4)
        + line("M180 118 C180 88 220 88 220 118", t.deep, 10)
        + box(182, 98, 36, 30, INK, corner=8)
        + box(192, 106, 16, 14, t.accent, corner=4)
        + (
            area("M200 250 L246 330 H154 Z", t.accent) + area("M200 250 L218 282 H182 Z", CREAM)
            if not seed % 2
            else disc(200, 296, 40, t.accent) + line("M172 302 q14 -14 28 0 t28 0", CREAM, 7)
        )
    )


def rope(t: Tones, seed: int) -> str:
    coils = ((0, t.dark), (1, t.base), (2, t.dark), (3, t.base), (4, t.light))
    return (
        shadow(110, 290)
        + several(_coil(t, i, colour) for i, colour in coils)
        + several(
            line(
                f"M128 {176 + i * 19} C170 {190 + i * 19} 230 {190 + i * 19} 274 {174 + i * 19}",
                t.base if i % 2 else t.light,
                18,
            )
            for i in range(4)
        )
        + several(
            line(
                f"M132 {178 + i * 19} C170 {190 + i * 19} 230 {190 + i * 19} 270 {176 + i * 19}",
                t.accent,
                4,
                dash="6 16",
            )
            for i in range(4)
        )
        + line("M270 232 C316 250 322 330 300 398", t.base, 15)
        + line("M270 232 C316 250 322 330 300 398", t.accent, 4, dash="7 15")
        + line("M300 398 l-3 12", INK, 15)
        + (
            turned(
                18,
                box(176, 78, 52, 96, METAL, corner=26)
                + box(188, 90, 28, 72, t.panel, corner=14)
                + line("M222 112 V144", METAL_DARK, 7),
                y=126,
            )
            if seed % 2
            else ""
        )
    )


def _coil(t: Tones, turn: int, colour: str) -> str:
    middle, height, across, down = 200 + (turn - 2) * 9, 278 + turn % 2 * 6, 112 - turn * 15, 140 - turn * 14
    return ring(middle, height, across, down, colour, 15) + ring(middle, height, across, down, t.accent, 4, dash="7 15")


def trekking_poles(t: Tones, seed: int) -> str:
    pole = (
        line("M200 120 V300", t.base, 13)
        + line("M204 150 V296", t.dark, 4)
        + line("M200 296 V416", METAL, 8)
        + box(191, 284, 18, 26, t.accent, corner=5)
        + oval(200, 396, 26, 8, INK)
        + area("M194 412 H206 L200 430 Z", METAL_DARK)
        + line("M206 84 C246 84 244 146 206 140", t.deep, 6)
        + box(188, 74, 24, 78, WOOD_LIGHT if seed % 2 else INK, corner=10)
        + line("M190 108 H210 M190 122 H210 M190 136 H210", WOOD_DARK if seed % 2 else METAL_DARK, 3)
        + oval(200, 76, 17, 11, t.accent)
    )
    return shadow(130, 270) + turned(15, pole, y=250) + turned(-15, mirrored(pole), y=250)
