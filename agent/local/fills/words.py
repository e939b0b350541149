"""Slots that are filled with words, days and amounts: reasons, what happened, what to search for, how many."""

from collections.abc import Callable

from agent.local.asides import told_reason
from agent.local.dates import spans
from agent.local.filling import Filling, Run
from agent.local.wording import sentences

LONGEST = 200  # characters of the customer's own words that go on a card


def mentioned(name: str) -> Callable[[Filling], Run]:
    """A filling with what the newest message names of this kind, as it is; never asked for by itself."""

    def fill(f: Filling) -> Run:
        yield from ()
        return next((value for m in f.heard if (value := getattr(m, name, None)) is not None), None)

    return fill


def fill_query(f: Filling) -> Run:
    """The words to search for."""
    yield from ()
    for text, m in zip(f.texts, f.heard, strict=True):
        if words := f.reader.query(text):
            # A long sentence around a thing searches worse than the thing itself.
            return words if len(words.split()) <= 3 or not m.items else " ".join((*m.colours, *m.items))
    return None


def fill_reason(f: Filling) -> Run:
    """Why: one of the known reasons where the words lead to it, else the answer as typed."""
    yield from ()
    answer = f.answer.strip()[:LONGEST]
    # The name of a thing alone is no reason; the question is asked again.
    bare = bool(f.reader.read(answer).items) and len(answer.split()) <= 2
    told = next((m.reason for m in f.heard if m.reason), None) or ("" if bare else answer)
    told = told or (told_reason(f.texts, f.reader) or "" if f.slot.required else "")
    if told or not f.slot.required:
        return told or None
    if f.out_of_season() or f.slot.otherwise == "said":
        return f.task.said[0][:LONGEST]
    return f.ask(choices=f.slot.offered(f.language) or tuple(f.reader.words.reason_choices[f.language]))


def fill_words(f: Filling) -> Run:
    """What happened, in the customer's own words: the answer, or the sentence that tells it already."""
    yield from ()
    if answer := f.answer.strip():
        return answer[:LONGEST]
    for text, m in zip(f.texts, f.heard, strict=True):
        if m.reason:
            told = [s for s in sentences(text) if f.reader.read(s).reason]
            return (told[0] if told else text)[:LONGEST]
    if f.out_of_season() or f.slot.otherwise == "said":
        return f.task.said[0][:LONGEST]
    return told_reason(f.texts, f.reader) or f.ask()


def fill_date(f: Filling) -> Run:
    """The first day that was named, as YYYY-MM-DD."""
    yield from ()
    days = [span for m in f.heard for phrase in m.dates if (span := spans(phrase, f.today))]
    return days[0].first.isoformat() if days else None


def fill_email(f: Filling) -> Run:
    """The e-mail address that was typed."""
    yield from ()
    return next((m.emails[0] for m in f.heard if m.emails), None)


def fill_summary(f: Filling) -> Run:
    """What the conversation was about, in the customer's own words, for the person who takes over."""
    yield from ()
    words = " / ".join((*f.memory.heard[-3:], f.task.said[-1]))
    about = f" (order {f.memory.order})" if f.memory.order else ""
    return f"{words[:400]}{about}"
