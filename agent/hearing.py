"""What comes out of the running graph, turned into what the page may hear; everything else is left behind."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage

from agent.heard import CardShown, Choices, Heard, Parked, StoodIn, Token, ToolUsed
from agent.memory import to_stored
from agent.middleware.reply import Reply
from agent.stream import Checked
from agent.turn import Turn
from auth.guard.commands import clean

MOST_CHOICES = 6
LONGEST_CHOICE = 120


class Hearing:
    """For one turn. Raw tokens go through the same look as the text the conversation keeps, sentence by sentence."""

    def __init__(self, turn: Turn, reply: Reply, *, trusts_choices: bool) -> None:
        self._turn, self._reply, self._trusts_choices = turn, reply, trusts_choices
        self._tools_heard, self._cards_heard = 0, 0
        self._looked_at: list[tuple[str, str]] = []
        self.has_said = self._has_text = self._begins_anew = False
        self.unkept = ""  # text that was told and is not yet in what the conversation keeps
        self._told, self._checked = False, self._look()

    def take(self, part: Mapping[str, Any]) -> Iterator[Heard]:
        """The events in one part of the graph's stream (``astream(version="v2")``)."""
        match part:
            case {"type": "messages", "data": (AIMessageChunk() as chunk, _)}:
                yield from self._tell(self._checked.feed(chunk.text))
            case {"type": "custom", "data": StoodIn() as stood_in}:
                yield from self._stood_in(stood_in)
            case {"type": "updates", "data": dict(nodes)}:
                for change in nodes.values():
                    yield from self._updated((change or {}).get("messages") or [])

    def _stood_in(self, stood_in: StoodIn) -> Iterator[Heard]:
        """The embedded model goes on, in a new paragraph; what the other one has said stays."""
        yield from self._tell(self._checked.flush())
        self._checked = self._look()
        self._trusts_choices = self._has_text = self._begins_anew = True
        yield stood_in

    def _updated(self, messages: Iterable[BaseMessage]) -> Iterator[Heard]:
        for message in map(self._with_what_was_told, messages):
            self._turn.kept.extend(to_stored([message]))
            if isinstance(message, AIMessage):
                yield from self._answered(message)
            elif isinstance(message, ToolMessage):
                yield from self._tool_answered()

    def _with_what_was_told(self, message: BaseMessage) -> BaseMessage:
        """An answer that is given in place of one that broke off, with the sentences the customer has read of that."""
        told = self.unkept.strip()
        if not isinstance(message, AIMessage) or not self._begins_anew or message.text.startswith(told):
            return message
        text = "\n\n".join(part for part in (told, message.text) if part)
        return AIMessage(text, tool_calls=message.tool_calls, additional_kwargs=message.additional_kwargs)

    def _answered(self, message: AIMessage) -> Iterator[Heard]:
        yield from self._tell(self._checked.flush())
        if not self._told:
            # A model that does not stream, or a sentence of the budget's: it has been looked at in the middleware.
            yield from self._tell([message.text])
        elif self._begins_anew:
            # The one that stood in did not stream: what the other one has told already is not told again.
            yield from self._tell([message.text.removeprefix(self.unkept.strip()).lstrip()])
        if not message.tool_calls:
            yield from self._show_cards()
        # A look that led to the next call (which order is meant?) has done its work; its cards would bury the answer.
        self._looked_at.clear()
        self.unkept = ""
        choices = message.additional_kwargs.get("choices")
        if self._trusts_choices and isinstance(choices, list) and choices:
            yield Choices(tuple(clean(str(choice))[:LONGEST_CHOICE] for choice in choices[:MOST_CHOICES]))
        self._begin()

    def _tool_answered(self) -> Iterator[Heard]:
        for used in self._turn.used[self._tools_heard :]:
            yield ToolUsed(used.tool, used.outcome)
        self._tools_heard = len(self._turn.used)
        for kind, key in self._turn.offered[self._cards_heard :]:
            if kind != "approval":
                self._looked_at.append((kind, key))
            elif (kind, key) not in self._turn.cards:
                self._shown(kind, key)
                yield Parked(key)
        self._cards_heard = len(self._turn.offered)

    def _show_cards(self) -> Iterator[Heard]:
        for kind, key in dict.fromkeys(self._looked_at):
            self._shown(kind, key)
            yield CardShown(kind, key)

    def _shown(self, kind: str, key: str) -> None:
        self.has_said = True
        self._turn.cards.append((kind, key))

    def _begin(self) -> None:
        self._told = False
        self._checked = self._look()

    def _look(self) -> Checked:
        return Checked(self._reply.look(self._turn), room=self._turn.allowance.characters)

    def _tell(self, sentences: Iterable[str]) -> Iterator[Heard]:
        for sentence in sentences:
            if not sentence.strip():
                continue
            # The words before a tool call and the answer after it are two paragraphs.
            is_new = self._begins_anew or not self._told
            gap = "\n\n" if self._has_text and is_new and not sentence.startswith("\n") else ""
            self._begins_anew = False
            self._told = self._has_text = self.has_said = True
            self.unkept += sentence
            yield Token(gap + sentence)
