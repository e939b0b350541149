"""Whole numbers in words and digits, English and German, up to a few thousand."""

import re

ONES = {
    name: value
    for value, names in enumerate(
        (
            "zero null",
            "one ein eins eine einen",
            "two zwei zwo",
            "three drei",
            "four vier",
            "five fuenf",
            "six sechs",
            "seven sieben",
            "eight acht",
            "nine neun",
            "ten zehn",
            "eleven elf",
            "twelve zwoelf",
            "thirteen dreizehn",
            "fourteen vierzehn",
            "fifteen fuenfzehn",
            "sixteen sechzehn",
            "seventeen siebzehn",
            "eighteen achtzehn",
            "nineteen neunzehn",
        )
    )
    for name in names.split()
}
TENS = {
    name: value * 10
    for value, names in enumerate(
        (
            "twenty zwanzig",
            "thirty dreissig",
            "forty fourty vierzig",
            "fifty fuenfzig",
            "sixty sechzig",
            "seventy siebzig",
            "eighty achtzig",
            "ninety neunzig",
        ),
        start=2,
    )
    for name in names.split()
}
SMALL = {"dozen": 12, "dutzend": 12, "couple": 2, "pair": 2, "both": 2, "beide": 2, "paar": 2}
HUNDREDS = r"hundred|hundert|thousand|tausend"
_WORD = "|".join(sorted([*ONES, *TENS], key=len, reverse=True))
_GERMAN = "|".join(sorted((name for name, value in ONES.items() if 0 < value < 10), key=len, reverse=True))
_TENS = "|".join(sorted(TENS, key=len, reverse=True))
NUMBER = (
    rf"(?:\d{{1,4}}|(?:(?:{_WORD}|a|an)[\s-]+)?(?:{HUNDREDS})(?:\s*(?:and|und)?\s*(?:{_WORD}))?"
    rf"|(?:{_GERMAN})und(?:{_TENS})|(?:{_GERMAN})?(?:hundert|tausend)(?:{_WORD})?|(?:{_TENS})(?:[\s-](?:{_WORD}))?|(?:{_WORD}))"
)


def number_of(text: str) -> int | None:
    """The value of a number in digits or words ('21', 'twenty-one', 'einundzwanzig', 'two hundred and fifty')."""
    text = text.strip().casefold().replace("ß", "ss").replace("ü", "ue").replace("ö", "oe")
    if text.isdigit():
        return int(text)
    if text in SMALL:
        return SMALL[text]
    if hit := re.fullmatch(r"(.*?)(thousand|tausend|hundred|hundert)\s*(?:and|und)?\s*(.*)", text):
        times = 1 if hit[1].strip() in {"", "a", "an"} else number_of(hit[1])
        rest = number_of(hit[3]) if hit[3] else 0
        return None if times is None or rest is None else times * (100 if hit[2].startswith("h") else 1000) + rest
    if text in ONES:
        return ONES[text]
    if text in TENS:
        return TENS[text]
    if hit := re.fullmatch(rf"({_GERMAN})und({_TENS})", text):
        return TENS[hit[2]] + ONES[hit[1]]
    if hit := re.fullmatch(rf"({_TENS})[\s-]+({_WORD})", text):
        return TENS[hit[1]] + ONES[hit[2]]
    return None
