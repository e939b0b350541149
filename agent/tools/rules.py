"""The tool for the shop's own rules: a section word for word, with a link to it."""

from typing import Annotated

from langchain.tools import ToolRuntime, tool
from langchain_core.tools import BaseTool

from agent.tools.asking import Answer, ask
from agent.turn import Turn
from auth.guard.commands import Command
from shop.commands import ReadShopPolicy
from shop.views import RuleSection


@tool
def read_policy(
    topic: Annotated[str, "shipping, returns, payment, warranty or privacy"], runtime: ToolRuntime[Turn]
) -> str:
    """Read a section of the shop's own rules, word for word. Quote it; don't add to it."""
    return ask(runtime.context, ReadShopPolicy, {"topic": topic}, _section)


def _section(view: RuleSection) -> Answer:
    return {"quote": view.quote[:2000], "section": view.title, "link": view.link}


TOOLS: tuple[tuple[BaseTool, type[Command]], ...] = ((read_policy, ReadShopPolicy),)
