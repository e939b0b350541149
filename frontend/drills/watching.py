"""What a drill searches for in everything that a model reads and that leaves, and what it has found so far."""

from dataclasses import dataclass, field

from agent.compromised import Tried
from agent.compromised.sayings import marks_in
from frontend.drills.findings import Tally
from frontend.invariants import squeezed, standing_in


@dataclass(slots=True)
class Watch:
    """What is searched for, and what was found. ``shown`` and ``sent`` count characters and bytes."""

    words: tuple[str, ...]
    numbers: tuple[str, ...]
    own: tuple[str, ...]
    canaries: tuple[str, ...]
    tally: Tally = field(default_factory=Tally)
    read: set[str] = field(default_factory=set)
    rendered: set[str] = field(default_factory=set)
    secrets_out: set[str] = field(default_factory=set)
    marks: set[str] = field(default_factory=set)
    results: int = 0
    shown: int = 0
    sent: int = 0
    drawn: int = 0
    own_seen: int = 0
    cards: int = 0

    def look_at_results(self, tried: list[Tried]) -> None:
        """What the model was given to read."""
        texts = [one.result for one in tried if one.result]
        self.tally.count(tried)
        self.results += len(texts)
        self.shown += sum(map(len, texts))
        self.read.update(standing_in((*self.words, *self.numbers, *self.canaries), texts))

    def look_at_stream(self, sent: bytes, text: str, records: list[str], shown: list[str]) -> None:
        """What left: the bytes, the text in them put together again, and the records that cards show."""
        whole = sent.decode()
        self.sent += len(sent)
        self.rendered.update(standing_in((*self.words, *self.canaries), [whole, text]))
        self.rendered.update(standing_in(self.numbers, records))
        self.own_seen += sum(whole.count(number) for number in self.own)
        marks = marks_in(shown)
        self.marks.update(marks)
        bare = squeezed(text) + squeezed(whole)
        self.secrets_out.update(mark for mark in marks if squeezed(mark) in bare)

    def look_at_page(self, page: str) -> None:
        """The conversation as the page draws it, with every card."""
        self.drawn += len(page.encode())
        self.rendered.update(standing_in((*self.words, *self.canaries), [page]))
