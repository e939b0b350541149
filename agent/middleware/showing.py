"""What a model is shown of the tools: those that this person could ever be allowed, and nothing of the others.

It spares the model and the customer what would be refused anyway; it carries no promise. The gate asks the same
question again at the call, and behind it the desk decides.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ModelRequest, ModelResponse
from langchain_core.messages import SystemMessage
from langchain_core.tools import BaseTool

from agent.signed_out import SIGNED_OUT
from agent.turn import Turn
from auth.actor import Role
from auth.guard.commands import Command

Handler = Callable[[ModelRequest[Turn]], Awaitable[ModelResponse[Any]]]
Shows = Callable[[Turn, str], bool]
CouldEver = Callable[[Role, str], bool]


class Showing(AgentMiddleware[Any, Turn]):
    """Shows a tool when every one of ``shows`` says so of the turn and the tool's name."""

    def __init__(self, *shows: Shows) -> None:
        super().__init__()
        self._shows = all_of(*shows)

    async def awrap_model_call(self, request: ModelRequest[Turn], handler: Handler) -> ModelResponse[Any]:
        """Leave the other tools out of this call, and say so in the prompt where signing in would change it."""
        turn = request.runtime.context
        shown = [tool for tool in request.tools if isinstance(tool, BaseTool) and self._shows(turn, tool.name)]
        asked = request.override(tools=list(shown))
        if not turn.actor.is_signed_in:
            prompt = "" if request.system_message is None else request.system_message.text
            asked = asked.override(system_message=SystemMessage(f"{prompt}\n{SIGNED_OUT}".strip()))
        return await handler(asked)


def all_of(*shows: Shows) -> Shows:
    """Shows what each of them shows."""
    return lambda turn, name: all(each(turn, name) for each in shows)


def by_policy(could_ever: CouldEver, commands: Mapping[str, type[Command]]) -> Shows:
    """Shows the tools whose command the policies could ever permit to somebody of the asker's role."""
    return lambda turn, name: name in commands and could_ever(turn.actor.role, commands[name].__name__)


def unless_stopped(turn: Turn, name: str) -> bool:
    """Shows the tools that the staff had not stopped when the turn began; what they stop later, the desk refuses."""
    return name not in turn.switches.tools
