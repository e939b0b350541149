"""What an attacker brings along: a model that says and does what it is told, and short words for common moves."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage
from starlette.testclient import TestClient

from tests.agent.scripted import Scripted
from tests.agent.scripted import says as _says
from tests.building import Building, build, move_in


def told(text: str, *calls: tuple[str, dict[str, Any]]) -> AIMessage:
    """One answer of the model: words, and calls with any arguments."""
    return _says(text, *calls)


def hostile(building: Building, *steps: AIMessage) -> Building:
    """The same empty house on the same database, with a model that follows these steps; people moved in."""
    url = building.house.database.engine.url.render_as_string(hide_password=False)
    building.house.database.close()
    building.gateway.close()
    return move_in(build(building.folder, database_url=url, model=Scripted(*steps)))


def say(browser: TestClient, message: str, conversation: str = "") -> Any:
    """A message in the chat, as the page without scripts sends it; the answer is there when this returns."""
    return browser.post("/chat", data={"conversation": conversation, "message": message, "hint": ""})
