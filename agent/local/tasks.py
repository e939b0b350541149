"""The words the dialogue thinks in: a customer's turn, a task, what is remembered, and the steps a task leads to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from agent.fenced import unfenced
from agent.local.wording import clean


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call to be made now."""

    tool: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """The end of a request: which reply to give, with which facts, and what the conversation is about from here on.

    ``policy`` is the id of the policy that refused; ``lead`` and ``notes`` are replies that go before and after.
    ``becomes`` is the intent that the state of the order has made of the request.
    """

    key: str
    facts: Mapping[str, str] = field(default_factory=dict)
    order: str | None = None
    product: str | None = None
    offers: str | None = None
    card: bool = False
    choices: tuple[str, ...] = ()
    policy: str = ""
    lead: str = ""
    notes: tuple[str, ...] = ()
    becomes: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question for one missing thing: the slot and its kind, the reply that asks, and the likely answers. ``lead``
    is a reply that goes before it."""

    slot: str
    fill: str
    key: str
    facts: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    order: str | None = None
    product: str | None = None
    lead: str = ""
    becomes: str = ""


Step = Call | Said | Ask


@dataclass(frozen=True, slots=True)
class Task:
    """One request: what was said for it, the answers to questions by slot, and since which words the order is meant.

    ``before`` is what was said of the same order for an earlier request: nobody has to say it twice. ``instead`` is the
    id of a card that waits and is no longer wanted: it is taken back first.
    """

    intent: str
    said: tuple[str, ...]
    page: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    not_orders: tuple[str, ...] = ()
    since: int = 0
    question: Ask | None = None
    tries: int = 0
    lead: str = ""
    before: tuple[str, ...] = ()
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A change that was asked for, and how it stands by now: the server keeps the outcome in the messages true.
    ``card`` is the id of its card while that waits."""

    order: str
    outcome: str
    says: str
    policy: str
    card: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """What the conversation so far was about; folded from the messages, never stored.

    ``shelved`` is a question that another wish came in between of; ``queue`` holds requests of one message that wait
    for the question before them; ``waits`` is what a guest wanted before signing in, ``signed_out`` that it is a guest
    who writes; ``wish`` is the last change that was wished for. ``options`` are those of the product shown last,
    ``labels`` the rows that choices were made from.
    """

    language: str = ""
    heard: tuple[str, ...] = ()
    orders: tuple[Mapping[str, Any], ...] = ()
    products: tuple[Mapping[str, Any], ...] = ()
    order: str | None = None
    product: str | None = None
    open: Task | None = None
    last: Task | None = None
    offers: str | None = None
    guess: str | None = None
    card: bool = False
    misses: int = 0
    change: Change | None = None
    shelved: Task | None = None
    queue: tuple[Task, ...] = ()
    waits: Task | None = None
    signed_out: bool = False
    wish: Task | None = None
    options: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say, and the likely answers as buttons that send their own text."""

    text: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the customer, the page they were looking at, what the tools answered since, and what was said."""

    text: str
    page: Mapping[str, str]
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    calls: int = 0
    said: str = ""

    def answers(self) -> list[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
        """Tool, arguments and result of each call that came back, in order."""
        return [(key[: key.index("{")], json.loads(key[key.index("{") :]), got) for key, got in self.results.items()]


def turns_of(messages: Sequence[BaseMessage]) -> list[Turn]:
    """The customer's turns, each with the results of the calls made in it; other voices are passed over."""
    turns: list[Turn] = []
    keys: dict[str, str] = {}
    for message in messages:
        if isinstance(message, HumanMessage):
            page = message.additional_kwargs.get("page")
            known = page if isinstance(page, Mapping) else {}
            turns.append(
                Turn(unfenced(clean(_text(message))).strip(), {k: v for k, v in known.items() if isinstance(v, str)})
            )
        elif isinstance(message, AIMessage) and turns:
            keys |= {str(call["id"]): call_key(call["name"], call["args"]) for call in message.tool_calls}
            last = turns[-1]
            turns[-1] = replace(last, calls=last.calls + len(message.tool_calls), said=last.said + _text(message))
        elif isinstance(message, ToolMessage) and turns and message.tool_call_id in keys:
            turns[-1].results[keys[message.tool_call_id]] = _result(message)
    return turns


def _text(message: BaseMessage) -> str:
    if isinstance(message.content, str):
        return message.content
    parts = [part if isinstance(part, str) else part.get("text", "") for part in message.content]
    return " ".join(part for part in parts if isinstance(part, str))


def _result(message: ToolMessage) -> Mapping[str, Any]:
    try:
        data = json.loads(_text(message))
    except ValueError:
        data = None
    if message.status == "error" or not isinstance(data, dict):
        return {"outcome": "error"}
    return data


def call_key(tool: str, args: Mapping[str, Any]) -> str:
    return tool + json.dumps(args, sort_keys=True, default=str)
