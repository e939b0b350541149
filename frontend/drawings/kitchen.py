"""What cooks, pours and serves."""

from frontend.drawings.pen import (
    CREAM,
    INK,
    LEAF,
    LEAF_DARK,
    LEATHER,
    METAL,
    METAL_DARK,
    METAL_LIGHT,
    WOOD,
    WOOD_DARK,
    Tones,
    area,
    box,
    disc,
    line,
    oval,
    ring,
    several,
    shadow,
    turned,
)


def stove(t: Tones, seed: int) -> str:
    flames = several(
        area(f"M{x} 172 C{x - 16} 148 {x - 4} 132 {x} 112 C{x + 6} 132 {x + 16} 148 {x} 172 Z", c)
        for x, c in ((166, "#5b9fc9"), (200, "#7db7da"), (234, "#5b9fc9"))
    )
    return (
        shadow(120, 280)
        + flames
        + several(
            area(f"M{x} 172 C{x - 7} 160 {x - 2} 150 {x} 142 C{x + 3} 150 {x + 7} 160 {x} 172 Z", CREAM)
            for x in (166, 200, 234)
        )
        + line("M116 150 L134 152 L186 214 M284 150 L266 152 L214 214", METAL_DARK, 9)
        + line("M100 146 H132 M268 146 H300", METAL_DARK, 9)
        + area("M146 172 H254 L240 194 H160 Z", METAL)
        + area("M222 172 H254 L240 194 H216 Z", METAL_DARK)
        + box(184, 190, 32, 56, METAL_LIGHT, corner=4)
        + box(202, 190, 14, 56, METAL, corner=4)
        + line("M216 224 H276", METAL_DARK, 8)
        + line("M276 208 C296 208 296 240 276 240 Z", t.accent, 9)
        + area("M168 246 H232 L238 262 H162 Z", INK)
        + area(
            "M112 306 C112 274 144 260 200 260 C256 260 288 274 288 306 V392 C288 410 276 420 256 420 H144 "
            "C124 420 112 410 112 392 Z",
            t.base,
        )
        + area("M240 263 C272 268 288 282 288 306 V392 C288 410 276 420 256 420 H240 Z", t.dark)
        + line("M134 300 V380", t.light, 10)
        + area("M112 326 H288 V372 H112 Z", t.accent if seed % 2 else CREAM)
        + area("M240 326 H288 V372 H240 Z", t.accent_dark if seed % 2 else METAL_LIGHT)
        + area("M200 330 C182 350 186 366 200 368 C214 366 218 350 200 330 Z", t.dark)
    )


def pot(t: Tones, seed: int) -> str:
    return (
        shadow(80, 320)
        + line("M86 276 C42 276 42 330 88 330 M314 276 C358 276 358 330 312 330", t.deep, 15)
        + area("M80 246 H320 L312 384 C310 408 294 420 272 420 H128 C106 420 90 408 88 384 Z", t.base)
        + area("M262 246 H320 L312 384 C310 408 294 420 272 420 H244 C258 380 262 300 262 246 Z", t.dark)
        + line("M110 276 L116 372", t.light, 11)
        + area("M84 240 C96 176 304 176 316 240 Z", t.light)
        + area("M246 196 C288 204 312 220 316 240 H252 Z", t.base)
        + box(72, 234, 256, 18, t.deep, corner=9)
        + box(186, 168, 28, 22, t.deep, corner=4)
        + box(166, 148, 68, 26, WOOD, corner=12)
        + box(200, 148, 34, 26, WOOD_DARK, corner=12)
        + (area("M84 300 H316 L315 322 H86 Z", t.accent) if seed % 2 else "")
        + line("M150 130 C136 108 164 96 150 72 M250 130 C236 108 264 96 250 72", CREAM, 6, opacity=0.8)
    )


def kettle(t: Tones, seed: int) -> str:
    grip = t.accent if seed % 2 else WOOD
    return (
        shadow(96, 310)
        + line("M120 246 C104 96 296 96 280 246", METAL_DARK, 10)
        + line("M156 146 C180 130 220 130 244 146", grip, 24)
        + area("M268 330 C312 318 310 270 334 226 L362 236 C340 300 342 352 284 384 Z", t.dark)
        + box(324, 214, 46, 16, t.deep, corner=8)
        + area(
            "M122 262 C150 236 250 236 278 262 C308 310 314 370 302 400 C298 414 288 420 272 420 H128 "
            "C112 420 102 414 98 400 C86 370 92 310 122 262 Z",
            t.base,
        )
        + area(
            "M236 244 C254 247 268 253 278 262 C308 310 314 370 302 400 C298 414 288 420 272 420 H240 "
            "C264 370 262 300 236 244 Z",
            t.dark,
        )
        + line("M124 290 C108 324 108 360 114 386", t.light, 11)
        + area("M146 252 C160 224 240 224 254 252 C230 262 170 262 146 252 Z", t.light)
        + line("M142 254 C172 266 228 266 258 254", t.deep, 6)
        + disc(200, 222, 15, grip)
        + line("M374 196 C362 176 386 164 376 140", CREAM, 6, opacity=0.85)
        + several(
            disc(x, y, 3, CREAM, opacity=0.75)
            for x, y in ((150, 320), (190, 300), (170, 366), (212, 346), (226, 390), (146, 392), (200, 396))
        )
    )


def mug(t: Tones, seed: int) -> str:
    band = (
        several(
            disc(x, y, 4, CREAM, opacity=0.85)
            for x, y in (
                (120, 256),
                (158, 284),
                (130, 318),
                (176, 336),
                (208, 262),
                (196, 382),
                (140, 374),
                (226, 310),
                (232, 360),
            )
        )
        if seed % 3 == 0
        else area("M94 322 H266 V362 H96 Z", CREAM) + area("M94 336 H266 V348 H95 Z", t.accent)
        if seed % 3 == 1
        else area(
            "M92 300 C130 280 160 330 200 306 C226 292 250 300 270 308 L266 398 C264 412 254 420 240 420 H122 "
            "C108 420 98 412 96 398 Z",
            CREAM,
        )
    )
    return (
        shadow(90, 310)
        + line("M150 182 C132 154 168 138 150 106 M206 182 C188 154 224 138 206 106", CREAM, 7, opacity=0.8)
        + line("M268 262 C350 246 352 372 264 372", t.dark, 22)
        + line("M268 258 C340 246 342 366 264 368", t.base, 10)
        + area("M90 218 H272 L266 398 C264 412 254 420 240 420 H122 C108 420 98 412 96 398 Z", t.base)
        + band
        + area(
            ("M226 218 H272 L266 398 C264 412 254 420 240 420 H212 C228 360 230 280 226 218 Z"), t.deep, opacity=0.28
        )
        + oval(181, 218, 94, 20, t.light)
        + oval(181, 220, 82, 14, "#5b3b28")
        + oval(160, 218, 34, 5, "#8a6044")
    )


def bottle(t: Tones, seed: int) -> str:
    waist = 62 if seed % 2 else 74
    left, right = 200 - waist, 200 + waist
    return (
        shadow(left - 4, right + 4)
        + line("M178 96 C170 58 230 58 222 96", METAL_DARK, 10)
        + box(170, 92, 60, 46, METAL, corner=8)
        + box(204, 92, 26, 46, METAL_DARK, corner=8)
        + several(line(f"M{x} 102 V128", METAL_LIGHT, 3) for x in (180, 190))
        + area(
            f"M172 138 H228 V156 C228 176 {right} 176 {right} 222 V394 "
            f"C{right} 412 {right - 10} 420 {right - 26} 420 "
            f"H{left + 26} C{left + 10} 420 {left} 412 {left} 394 V222 C{left} 176 172 176 172 156 Z",
            t.base,
        )
        + area(
            f"M210 138 H228 V156 C228 176 {right} 176 {right} 222 V394 "
            f"C{right} 412 {right - 10} 420 {right - 26} 420 "
            f"H228 C238 340 236 220 210 156 Z",
            t.dark,
        )
        + line(f"M{left + 18} 226 V388", t.light, 10)
        + (
            area("M200 250 L236 312 H216 L242 352 H158 L184 312 H164 Z", CREAM) + box(193, 350, 14, 16, CREAM)
            if not seed % 2
            else box(left, 280, 2 * waist, 54, t.accent) + box(228, 280, waist - 28, 54, t.accent_dark)
        )
    )


def thermos(t: Tones, seed: int) -> str:
    return (
        shadow(116, 300)
        + line("M264 210 C330 200 330 344 264 336", t.deep, 17)
        + box(128, 176, 144, 244, t.base, corner=14)
        + area("M226 176 H258 C266 176 272 182 272 190 V406 C272 414 266 420 258 420 H226 Z", t.dark)
        + line("M148 214 V330", t.light, 11)
        + box(122, 168, 156, 22, METAL_DARK, corner=8)
        + area("M134 96 C134 78 146 72 160 72 H240 C254 72 266 78 266 96 V168 H134 Z", METAL_LIGHT)
        + area("M222 72 H240 C254 72 266 78 266 96 V168 H222 Z", METAL)
        + line("M136 150 H264", METAL_DARK, 4)
        + box(128, 356, 144, 40, t.accent if seed % 2 else CREAM)
        + box(226, 356, 46, 40, t.accent_dark if seed % 2 else METAL_LIGHT)
        + box(126, 404, 148, 18, METAL_DARK, corner=8)
        + (line("M140 376 l16 -10 l16 10 l16 -10 l16 10 l16 -10 l16 10 l16 -10", t.dark, 5) if not seed % 2 else "")
    )


def bowl(t: Tones, seed: int) -> str:
    return (
        shadow(110, 290)
        + (
            oval(160, 258, 40, 42, "#c9573c")
            + oval(236, 254, 44, 46, "#d9a441")
            + oval(202, 240, 38, 42, "#b5483a")
            + line("M202 202 C204 190 212 184 220 182", LEAF_DARK, 6)
            if not seed % 2
            else line("M262 268 L330 128", WOOD, 15) + line("M266 266 L330 134", WOOD_DARK, 5)
        )
        + area("M52 268 H348 C344 352 290 408 240 408 H160 C110 408 56 352 52 268 Z", t.base)
        + area("M282 268 H348 C344 352 290 408 240 408 H200 C258 388 284 330 282 268 Z", t.dark)
        + area(
            "M52 268 H348 C347 284 344 298 340 310 C320 330 306 296 286 314 "
            "C266 332 254 306 232 316 C210 328 196 300 172 316 "
            "C150 330 140 304 116 318 C98 328 76 308 60 312 C55 298 53 284 52 268 Z",
            CREAM,
        )
        + area("M282 268 H348 C347 284 344 298 340 310 C320 330 306 296 286 314 Z", METAL_LIGHT)
        + box(46, 260, 308, 15, t.light, corner=7)
        + area("M152 406 H248 L242 420 H158 Z", t.deep)
        + line("M92 340 C104 362 122 378 142 388", t.light, 8)
    )


def plate(t: Tones, seed: int) -> str:
    sprig = line("M168 318 C190 290 214 262 236 224", t.deep, 5) + several(
        turned(a, oval(x, y, 18, 8, t.dark), x=x, y=y)
        for x, y, a in (
            (176, 284, 20),
            (206, 292, -8),
            (194, 258, 22),
            (226, 266, -10),
            (212, 232, 22),
            (240, 216, -50),
        )
    )
    rings = several(ring(200, 266, r, r, t.deep, 3, opacity=0.5) for r in (36, 58, 78))
    return (
        shadow(120, 280)
        + oval(206, 270, 154, 152, t.deep, opacity=0.25)
        + disc(200, 266, 152, t.base)
        + area("M200 114 A152 152 0 0 1 200 418 C290 396 320 330 318 266 C316 190 280 134 200 114 Z", t.dark)
        + disc(200, 266, 106, t.dark)
        + disc(202, 268, 100, t.light)
        + (sprig if not seed % 2 else rings)
        + ring(200, 266, 145, 145, t.accent if seed % 2 else CREAM, 5)
        + line("M92 214 C104 184 126 160 152 146", CREAM, 8, opacity=0.6)
    )


def cutting_board(t: Tones, seed: int) -> str:
    return (
        shadow(100, 320)
        + line("M200 118 C150 60 250 40 204 112", LEATHER, 7)
        + (
            area(
                (
                    "M166 86 H234 C242 86 244 92 244 100 V160 C290 166 304 180 304 208 V388 C304 410 292 420 272 420 "
                    "H128 C108 420 96 410 96 388 V208 C96 180 110 166 156 160 V100 C156 92 158 86 166 86 Z"
                ),
                t.base,
            )
            if not seed % 2
            else disc(200, 286, 134, t.base) + box(166, 86, 68, 120, t.base, corner=20)
        )
        + (
            area(
                "M262 163 C294 170 304 184 304 208 V388 C304 410 292 420 272 420 H252 C268 350 270 250 262 163 Z",
                t.dark,
            )
            if not seed % 2
            else area("M200 152 C274 152 334 212 334 286 C334 360 274 420 206 420 C270 380 290 230 236 158 Z", t.dark)
        )
        + disc(200, 116, 13, t.panel)
        + line(
            (
                "M122 214 V388 M148 196 C140 260 156 320 146 396 M178 190 C186 250 "
                "170 330 180 398 M214 194 C206 260 222 330 212 396"
            ),
            t.light,
            4,
            opacity=0.75,
        )
        + disc(266, 378, 44, "#d8a22f")
        + disc(266, 378, 37, "#f7e3a0")
        + several(
            turned(i * 60, area("M266 374 L254 350 A28 28 0 0 1 278 350 Z", "#edc04e"), x=266, y=378) for i in range(6)
        )
        + several(
            turned(a, oval(x, y, 15, 7, LEAF_DARK if i % 2 else LEAF), x=x, y=y)
            for i, (x, y, a) in enumerate(((118, 404, -30), (142, 408, 20), (164, 402, -24)))
        )
    )
