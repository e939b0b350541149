"""From the steps of a turn to one reply: each step in its words, the tone first, the open question last."""

from collections.abc import Mapping, Sequence

from agent.local.intents import Intent
from agent.local.replies import Voice, in_words
from agent.local.slots import Reader
from agent.local.tasks import Ask, Call, Memory, Reply, Said, Step, Turn
from agent.local.understanding import Understander

RECORDED = frozenset({"status", "orders", "products", "variants", "estimate", "placed", "rating"})
CALM = frozenset({"complaint", "injection"})  # intents whose replies set the tone themselves
SORRY = ("sorry", "leid", "entschuldig")


class Speaker:
    """Puts steps into words, in the language of the conversation."""

    def __init__(self, intents: Mapping[str, Intent], reader: Reader, understander: Understander, voice: Voice) -> None:
        self._intents, self._words = intents, reader.words
        self._understander, self._voice = understander, voice

    def reply(self, steps: Sequence[tuple[str, Step]], memory: Memory, turns: Sequence[Turn]) -> Reply:
        """What to say for the steps of the last turn; the same conversation always gets the same words."""
        asked = [step for step in steps if isinstance(step[1], Ask)]
        ordered = [step for step in steps if not isinstance(step[1], Ask)] + asked[:1]
        said: list[str] = []
        choices: tuple[str, ...] = ()
        for number, (intent, step) in enumerate(ordered):
            if isinstance(step, Call):
                continue
            # Two requests that end alike, as both do for a guest, are told once.
            said += [text for text in self._told(step, intent, memory, turns, number) if text not in said]
            choices = step.choices or choices
        if self._is_upset(steps, turns[-1]) and memory.last and not _is_sorry(said):
            said.insert(0, self._voice.say("sorry", {}, language=memory.language, seed=turns[0].text[:200]))
        return Reply("\n\n".join(said), choices)

    def _told(self, step: Said | Ask, intent: str, memory: Memory, turns: Sequence[Turn], number: int) -> list[str]:
        seed = f"{turns[0].text[:200]} {len(turns)} {number}"
        language = memory.language or "en"
        intent = step.becomes or intent
        facts = self._spoken({**step.facts, **_name_of(step.product, memory, turns[-1])}, step, intent, language)

        def say(key: str) -> str:
            return self._voice.say(key, facts, language=language, seed=seed, intent=intent)

        text = say(step.key)
        for note in step.notes if isinstance(step, Said) else ():
            text = f"{text} {say(note)}"
        if isinstance(step, Said) and step.policy == "" and "quote" in step.facts and language == "de":
            text = f"{text} {say('note_english')}" if intent.startswith("policy") else text
        if isinstance(step, Ask) and memory.open and memory.open.tries:
            text = f"{say('again')} {text}"
        return [*([say(step.lead)] if step.lead else []), text]

    def _spoken(self, facts: Mapping[str, str], step: Said | Ask, intent: str, language: str) -> Mapping[str, str]:
        """The facts in the customer's language, as far as the shop's records have only one."""
        words = self._words
        says = words.says.get(language, {}).get(step.policy) if isinstance(step, Said) else None
        terms = words.terms.get(language, {})
        recorded = RECORDED | set(self._intents[intent].facts if intent in self._intents else ())
        own = {name: in_words(text, terms) for name, text in facts.items() if name in recorded}
        return {**facts, **own, **({"says": says} if says else {})}

    def _is_upset(self, steps: Sequence[tuple[str, Step]], turn: Turn) -> bool:
        # The answer to a question ("Pine") is a word or two and no outburst.
        return len(turn.text.split()) > 1 and steps[0][0] not in CALM and self._understander.upset(turn.text)


def _is_sorry(said: Sequence[str]) -> bool:
    return bool(said) and any(word in said[0].casefold() for word in SORRY)


def _name_of(product: str | None, memory: Memory, turn: Turn) -> dict[str, str]:
    """The name of a product by its handle, when a tool has given it."""
    shown = [result["product"] for result in turn.results.values() if isinstance(result.get("product"), Mapping)]
    rows = [row for row in (*shown, *memory.products) if product and row.get("handle") == product and row.get("name")]
    return {"name": str(rows[0]["name"])} if rows else {}
