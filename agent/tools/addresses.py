"""Tools for addresses: handles and labels only. A street never reaches a model; new addresses have a page."""

from typing import Annotated

from langchain.tools import ToolRuntime, tool
from langchain_core.tools import BaseTool

from agent.tools.asking import Answer, ask, changed
from agent.turn import Turn
from auth.guard.commands import Command
from shop.commands import ListAddresses, RemoveAddress
from shop.views import AddressList

LISTED = 12


@tool
def list_addresses(runtime: ToolRuntime[Turn]) -> str:
    """List the customer's own addresses by handle and label."""
    return ask(runtime.context, ListAddresses, {}, _listed)


@tool
def remove_address(
    address: Annotated[str, "The handle of one of the customer's own addresses, like address:office"],
    runtime: ToolRuntime[Turn],
) -> str:
    """Prepare the removal of one of the customer's own addresses. The customer confirms it on a card."""
    return ask(runtime.context, RemoveAddress, {"address": address}, changed)


def _listed(view: AddressList) -> Answer:
    return {"addresses": [{"handle": a.handle[:80], "label": a.label[:30]} for a in view.addresses[:LISTED]]}


TOOLS: tuple[tuple[BaseTool, type[Command]], ...] = (
    (list_addresses, ListAddresses),
    (remove_address, RemoveAddress),
)
