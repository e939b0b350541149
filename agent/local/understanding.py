"""Understands one message: which requests are in it, each with its intent, how surely, and what else it could be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from agent.local.classifier import OUTSIDE, SENTENCE, Classifier, Verdict
from agent.local.clauses import ITS, Kind
from agent.local.cutting import ENOUGH, Piece, Signs, odds, pieces
from agent.local.embeddings import Encoder
from agent.local.intents import Intent
from agent.local.likeness import Floats
from agent.local.negation import Refusal, refusals_in, without_tail
from agent.local.slots import Mentions, Reader
from agent.local.wording import Words, clean

ACT, DOUBT = 0.6, 0.35  # From ACT on we act; from DOUBT on we ask which of two; below we say what we can do.
ACT_ON_CHANGE = 0.65  # For what changes something we want to be surer: a look that was not meant costs nobody anything.
MEMO = 256  # messages whose understanding is kept, since every turn reads the whole conversation again
SMALL_TALK = frozenset(
    {"greet", "thanks", "goodbye", "complaint", "out_of_scope", "my_name", "agree", "decline", "help"}
)
SALUTATION = frozenset({"my_name", "greet"})
UNSPLIT = frozenset({"which_order", "other_order", "never_mind", "injection", "how_did_it_go"})
# What only tells what happened, when a wish follows it: "the mug arrived broken and I want my money back" is one wish.
STORY = frozenset({"report_parcel", "claim_warranty", "where_is_order", "list_orders", "show_order", "how_did_it_go"})
TOLD_PLAINLY = frozenset({"report_parcel", "claim_warranty"})  # of those, what is a request without asking anything
WISH = frozenset({"refund_damaged", "exchange_item", "return_items", "reorder"})
# The second is what becomes of the first anyway, or what it is done for: the one that is meant stands on the right.
MEANT = {
    frozenset({"cancel_order", "refund_damaged"}): "cancel_order",
    frozenset({"return_items", "refund_damaged"}): "refund_damaged",
    frozenset({"return_items", "exchange_item"}): "exchange_item",
    frozenset({"return_question", "refund_status"}): "refund_status",
    frozenset({"claim_warranty", "policy_warranty"}): "claim_warranty",
    frozenset({"add_to_basket", "place_order"}): "place_order",
    frozenset({"search_product", "add_to_basket"}): "add_to_basket",
    frozenset({"search_product", "recommend"}): "recommend",
    frozenset({"where_is_order", "delivery_estimate"}): "where_is_order",
}
# What a "not" does not turn round: wishes that are themselves a refusal, and what only tells or asks.
UNTURNED = SMALL_TALK | UNSPLIT | {"change_preferences", "refund_status", "product_question", "search_product"}
LOOKING = frozenset({"search_product", "product_question"})  # of those, what is turned down beside something else
PERSON = "talk_to_person"
CALLS = 0.3  # share from which a complaint is a call for a person: whoever is angry and asks for one gets one
MEANS_IT = 0.4  # share from which what is turned down is taken for something that could have been done
SURE = 0.6  # share from which a half of a sentence counts as a wish of its own
APART = 0.6  # logarithm of the odds from which two pieces of a message are two requests
APART_ALONE = 1.4  # the same where n-grams understand alone: they are surer than they should be
TOLD = TOLD_PLAINLY | {"exchange_item", "return_items"}  # what needs no asking, when it is told clearly
CLEARLY = 0.9
PLAINLY = 0.75  # the share from which what lies outside the shop counts as asked for
MOST = 3  # requests of one message that are taken up


@dataclass(frozen=True, slots=True)
class Understanding:
    """One request: its intent and share (0-1), the runner-up and its share, what it names, its language, its words.

    The shares are those of the actions, whichever of an action's intents they fall to; the runner-up leads elsewhere.
    `outside` is the share (0-1) of its being none of the shop's business; from `acts_from` on we act on it.
    """

    intent: str
    confidence: float
    runner_up: str
    runner_up_confidence: float
    slots: Mentions
    language: str
    text: str
    outside: float = 0.0
    acts_from: float = ACT

    @property
    def band(self) -> str:
        """'act', 'doubt' or 'lost'."""
        return "act" if self.confidence >= self.acts_from else "doubt" if self.confidence >= DOUBT else "lost"

    def as_dict(self) -> dict[str, Any]:
        """For a command line: everything, with only the slots that were named."""
        data = asdict(self)
        data["slots"] = {name: value for name, value in data["slots"].items() if value and name != "words"}
        return data | {"band": self.band}


@dataclass(frozen=True, slots=True)
class Heard:
    """A piece of a message, what it is understood as, and the shares of all actions for it."""

    piece: Piece
    said: Understanding
    shares: Floats


class Understander:
    """From a message to the requests in it; pure but for a bounded memo."""

    def __init__(
        self,
        intents: Mapping[str, Intent],
        reader: Reader,
        *,
        encoder: Encoder | None = None,
        cache: Path | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.classifier = Classifier(intents, reader, encoder=encoder, cache=cache, progress=progress)
        self._reader = reader
        self._actions = {name: (it.tool or name, it.slots) for name, it in intents.items()}
        ends = [name if it.recalls else it.tool or name for name, it in intents.items()]
        # Row by row the intents that end in the same action as this one: their shares count together.
        self._ends = np.array([[one == other for other in ends] for one in ends], np.float32)
        careful = {name for name, it in intents.items() if it.changes and name != PERSON}
        self._acts_from = [ACT_ON_CHANGE if name in careful else ACT for name in intents]
        # lru_cache is safe between threads; it is bounded, in memory only, and `forget` empties it.
        self._kept = lru_cache(maxsize=MEMO)(self._split)

    @property
    def words(self) -> Words:
        """The vocabulary by which messages are cut."""
        return self._reader.words

    @property
    def voters(self) -> tuple[str, ...]:
        """What decides together on the meaning of a message."""
        return self.classifier.voters

    def requests(self, text: str) -> tuple[Understanding, ...]:
        """The requests in a message, in order: one unless two are clear. Small talk beside a wish is dropped."""
        return self._kept(clean(text))[0]

    def upset(self, text: str) -> bool:
        """Whether a part of the message is a complaint, beside what it asks for."""
        return self._kept(clean(text))[1]

    def forget(self) -> None:
        """Empties the memo, for example when a customer's key is destroyed."""
        self._kept.cache_clear()

    def one(self, text: str) -> Understanding:
        """The whole text as a single request."""
        return self.each([text])[0]

    def each(self, texts: Sequence[str]) -> list[Understanding]:
        """Each text as a single request; many at once cost hardly more than one."""
        cleaned = [clean(text) for text in texts]
        return [
            self._understood(text, verdict)
            for text, verdict in zip(cleaned, self.classifier.weigh(cleaned), strict=True)
        ]

    def _understood(self, text: str, verdict: Verdict) -> Understanding:
        names, shares = self.classifier.names, verdict.shares
        by_action = self._ends @ shares
        first = int(np.where(by_action >= by_action.max() - 1e-6, shares, -1).argmax())
        if names[first] == "complaint" and PERSON in names and shares[names.index(PERSON)] >= CALLS:
            first = names.index(PERSON)
            by_action[first] = max(by_action)
        second = int(np.where(self._ends[first] > 0, -1, shares).argmax())
        return Understanding(
            names[first],
            min(1.0, float(by_action[first])),
            names[second],
            float(shares[second]),
            self._reader.read(text),
            verdict.language,
            text,
            float(shares[names.index(OUTSIDE)]) if OUTSIDE in names else 0.0,
            self._acts_from[first],
        )

    def _split(self, text: str) -> tuple[tuple[Understanding, ...], bool]:
        """The requests of a message, and whether a piece of it is a complaint; every text is read once, in one go."""
        text = without_tail(text) or text
        refusals = refusals_in(text)
        cut = pieces(text, self._reader.words)
        refused = [said for refusal in refusals for said in (refusal.what, refusal.rest) if said]
        parts, whole, read = self._heard(text, cut, refused)
        upset = any(part.said.intent == "complaint" and part.said.band == "act" for part in parts)
        for refusal in refusals:
            if (left := self._left_of(refusal, read, whole.said)) is not None:
                return left, upset
        if len(parts) < 2:
            return (whole.said,), upset
        return self._parted(text, parts, whole), upset

    def heard(self, text: str, cut: Sequence[Piece]) -> tuple[list[Heard], Heard]:
        """The pieces of a clean text, and the whole of it, as they are understood."""
        return self._heard(text, cut, ())[:2]

    def _heard(
        self, text: str, cut: Sequence[Piece], others: Sequence[str]
    ) -> tuple[list[Heard], Heard, dict[str, Understanding]]:
        """The pieces, the whole, and every text that was read with them."""
        texts = list(dict.fromkeys([text, *(piece.text for piece in cut), *others]))
        verdicts = dict(zip(texts, self.classifier.weigh(texts), strict=True))
        read = {said: self._understood(said, verdict) for said, verdict in verdicts.items()}
        whole = Piece(text, 0, len(text), "start", Kind.NAMES)
        every = [Heard(piece, read[piece.text], self._ends @ verdicts[piece.text].shares) for piece in (*cut, whole)]
        return every[:-1], every[-1], read

    def _left_of(
        self, refusal: Refusal, heard: Mapping[str, Understanding], whole: Understanding
    ) -> tuple[Understanding, ...] | None:
        """What a message means once what it turns down is left out; None when it turns down nothing we could do."""
        refused, rest = heard[refusal.what], heard.get(refusal.rest)
        # "Not looking for a lamp, I want to know its rating": only beside something else is a search turned down.
        beside = refused.intent in LOOKING and rest is not None and rest.confidence >= SURE
        if refused.confidence < MEANS_IT or (refused.intent in UNTURNED and not beside):
            return None
        if (
            rest is not None
            and rest.confidence >= DOUBT
            and (rest.intent not in SMALL_TALK or (rest.intent == OUTSIDE and rest.confidence >= PLAINLY))
            and len(rest.slots.words) > 1
        ):
            return self._split(rest.text)[0]
        if not refusal.firm or whole.intent != refused.intent or "decline" not in self._actions:
            return None
        return (replace(whole, intent="decline", runner_up=refused.intent, confidence=refused.confidence),)

    def _parted(self, text: str, parts: Sequence[Heard], whole: Heard) -> tuple[Understanding, ...]:
        """The requests that the pieces of a message are; the whole as one where it is not sure that they are two."""
        said = [part.said for part in parts]
        if any(heard.intent == "injection" and heard.band == "act" for heard in said):
            return (whole.said,)
        kept = self._apart(parts, whole)
        if not kept:
            # A clear whole is believed before its clauses.
            return (whole.said,) if whole.said.band == "act" else self._joined(whole.said, said)
        # What stands between two requests belongs to the first of them, what stands before all to the first.
        starts = [0, *(parts[i].piece.start for i in kept[1:]), len(text)]
        return tuple(
            self._of(said[i], text[start:end].strip(" ,;"))
            for i, start, end in zip(kept, starts, starts[1:], strict=False)
        )

    def _of(self, said: Understanding, text: str) -> Understanding:
        """The same wish with all the words that belong to it."""
        return said if text == said.text else replace(said, text=text, slots=self._reader.read(text))

    def _apart(self, parts: Sequence[Heard], whole: Heard) -> list[int]:
        """The places of the pieces that are requests of their own; none where no two of them are clear enough."""
        least = APART if len(self.voters) > 1 else APART_ALONE
        weighed = {
            (i, j): odds(self.signs(one, two, whole))
            for j, two in enumerate(parts)
            for i, one in enumerate(parts[:j])
            if self.may_differ(one, two)
        }
        first = max(weighed, key=lambda pair: weighed[pair], default=None)
        if first is None or weighed[first] < least:
            return []
        kept = set(first)
        for place in range(len(parts)):
            near = [weighed.get((min(place, other), max(place, other)), least - 1) for other in kept - {place}]
            if place not in kept and len(kept) < MOST and min(near) >= least:
                kept.add(place)
        return sorted(kept)

    def may_differ(self, one: Heard, two: Heard) -> bool:
        """Whether two pieces lead to different actions, and neither of them only tells what was."""
        if self._actions[one.said.intent][0] == self._actions[two.said.intent][0]:
            return False
        told = [part.said for part in (one, two) if part.piece.kind is Kind.TELLS]
        # What went wrong is the reason of the wish to have it made good: "the mug broke. Can I get my money back?"
        if told and self._one_wish(one.said, two.said):
            return False
        return all(said.intent in TOLD and said.confidence >= CLEARLY for said in told)

    def signs(self, one: Heard, two: Heard, whole: Heard) -> Signs:
        """What speaks for two pieces of a message being two requests."""
        left, right = one.said, two.said
        at, to = (self.classifier.names.index(said.intent) for said in (left, right))
        actions = {self._actions[said.intent][0] for said in (left, right)}
        talk = any(said.intent in SMALL_TALK | UNSPLIT for said in (left, right))
        return Signs(
            clear=_logit(min(left.confidence, right.confidence)),
            whole=float(max(whole.shares[at], whole.shares[to])),
            strange=self._actions[whole.said.intent][0] not in actions,
            leaning=float(two.shares[at] + one.shares[to]),
            words=min(len(left.slots.words), len(right.slots.words), ENOUGH),
            stop=two.piece.joint == "stop",
            also=two.piece.joint == "also",
            both=two.piece.joint == "and",
            named=two.piece.kind is Kind.NAMES,
            wished=two.piece.kind is Kind.WISHES,
            its=bool(ITS & set(right.slots.words)) and not _about(right),
            small=talk and not any(_is_asked(part) for part in (one, two)),
            related=self._one_wish(left, right),
        )

    def _joined(self, whole: Understanding, parts: Sequence[Understanding]) -> tuple[Understanding, ...]:
        """The whole as one request, by the part of it that says what is wanted where the whole is less clear."""
        if len(parts) == 1 and parts[0].text != whole.text:
            return (parts[0],)
        sure = [part for part in parts if part.band == "act" and part.intent not in SMALL_TALK]
        if "injection" in {part.intent for part in sure}:
            return (whole,)
        wishes = self._wishes(sure)
        # One request in several sentences keeps all its words: the reason may be in one, the thing in another.
        if len(wishes) == 1 and len(parts) > 1 and (whole.intent != wishes[0].intent or whole.band != "act"):
            return (_over(wishes[0], whole),)
        return (whole,)

    def _asks(self, half: Understanding) -> bool:
        """Whether the words ask, wish or tell somebody to do something, and don't only tell what was."""
        words, known = half.slots.words, self._reader.words
        return half.intent in TOLD_PLAINLY or bool(known.asking & set(words) or known.urging & set(words[:2]))

    def _wishes(self, parts: Sequence[Understanding]) -> list[Understanding]:
        """The different things that are wished for, in order; what only tells the story of another wish is left out."""
        kept: list[Understanding] = []
        for part in parts:
            same = next((i for i, known in enumerate(kept) if self._one_wish(known, part)), None)
            if same is None:
                kept.append(part)
            else:
                kept[same] = _meant(kept[same], part)
        asking = [part for part in kept if part.intent not in STORY or self._asks(part)]
        return asking or kept[:1]

    def _one_wish(self, one: Understanding, two: Understanding) -> bool:
        if self._actions[one.intent] == self._actions[two.intent]:
            return True
        if _about(one) and _about(two) and not _about(one) & _about(two):
            return False
        names = frozenset({one.intent, two.intent})
        return names in MEANT or bool(names & STORY and names & WISH)


def _is_asked(part: Heard) -> bool:
    """Whether something that we don't do, or help itself, is asked for as plainly as a wish beside it."""
    said = part.said
    asked = part.piece.kind in {Kind.ORDERS, Kind.QUESTIONS} and len(said.slots.words) > SENTENCE
    return said.intent in {OUTSIDE, "help"} and asked and said.confidence >= PLAINLY


def _logit(share: float) -> float:
    return float(np.log(max(share, 0.005) / (1 - min(share, 0.995))))


def _about(part: Understanding) -> set[str]:
    """The orders and things that a part names."""
    return {*part.slots.orders, *part.slots.items}


def _meant(one: Understanding, two: Understanding) -> Understanding:
    """Of two parts that are one wish, the one that says what is to be done."""
    meant = MEANT.get(frozenset({one.intent, two.intent}))
    if meant is None:
        return two if one.intent in STORY and two.intent not in STORY else one
    return one if one.intent == meant else two


def _over(part: Understanding, whole: Understanding) -> Understanding:
    return replace(
        whole,
        intent=part.intent,
        confidence=part.confidence,
        runner_up=whole.intent,
        runner_up_confidence=whole.confidence,
        acts_from=part.acts_from,
        outside=part.outside,
    )
