"""One embedded model for all tests of this room: building it takes most of a second and it holds no conversation."""

import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from agent.local.model import EmbeddedModel


def _beside(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"embedded_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


SHOP = _beside("fake_shop")


HEADS = Path(tempfile.gettempdir()) / f"countersign-test-heads-{os.getuid()}"  # kept between runs, named by their hash


@pytest.fixture(scope="session")
def model() -> EmbeddedModel:
    """With embeddings where their weights are installed, as in the shop."""
    return EmbeddedModel(product_names=SHOP.NAMES, cache_folder=HEADS)


@pytest.fixture(scope="session")
def n_grams() -> EmbeddedModel:
    """The n-grams alone."""
    return EmbeddedModel(product_names=SHOP.NAMES, cache_folder=HEADS, with_embeddings=False)


@pytest.fixture
def heads() -> Path:
    return HEADS


@pytest.fixture
def shop() -> Any:
    return SHOP.FakeShop()


class Chat:
    """A conversation in a real create_agent graph; the history is ours, as on the server."""

    def __init__(self, model: EmbeddedModel, shop: Any, without: frozenset[str]) -> None:
        self.agent = create_agent(model, shop.tools(without=without))
        self.shop = shop
        self.messages: list[BaseMessage] = []

    def say(self, text: str, page: dict[str, str] | None = None) -> AIMessage:
        kept = {"page": page} if page else {}
        self.messages.append(HumanMessage(text, additional_kwargs=kept))
        self.shop.calls.clear()
        self.messages = self.agent.invoke({"messages": self.messages})["messages"]
        last = self.messages[-1]
        assert isinstance(last, AIMessage)
        return last

    @property
    def last_call(self) -> tuple[str, dict[str, Any]] | None:
        return self.shop.calls[-1] if self.shop.calls else None


@pytest.fixture
def chat(model: EmbeddedModel, shop: Any) -> Callable[..., Chat]:
    return lambda without=frozenset(): Chat(model, shop, without)
