"""The shapes of a text: what looks like the shop's own bubbles, cards and buttons, and markup nobody should see."""

import re

OUTSIDE_LINK = "[link removed]"
_SPEAKERS = (
    r"(?:the\s+)?(?:shop|store|system|staff|clerk|admin|support|operator|moderator|harbor\s*(?:&|and|und)\s*pine"
    r"|laden|mitarbeiter|kundendienst|kundenservice|customer\s+(?:service|care)|from\s+the\s+record|aus\s+dem\s+protokoll)"
)
_VOICE = re.compile(
    rf"^\W{{0,4}}(?:(?:message|note|notice|hinweis|nachricht|meldung)\s+(?:from|of|by|von|vom|des)\s+(?:the\s+|dem\s+|der\s+)?)?"
    rf"{_SPEAKERS}\W{{0,3}}[:\]】›»>|–—]\W*",
    re.IGNORECASE,
)
# Frames, stamps and ticks are how a card or a bubble of the shop looks; a list needs none of them.
_DRAWN = re.compile(r"[─-▟■-◿✓-✘☐-☒✅❎❌🔒🔐📄🖊✍🧾🛡]|^\s{0,3}(?:[-=_*~#|+]\s?){5,}$|^\s{0,3}(?:>|\|.{0,300}\|\s*$)")
_BUTTON = re.compile(
    r"[\[({<【「]{1,2}\s{0,2}(?:click\s+(?:here\s+)?to\s+)?(?:confirm|sign|approve|pay|accept|agree|yes|no|ok|okay|cancel|submit"
    r"|continue|bestätigen|unterschreiben|zahlen|ja|nein|akzeptieren|weiter|abschicken|stornieren)"
    r"(?:\s+(?:here|now|it|refund|order|hier|jetzt))?\s{0,2}[\])}>】」]{1,2}"
    r"|\b(?:sign|click|tap|press|confirm|unterschreiben\s+sie|klicken\s+sie|tippen\s+sie)\s+(?:here|below|hier|unten)"
    r"(?=\s{0,2}(?:[.!:\])]|$|to\b|zum\b|um\b))"
    r"|\b(?:signature|unterschrift|approved\s+by|signed\s+by|authori[sz]ed\s+by|genehmigt\s+von|countersigned)\s{0,2}:"
    r"|_{4,}|\.{6,}\s*$",
    re.IGNORECASE,
)
_HEADLINE = re.compile(
    r"^\W{0,6}(?:refund|payment|order|cancellation|return|erstattung|zahlung|bestellung|stornierung|rückgabe)\s{1,2}"
    r"(?:confirmation|receipt|slip|approved|confirmed|complete[d]?|bestätigung|quittung|beleg|bestätigt|genehmigt)\b",
    re.IGNORECASE,
)
_LATIN, _LOOKALIKE = re.compile(r"[A-Za-z]"), re.compile(r"[Ͱ-ϿЀ-ӿԱ-֏]")  # Greek, Cyrillic, Armenian
_WORD = re.compile(r"\w+")
_IMAGE = re.compile(r"!\[[^\]]{0,200}\]?(?:\([^)\s]{0,2000}\)?|\[[^\]]{0,200}\]?)?")
_LINK = re.compile(r"\[([^\]]{0,200})\]\(([^)\s]{0,2000})[^)]{0,200}\)")
_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,2000}>?")
_URL = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\b(?:data|javascript|vbscript|mailto):|(?<![\w/])//(?=\w)|\bwww\.)[^\s<>\"')\]]*"
    r"|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,6}(?:com|net|org|io|info|biz|dev|app|xyz|site|online|shop|eu|de|uk|ru|cn|co|me|link)"
    r"\b(?:[:/?#][^\s<>\"')\]]*)?",
    re.IGNORECASE,
)


def takes_a_form(sentence: str) -> bool:
    """Whether a sentence is drawn like a card, a stamp or a button, or hides words in letters of another alphabet."""
    if _DRAWN.search(sentence) or _BUTTON.search(sentence) or _HEADLINE.match(sentence):
        return True
    return not sentence.isascii() and any(
        _LATIN.search(word[0]) and _LOOKALIKE.search(word[0]) for word in _WORD.finditer(sentence)
    )


def without_voice(sentence: str) -> str:
    """A sentence without the name of another voice before it: ``Shop:``, ``[System]``, ``Message from staff –``."""
    while (hit := _VOICE.match(sentence)) is not None:
        sentence = sentence[hit.end() :]
    return sentence


def without_markup(sentence: str) -> str:
    """A sentence without images, tags and links to other places; those within the shop stay as text."""
    said = sentence
    if "[" in said:
        said = _IMAGE.sub("", said)
        said = _LINK.sub(lambda hit: hit[1] if not hit[2].startswith("/") else f"{hit[1]} ({hit[2]})", said)
    return _URL.sub(OUTSIDE_LINK, _TAG.sub("", said) if "<" in said else said)
