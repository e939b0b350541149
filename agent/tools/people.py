"""The tool for asking for a person: always there, whatever else has failed."""

from typing import Annotated

from langchain.tools import ToolRuntime, tool
from langchain_core.tools import BaseTool

from agent.tools.asking import ask, changed
from agent.turn import Turn
from auth.guard.commands import Command
from shop.commands import AskForPerson


@tool
def ask_for_person(
    runtime: ToolRuntime[Turn], summary: Annotated[str, "What it is about, for the clerk, in a few sentences"] = ""
) -> str:
    """Ask a clerk to take over this conversation."""
    # The conversation is the turn's own: a model cannot put another one into the queue.
    arguments = {"conversation": runtime.context.conversation, "summary": summary[:2000]}
    return ask(runtime.context, AskForPerson, arguments, changed)


TOOLS: tuple[tuple[BaseTool, type[Command]], ...] = ((ask_for_person, AskForPerson),)
