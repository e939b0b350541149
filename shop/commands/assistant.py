"""The switches of the assistant: stopping it, wholly or in part, and letting it go on."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from shop.commands.kinds import Handle

Reach = Literal["whole", "tool", "model", "customer"]


@dataclass(frozen=True, slots=True)
class StopAssistant:
    """Stop the assistant from here on. ``name`` is the tool's or the model's; for a customer, an order, a case or a
    conversation of theirs or their e-mail address; for the whole assistant it says nothing."""

    version: ClassVar[int] = 1
    reach: Reach
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    name: Annotated[str, StringConstraints(max_length=254)] = ""


@dataclass(frozen=True, slots=True)
class LetAssistantGoOn:
    """Take one stop back, by the id of its switch."""

    version: ClassVar[int] = 1
    switch: Handle
