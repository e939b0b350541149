"""Whole conversations, judged by the records they leave and the facts they state (corpora/dialogues/README.md)."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from sqlalchemy import select

from agent.tools import COMMANDS
from auth.accounts import Account
from auth.database import Scope, new_id
from auth.guard.commands import action
from auth.guard.decisions import Done
from auth.sign_in.sessions import SessionLife, SignInSession, start
from auth.sign_in.visit import Visit
from auth.vault import VaultError
from shop.addresses import Address
from shop.basket import BasketLine
from shop.cases import Case
from shop.catalogue import Variant
from shop.conversations import TAKEN, WAITING
from shop.orders import CANCELLED, Order
from shop.payments import PaymentMethod
from shop.preferences import Preference
from tests.evaluation.stage import Answer, Bought, Somebody, Stage, Talk
from tests.evaluation.understanding import CORPORA

ANY = "any"
PRESENT = {
    "news": "news",
    "offers": "news",
    "reminders": "review_reminders",
}  # the author's words for the shop's topics
ABOUT = {name: action(command) for name, command in COMMANDS.items()}
Script = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a dialogue went. ``records`` and ``facts`` say what was not as it should be at its end; ``turns`` is how many
    turns there were and how many went as its author had expected, ``astray`` which did not."""

    id: str
    tags: tuple[str, ...]
    records: tuple[str, ...]
    facts: tuple[str, ...]
    turns: tuple[int, int]
    astray: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        return not self.records and not self.facts


def scripts() -> tuple[Script, ...]:
    """All dialogues, in the order of their files."""
    files = sorted((CORPORA / "dialogues").glob("*.yaml"))
    return tuple(script for file in files for script in yaml.safe_load(file.read_text("utf-8")))


def play_all(
    stage: Stage, chosen: Iterable[Script], *, advance: Callable[[], None] = lambda: None
) -> tuple[Verdict, ...]:
    """Play these dialogues, each with a person of its own."""
    verdicts = list[Verdict]()
    for script in chosen:
        stage.restock()
        verdicts.append(Play(stage, script).through())
        advance()
    return tuple(verdicts)


class Play:
    """One dialogue on the stage."""

    def __init__(self, stage: Stage, script: Script) -> None:
        self.stage, self.script = stage, script
        self.who = _moved_in(stage, script)
        self.talk: Talk = stage.talk(self.who)
        self.said = list[str]()
        self.outcome: object = None

    def through(self) -> Verdict:
        """Say and press everything, and look at what is left."""
        before, astray, count = self.state(), list[str](), 0
        for turn in self.script["turns"]:
            if turn.get("if_waiting") and not self.talk.waiting():
                continue
            count += 1
            was, cards = self.state(), {card.id for card in self.talk.waiting()}
            answer = self._say(turn["says"]) if "says" in turn else self._press(turn)
            now = Now(self, answer, was, cards)
            if not now.holds(turn["expect"]):
                heard = "" if answer is None else f"{answer.text!r} {answer.used} {answer.cards}"
                astray.append(f"{turn.get('says', turn.get('press'))!r} wanted {turn['expect']}, heard {heard}")
        records = tuple(self._left(before))
        return Verdict(
            self.script["id"],
            tuple(self.script["tags"]),
            records,
            tuple(self._untold()),
            (count, count - len(astray)),
            tuple(astray),
        )

    def state(self) -> dict[str, Any]:
        """The records of this person, as a script speaks of them."""
        stage, account = self.stage, self.who.id
        refs = {number: ref for ref, number in self.who.orders.items()}
        with stage.house.database.read(Scope.own(account)) as session:
            orders = session.scalars(select(Order).where(Order.account_id == account)).unique().all()
            lines = session.scalars(select(BasketLine).where(BasketLine.account_id == account)).all()
            shelf = {variant.sku: variant for variant in session.scalars(select(Variant))}
            names = {sku: (variant.product.name, variant.option) for sku, variant in shelf.items()} if lines else {}
            cases = session.scalars(select(Case).where(Case.account_id == account)).all()
            by_id = {order.id: order.number for order in orders}
            sessions = session.scalars(select(SignInSession).where(SignInSession.account_id == account)).all()
            addresses = session.scalars(select(Address).where(Address.account_id == account)).all()
            methods = session.scalars(select(PaymentMethod).where(PaymentMethod.account_id == account)).all()
            chosen = session.scalars(select(Preference).where(Preference.account_id == account)).all()
            talk = self.talk.conversation() if self.talk.id else None
            return {
                "orders": {refs[o.number]: self._order(session, o) for o in orders if o.number in refs},
                "new_orders": [self._order(session, o) for o in orders if o.number not in refs],
                "basket": sorted((*names[line.sku], line.quantity) for line in lines),
                "cases": sorted((case.kind, refs.get(by_id[case.order_id], "?")) for case in cases),
                "preferences": {p.topic: p.is_on for p in chosen},
                "person_asked": talk is not None and talk.state in (WAITING, TAKEN),
                "addresses": sorted(self._opened(session, a) for a in addresses),
                "cards": sorted(f"{m.brand.casefold()}-{m.last4}" for m in methods),
                "sessions": sum(s.revoked_at is None for s in sessions),
            }

    def card_holds(self, card: Any, wanted: Mapping[str, Any]) -> bool:
        """Whether a waiting card is about this action, and about these things where they are named."""
        if card.action != ABOUT.get(wanted["card"], wanted["card"]):
            return False
        with self.stage.house.database.read(Scope.own(self.who.id)) as session:
            given = json.loads(self.stage.house.vault.open(session, card, "command"))["arguments"]
        ref = next((r for r, number in self.who.orders.items() if number == given.get("order")), "")
        if "order" in wanted and wanted["order"] != ref:
            return False
        lines = given.get("lines") or ([given["line"]] if "line" in given else [])
        named = [name for n, (name, _, _) in enumerate(self._items(ref), start=1) if not lines or n in lines]
        items = wanted.get("items") or ([wanted["item"]] if "item" in wanted else named)
        if sorted(items) != sorted(named) and "line" in given | {"lines": 0} and ref:
            return False
        if "option" in wanted and not self._is_option(given.get("sku", ""), wanted["option"]):
            return False
        if "address" in wanted and wanted["address"] not in given.get("address", ""):
            return False
        return "pays_with" not in wanted or given.get("payment", "") == f"card:{wanted['pays_with']}"

    def _items(self, ref: str) -> Sequence[Any]:
        return next((order["items"] for order in self.script.get("orders", ()) if order["ref"] == ref), ())

    def _is_option(self, sku: str, words: str) -> bool:
        with self.stage.house.database.read(Scope.own(None)) as session:
            variant = session.scalars(select(Variant).where(Variant.sku == sku)).one_or_none()
            return variant is not None and _is_like(f"{variant.option}, {variant.colour}", words)

    def _order(self, session: Any, order: Order) -> dict[str, Any]:
        return {
            "status": order.status,
            "cancelled_items": [line.line for line in order.lines if line.cancelled_at is not None],
            "items": [(line.name, line.option, line.quantity) for line in order.lines],
            "address": self._opened(session, order),
            "card": order.paid_with.casefold().replace(" ···· ", "-"),
        }

    def _opened(self, session: Any, row: Any) -> str:
        """The label of an address or order; empty once the key of a deleted account is gone."""
        try:
            return self.stage.house.vault.open(session, row, "label").casefold()
        except VaultError:
            return ""

    def _say(self, text: str) -> Answer:
        for ref, number in self.who.orders.items():
            text = text.replace(f"{{{ref}:bare}}", number[3:].replace("-", "").casefold()).replace(f"{{{ref}}}", number)
        answer = self.talk.say(text)
        self.said.append(answer.text)
        return answer

    def _press(self, turn: Mapping[str, Any]) -> None:
        waiting = self.talk.waiting()
        which = [c for c in waiting if "which" not in turn or c.action == ABOUT[turn["which"]]]
        self.outcome = self.talk.sign(agree=turn["press"] == "sign", card=which[-1].id) if which else None
        if isinstance(self.outcome, Done):
            self.said.append(self.outcome.says)

    def _left(self, before: Mapping[str, Any]) -> Iterable[str]:
        """What is not as the script says it is left; what it does not name is as it was."""
        left, after = self.script["leaves"], self.state()
        waiting = left.get("cards_waiting", ANY)
        if waiting != ANY and len(self.talk.waiting()) != waiting:
            yield f"cards waiting: {[card.action for card in self.talk.waiting()]}, not {waiting}"
        for kind, now in after.items():
            if left.get(kind) == ANY:
                continue
            wanted = left.get(kind, False if kind == "person_asked" else before[kind])
            if not _is_as(kind, wanted, now, before[kind]):
                yield f"{kind}: {now}, not {wanted}"

    def _untold(self) -> Iterable[str]:
        said = "\n".join(self.said).casefold()
        for wanted in self.script.get("states", ()):
            texts = [self._numbered(text).casefold() for text in (wanted if isinstance(wanted, list) else [wanted])]
            if not any(text in said for text in texts):
                yield f"never told: {wanted}"
        for word in self.script.get("never", ()):
            if str(word).casefold() in said:
                yield f"told: {word}"

    def _numbered(self, text: object) -> str:
        told = str(text)
        for ref, number in self.who.orders.items():
            told = told.replace(f"{{{ref}}}", number)
        return told


@dataclass(frozen=True, slots=True)
class Now:
    """The moment after a turn, and what may be expected of it."""

    play: Play
    answer: Answer | None
    was: Mapping[str, Any]
    cards: set[Any]

    def holds(self, wanted: Mapping[str, Any]) -> bool:
        """Whether everything holds that the author expects."""
        looks = [w for w in wanted.get("any_of", ()) if isinstance(w, str)]
        others = [w for w in wanted.get("any_of", ()) if not isinstance(w, str)]
        if others and not any(self.holds(other) for other in others):
            return False
        return all(self._holds(key, value, wanted, looks) for key, value in wanted.items())

    def _holds(self, key: str, value: Any, wanted: Mapping[str, Any], looks: Sequence[str]) -> bool:
        waiting, state = self.play.talk.waiting(), self.play.state()
        is_new = any(card.id not in self.cards for card in waiting)
        used = {} if self.answer is None else dict(self.answer.used)
        match key:
            case "card":
                return any(self.play.card_holds(card, wanted) for card in waiting)
            case "cards":
                return all(any(self.play.card_holds(card, each) for card in waiting) for each in value)
            case "done":
                return isinstance(self.play.outcome, Done) or (value in used and used[value] == "done")
            case "looked":
                return bool({value, *looks} & set(used)) or self._is_quoted()
            case "any_of":
                return "looked" in wanted or not looks or bool(set(looks) & set(used))
            case "asks" | "talk" | "refused":
                said_no = (
                    key != "refused" or "refused" in used.values() or "no" in self._text() or "nicht" in self._text()
                )
                return not is_new and _same_but(self.was, state) and said_no
            case "sign_in":
                return "sign in" in self._text() or "anmelden" in self._text() or "melden sie sich" in self._text()
            case "person":
                return bool(state["person_asked"]) or any(c.action == "AskForPerson" for c in waiting)
            case "basket" | "preferences":
                return _is_as(key, value, state[key], self.was[key])
            case "nothing_new":
                return not is_new and _same_but(self.was, state)
        return True  # what narrows a card was looked at with it, and `means` is for readers

    def _is_quoted(self) -> bool:
        """Answered from what was looked up before: something was said, and it is not a question."""
        return (
            self.answer is not None and not self.answer.used and len(self.answer.text) > 40 and not self.answer.choices
        )

    def _text(self) -> str:
        return "" if self.answer is None else self.answer.text.casefold()


def _moved_in(stage: Stage, script: Script) -> Somebody:
    if script["who"] == "guest":
        who = stage.guest()
    else:
        orders = [
            Bought(o["ref"], o["status"], o["days"], tuple((n, words, q) for n, words, q in o["items"]))
            for o in script.get("orders", ())
        ]
        who = stage.customer(orders=orders)
    house, now = stage.house, stage.clock()
    with house.database.begin(Scope.house("a test moves in")) as session:
        for name, quantity, *option in script.get("basket", ()):
            sku = stage.variant(name, *option).sku
            session.add(BasketLine(id=new_id(now), account_id=who.id, sku=sku, quantity=quantity, added_at=now))
        account = session.get_one(Account, who.id)
        for _ in range(script.get("sessions", 0)):
            visit = Visit("Firefox on Linux", "198.51.100.0/24")
            start(session, house.vault, account, life=SessionLife(), visit=visit, now=now, amr="pwd")
        for topic, is_on in _topics(script.get("preferences") or {}).items():
            session.add(Preference(id=new_id(now), account_id=who.id, topic=topic, is_on=is_on, changed_at=now))
    return who


def _topics(given: Mapping[str, bool]) -> dict[str, bool]:
    return {PRESENT[topic]: is_on for topic, is_on in given.items()}


def _is_as(kind: str, wanted: Any, now: Any, before: Any) -> bool:
    match kind:
        case "orders":
            if wanted is before:
                return bool(now == before)
            named = {ref: value if isinstance(value, dict) else {"status": value} for ref, value in wanted.items()}
            return all(_is_order(named.get(ref, {}), order, before[ref]) for ref, order in now.items())
        case "new_orders":
            return len(wanted) == len(now) and all(
                any(_is_order(each, order, None) for order in now) for each in wanted
            )  # fmt: skip
        case "basket":
            return wanted is before and now == before or _same_items(wanted, now)
        case "cases":
            if wanted is before:
                return bool(now == before)
            kinds = [(w["kind"] if isinstance(w["kind"], list) else [w["kind"]], w["order"]) for w in wanted]
            return len(kinds) == len(now) and all(any(k in ks and o == r for k, r in now) for ks, o in kinds)
        case "preferences":
            return bool(now == (before if wanted is before else before | _topics(wanted)))
        case "addresses" | "cards":
            return sorted(wanted) == now
    return bool(wanted == now)


def _is_order(wanted: Mapping[str, Any], now: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
    """Whether an order is as wanted; what is not named is as it was, where it was there before."""
    if "items" in wanted and not _same_items(wanted["items"], now["items"]):
        return False
    cancelled = wanted.get("status") == CANCELLED
    for key in ("status", "cancelled_items", "address", "card"):
        if key in wanted and wanted[key] != now[key]:
            return False
        # All lines of a cancelled order are, and whether each says so is the order's own business.
        is_open = not (cancelled and key == "cancelled_items")
        if key not in wanted and before is not None and before[key] != now[key] and is_open:
            return False
    return True


def _same_items(wanted: Sequence[Any], now: Sequence[Any]) -> bool:
    """``[product, quantity]`` or ``[product, quantity, option]`` (in either order) against what is there."""
    left = list(now)
    for name, *rest in wanted:
        quantity = next(part for part in rest if isinstance(part, int))
        option = next((part for part in rest if isinstance(part, str)), "")
        found = [i for i in left if i[0] == name and i[2] == quantity and _is_like(i[1], option)]
        if not found:
            return False
        left.remove(found[0])
    return not left


def _is_like(option: str, words: str) -> bool:
    return all(part.strip().casefold() in option.casefold() for part in words.split(","))


def _same_but(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return all(before[kind] == after[kind] for kind in before if kind != "person_asked")
