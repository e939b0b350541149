"""The tools for asking for a person (always there, whatever else has failed), and for taking back a card."""

from typing import Annotated

from langchain.tools import ToolRuntime, tool
from langchain_core.tools import BaseTool

from agent.tools.asking import ask, asked, changed, written
from agent.turn import Turn
from auth.guard.commands import Command
from shop.commands import AskForPerson, TakeBackCard


@tool
def ask_for_person(
    runtime: ToolRuntime[Turn], summary: Annotated[str, "What it is about, for the clerk, in a few sentences"] = ""
) -> str:
    """Ask a clerk to take over this conversation."""
    # The conversation is the turn's own: a model cannot put another one into the queue.
    arguments = {"conversation": runtime.context.conversation, "summary": summary[:2000]}
    return ask(runtime.context, AskForPerson, arguments, changed)


@tool
def take_back_card(
    runtime: ToolRuntime[Turn], card: Annotated[str, "The id under `approval` in the answer that made the card"]
) -> str:
    """Take back a card of this conversation that still waits, when the customer no longer wants what is on it."""
    turn = runtime.context
    answer = asked(turn, TakeBackCard, {"card": card}, changed)
    if answer["outcome"] == "done":
        # Shown once more, the card says that nobody can sign it; where it stood before, it would still ask for that.
        turn.say_card("approval", card)
    return written(answer)


TOOLS: tuple[tuple[BaseTool, type[Command]], ...] = (
    (ask_for_person, AskForPerson),
    (take_back_card, TakeBackCard),
)
