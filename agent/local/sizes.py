"""Options as they are said: sizes in letters, words and numbers, measures, and shades beyond the plain colours."""

import re
from collections.abc import Mapping

from agent.local.numbers import NUMBER
from agent.local.wording import fold

_LETTER = r"(?:xxs|xs|s|m|l|xl|xxl|xxxl|2xl|3xl)"
_ASKED = (
    r"(?:in|size|sizes|groesse|gr\.?|an?|the|to|into|als|auf|eine?n?|want|need|wants|needs|is|take|takes|wear"
    r"|wears|brauche|nehme"
    r"|trage|statt|of|or|oder|and|und|eu|make|from|von|not|nicht|for|fuer)"
)
LETTERS = re.compile(
    rf"\b{_ASKED}\s+(?:(?:an?|the|size|groesse|gr\.?|eine?[nmr]?|der|die|it|us|eu)\s+)*(?P<size>{_LETTER})(?![\w'])"
)
# A capital letter alone is a size, unless it is what a measure or an apostrophe leaves ("40 L", "IT'S").
CAPITALS = re.compile(r"(?<![\w'’.&\-])(?<!\d\s)(?:XXS|XS|S|M|L|XL|XXL|XXXL|2XL|3XL)(?![\w'’&])")
WORDED = re.compile(
    r"(?<!too )(?<!zu )(?<!so )(?<!very )(?<!sehr )\b(?:(?:extra|x)[\s-]+)?(?:small|medium|large"
    r"|mittel(?:gross)?|klein|gross)\b"
    r"|\bin (?:the |der )?(?:long|short|regular|tall|wide|narrow|lang|kurz|normal)\b"
    r"|\b(?:long|short|regular|tall|wide|narrow) (?:one|version|length|size|fit)\b"
    r"|\b(?:left|right)[\s-]handed\b|\b(?:king|queen|single|double)[\s-]size\b"
)
NUMBERED = re.compile(
    r"\b(?:size|sizes|groesse|gr\.?|eu|uk|us)\s*(?:is\s+|a\s+|eu\s+)?(?P<any>\d{1,2}(?:[.,]5"
    r"|\s?1/2)?(?:\s?[-–/]\s?\d{2})?)\b(?!\s?(?:[a-z]\b|%|€))"
    r"|\b(?:in|an?|the|to|into|need|want|wear|take|auf|als|statt|of|or|oder|brauche|trage|nehme|from|von|not"
    r"|nicht|der|die|eine?)\s+"
    r"(?:an?\s+|the\s+|der\s+|die\s+|eine\s+)?(?P<shoe>(?:3[4-9]|4[0-9]|50)(?:[.,]5"
    r"|\s?1/2)?(?:\s?[-–]\s?\d\d)?)(?:er)?\b"
    r"(?!\s*(?:[%€$£]|[.,]\d|[a-z]{2,}s\b|l\b|-?lit|[ -]?person|cm\b|kg\b|ml\b|m\b|g\b|days?\b|tage|euros?\b"
    r"|eur\b|of\b|st\b|nd\b|rd\b|th\b|x\b|stueck))"
    r"|\b(?P<er>3[4-9]|4[0-9])er\b"
)
MEASURED = re.compile(
    rf"\b(?P<count>\d{{1,4}}(?:[.,]\d+)?|{NUMBER})(?P<join>\s?-?)(?P<unit>litres?|litern?|liters|ltr|l|ml|cm|mm"
    rf"|metres?|meters?|meter|m|kg|g|grams?"
    r"|gramm|watts?|w|inch(?:es)?|zoll|persons?|people|personen|man|leute|pieces?|teilig|piece set)\b(?!')"
)
UNIT = {"litre": "l", "litern": "l", "liter": "l", "ltr": "l", "metre": "m", "meter": "m", "gram": "g", "watt": "w"}
# Names of shades that shops give their goods, to the English one.
_SHADES = """
olive teal turquoise violet lilac charcoal burgundy mint ivory khaki gold golden silver copper bronze moss pine
ochre plum slate heather crimson maroon magenta cyan indigo aqua peach coral mustard anthracite petrol taupe natural
coal brick birch straw buoy fog
"""
SHADES = {name: name for name in _SHADES.split()}
SHADES |= {
    "tuerkis": "turquoise",
    "violett": "violet",
    "lila": "violet",
    "silber": "silver",
    "golden": "gold",
    "kupfer": "copper",
    "oliv": "olive",
    "moos": "moss",
    "kiefer": "pine",
    "anthrazit": "anthracite",
    "natur": "natural",
    "rosa": "pink",
    "schiefer": "slate",
    "elfenbein": "ivory",
}
TONED = re.compile(r"\b(?P<tone>dark|light|bright|pale|deep|dunkel|hell)(?P<join>[\s-]?)(?P<colour>[a-z]{3,10})\b")
TONE = {"dunkel": "dark", "hell": "light"}


def named_sizes(text: str, colours: Mapping[str, str]) -> tuple[str, ...]:
    """The sizes, measures and shades in a text, in order, in small letters: 'xl', 'medium', '40 l', 'dark blue'."""
    folded = fold(text)
    found = [(hit.start("size"), hit["size"]) for hit in LETTERS.finditer(folded)]
    if not text.isupper():
        found += [(hit.start(), fold(hit.group())) for hit in CAPITALS.finditer(text)]
    found += [(hit.start(), re.sub(r"^in (?:the |der )?", "", hit.group())) for hit in WORDED.finditer(folded)]
    found += [(hit.start(), hit["any"] or hit["shoe"] or hit["er"]) for hit in NUMBERED.finditer(folded)]
    found += [(hit.start(), _measure(hit)) for hit in MEASURED.finditer(folded)]
    found += [(hit.start(), _toned(hit, colours)) for hit in TONED.finditer(folded) if _shade(hit["colour"], colours)]
    found += [(hit.start(), SHADES[hit.group()]) for hit in re.finditer(r"[a-z]+", folded) if hit.group() in SHADES]
    return tuple(dict.fromkeys(size for _, size in sorted(found)))


def without_sizes(folded: str) -> str:
    """A folded text without the numbers of its sizes, so that "two in 43" counts two."""
    return NUMBERED.sub(lambda hit: re.sub(r"\d", " ", hit.group()), folded)


def _measure(hit: "re.Match[str]") -> str:
    unit = hit["unit"].rstrip("s") if len(hit["unit"]) > 2 else hit["unit"]
    return f"{hit['count']} {UNIT.get(unit, unit)}"


def _shade(word: str, colours: Mapping[str, str]) -> str | None:
    return next(
        (name for form in (word, word[:-1], word[:-2]) if (name := colours.get(form) or SHADES.get(form))), None
    )


def _toned(hit: "re.Match[str]", colours: Mapping[str, str]) -> str:
    return f"{TONE.get(hit['tone'], hit['tone'])} {_shade(hit['colour'], colours)}"
