"""Everything the assistant can do: each tool asks the desk for a command, and none takes a customer as an argument.

Each file names its tools with the commands they stand for; a file listed here is what makes them reachable.
"""

from collections.abc import Mapping
from types import MappingProxyType

from langchain_core.tools import BaseTool

from agent.tools import (
    account,
    addresses,
    advice,
    after_delivery,
    basket,
    catalogue,
    orders,
    papers,
    payment,
    people,
    rules,
)
from auth.guard.commands import Command

_FILES = (catalogue, advice, basket, orders, papers, after_delivery, addresses, payment, account, rules, people)

TOOLS: tuple[BaseTool, ...] = tuple(tool for file in _FILES for tool, _ in file.TOOLS)

COMMANDS: Mapping[str, type[Command]] = MappingProxyType(
    {tool.name: command for file in _FILES for tool, command in file.TOOLS}
)
