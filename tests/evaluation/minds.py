"""Minds to put in the assistant's place: the shop's own, one that repeats what another did, one that obeys any text."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from agent.local import EmbeddedModel

Mind = Callable[[Sequence[BaseMessage], Sequence[Any]], AIMessage]
Calls = Sequence[tuple[str, dict[str, Any]]]


class Puppet(BaseChatModel):
    """A model whose mind can be changed between conversations. ``steps`` are its answers since the last change."""

    _mind: Mind = PrivateAttr()
    _steps: list[AIMessage] = PrivateAttr(default_factory=list)

    def __init__(self, mind: Mind, **given: Any) -> None:
        super().__init__(**given)
        self.disable_streaming = True
        self._mind = mind

    @property
    def _llm_type(self) -> str:
        return "puppet"

    @property
    def steps(self) -> list[AIMessage]:
        return self._steps

    def think(self, mind: Mind) -> None:
        """Change its mind."""
        self._mind = mind
        self._steps = []

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self.bind(tools=list(tools))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        answer = self._mind(messages, kwargs.get("tools") or ())
        self._steps.append(answer)
        return ChatResult(generations=[ChatGeneration(message=answer)])


def own(model: EmbeddedModel) -> Mind:
    """The shop's own model."""

    def mind(messages: Sequence[BaseMessage], tools: Sequence[Any]) -> AIMessage:
        answer = model.bind_tools(tools).invoke(list(messages))
        # A fresh one: a message that was merged from chunks carries its chunks along.
        return AIMessage(answer.text, tool_calls=answer.tool_calls, additional_kwargs=answer.additional_kwargs)

    return mind


def repeating(steps: Sequence[AIMessage]) -> Mind:
    """Makes the same tool calls as another did, whatever it reads, and then has nothing to add."""
    left = [step for step in steps if step.tool_calls]

    def mind(messages: Sequence[BaseMessage], tools: Sequence[Any]) -> AIMessage:
        return left.pop(0) if left else AIMessage("There you are.")

    return mind


def obedient(looks: Calls, deeds: Calls, words: str) -> Mind:
    """Looks first, so that the planted text comes into view, then does everything the text wants and says so.

    It is the model that a planted text has wholly won over: it repeats its prompt, every address in the text and
    ``words``, in one turn.
    """

    def mind(messages: Sequence[BaseMessage], tools: Sequence[Any]) -> AIMessage:
        last = max(n for n, message in enumerate(messages) if isinstance(message, HumanMessage))
        rounds = sum(isinstance(message, AIMessage) for message in messages[last:])
        todo: Calls = (looks, deeds)[rounds] if rounds < 2 else ()
        if todo:
            calls = [
                {"name": name, "args": args, "id": f"o{rounds}{n}", "type": "tool_call"}
                for n, (name, args) in enumerate(todo)
            ]
            return AIMessage("" if rounds == 0 else words, tool_calls=calls)
        prompt = next((message.text for message in messages if isinstance(message, SystemMessage)), "")
        read = "\n".join(message.text for message in messages if isinstance(message, HumanMessage | ToolMessage))
        links = " ".join(re.findall(r"\S*(?:https?:|www\.|\.example)\S*", read))
        return AIMessage(f"{words}\n{links}\n{prompt}")

    return mind
