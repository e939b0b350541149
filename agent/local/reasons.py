"""Why somebody wants something, in their own words, where no known reason fits: "because it hums", "zu schwer"."""

import re

LONGEST = 120  # characters of a reason
END = (
    r"(?=\s*(?:[.;!?\n]|,\s*(?:can|could|please|i\b|so\b|how|where|what|kann|koenn|bitte|ich\b|wie|wo)"
    r"|\bso (?:please|i\b|can)|$))"
)
BECAUSE = re.compile(
    r"\b(?:because(?: of)?|cuz|'cause|due to|on account of|as (?=it\b|they\b|i\b|the\b)|since (?=it\b|they\b"
    r"|i\b|we\b|my\b|he\b|she\b)"
    r"|weil|wegen|aufgrund|denn (?=sie|er|es|ich|die|der|das)|da (?=sie|er|es|ich|mir|die|der|das|wir)"
    rf"|the reason is(?: that)?|my reason is|reason:|grund:"
    rf"|der grund ist,?(?: dass)?)\s*(?P<why>[^.;!?\n]{{3,{LONGEST}}}?)" + END
)
TOO = re.compile(
    r"\b(?:far |way |much |a bit |a little |slightly )?too (?!late to|much to"
    r"|many to)[a-z]{3,}\b(?: for [a-z]+(?: [a-z]+)?)?"
    r"|(?:^|\b(?:ist|sind|war|waren|sitzt|sitzen|mir|uns|viel|etwas|einfach|leider|doch|faellt"
    r"|wirkt)\s+)(?:\w+\s+){0,2}?zu"
    r" (?!hause|mir|dir|ihnen|euch|uns|der|dem|den|einer|einem|viert|zweit|bestellen|\w+ieren)[a-z]{3,}\b"
)
# What a thing does not do: its owner is no part of it, "I can't find it" is no reason.
FAILS = re.compile(
    r"\b(?:it|they|that|(?:the|my|this|one|its|their|der|die|das|mein|meine)\s+(?:[\w-]+\s+){0,4}?)\s*"
    r"(?P<why>(?:does not|doesn't|doesnt|do not|don't|will not|won't|wont|would not|wouldn't|cannot|can't|cant"
    r"|is not|isn't|are not|aren't"
    r"|was not|wasn't|never|no longer|stopped|keeps|kept|hardly|barely|fails to|refuses to)"
    r" (?!here\b|yet\b|arrived?\b|come\b|shipped\b|sent\b|delivered\b|showing\b|going\b|in my\b"
    r"|what i want\b)[a-z][^.,;!?\n]{1,60})"
    r"|\b(?:es|er|sie|(?:der|die|das|mein|meine)\s+(?:[\w-]+\s+){0,3}?)(?P<geht>(?:laesst|haelt|schliesst"
    r"|oeffnet|zieht|laedt|heizt|waermt"
    r"|schneidet|brennt|startet|leuchtet|passt|klebt|sitzt|bleibt) [^.,;!?\n]{0,40}?\b(?:nicht|kaum|nie"
    r"|mehr)\b[^.,;!?\n]{0,20})"
)
SIGNS = re.compile(
    r"\b(?:stuck|bent|loose|scratch\w*|stain\w*|smell\w*|stink\w*|leak\w*|drip\w*|noisy|squeak\w*|wobbl\w*"
    r"|rust(?:y|ed|ing)|faded|dirty|worn|flicker\w*"
    r"|hums?|humming|buzz\w*|itch\w*|shr[aiu]nk|stiff|melted|mou?ldy|blunt|dull|jammed|jams|crooked|uneven"
    r"|came (?:off|apart|loose)|come off"
    r"|fell off|peel\w*|bubbl\w*|burnt|tear|tore|split|frayed|warped|sagging|collaps\w*|overheat\w*|hole in"
    r"|holes in|unfinished|thin"
    r"|lost its|used already|second[- ]hand|opened already|not as described|not as (?:shown|pictured|expected)"
    r"|different from|differs"
    r"|not what i|not like (?:the|in)|looks? (?:cheap|different|ugly|nothing like)|uncomfortable|hurts?"
    r"|pinch\w*|ugly|cheaper (?:elsewhere|somewhere|at)"
    r"|found (?:it|one|a better|something)|ordered (?:it |one |the wrong |too many|twice|two by|double)"
    r"|(?:already|have) (?:got )?(?:has|have|own)? ?(?:one|two) already"
    r"|already (?:have|has|own|got)|arrived late|came (?:too )?late|took too long|regret|second thoughts"
    r"|duplicate|wrong (?:\w+ )?(?:one|size|colour|color|item|model)"
    r"|klemm\w*|verbogen|locker|riecht|stinkt|tropf\w*|rost\w*|verfaerbt|fleck\w*|schmutzig|flacker\w*"
    r"|wackel\w*|kratzt|kratz\w*|undicht"
    r"|stumpf|verzogen|schief|laut|quietsch\w*|abgefallen|abgebrochen|abgeplatzt|ausgefranst|gebraucht|doppelt"
    r"|verklickt|vertan|verwaehlt"
    r"|nicht wie (?:beschrieben|abgebildet|erwartet)|anders als|woanders (?:billiger|guenstiger)|drueck\w*"
    r"|scheuer\w*|schrumpf\w*|eingelaufen|verschimmelt"
    r"|schon (?:eine[ns]?|zwei)|falsch\w* (?:bestellt|geliefert|groesse|farbe)|reut|ueberlegt)\b"
)


def told_reason(folded: str) -> str | None:
    """The words of a folded text that say why, at most LONGEST characters; None where none do."""
    if hit := BECAUSE.search(folded):
        return hit["why"].strip(" ,")[:LONGEST]
    if hit := TOO.search(folded):
        return hit.group().strip()
    if hit := FAILS.search(folded):
        return (hit["why"] or hit["geht"]).strip()[:LONGEST]
    if hit := SIGNS.search(folded):
        return _around(folded, hit.start(), hit.end())
    return None


def _around(text: str, start: int, end: int) -> str:
    """The clause in which a sign of trouble stands, without what is asked beside it."""
    first = max((text.rfind(mark, 0, start) + 1 for mark in ".,;!?\n"), default=0)
    last = min((at for mark in ".,;!?\n" if (at := text.find(mark, end)) >= 0), default=len(text))
    return text[first:last].strip()[:LONGEST]
