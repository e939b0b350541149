"""The model by its name: the embedded one, or a hosted or local one of LangChain's. A wrong name is told plainly."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel

EMBEDDED: Final = "embedded"
PROVIDERS: Final = {"openai": "openai", "anthropic": "anthropic", "ollama": "ollama"}
CALL_TIMEOUT_S: Final = 30.0
RETRIES: Final = 2


class NoModel(RuntimeError):
    """The model that was asked for cannot be had; the message says what to do."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model and what the house must know about it: its name, and whether text leaves this process for it."""

    model: BaseChatModel
    is_remote: bool
    name: str


def load_model(name: str, *, embedded: Callable[[], BaseChatModel]) -> LoadedModel:
    """``embedded``, or ``openai:…``, ``anthropic:…``, ``ollama:…`` with the model's own name.

    Raises :class:`NoModel`. A local Ollama counts as remote: it is another process with logs of its own.
    """
    if name == EMBEDDED:
        return LoadedModel(embedded(), False, EMBEDDED)
    provider, colon, model = name.partition(":")
    if provider not in PROVIDERS or not colon or not model:
        known = ", ".join(f"{known}:…" for known in PROVIDERS)
        raise NoModel(f"COUNTERSIGN_MODEL is {name!r}; it can be {EMBEDDED!r} or one of {known}")
    return LoadedModel(_hosted(provider, model), True, name)


def _hosted(provider: str, model: str) -> BaseChatModel:
    bounds: dict[str, Any] = {"timeout": CALL_TIMEOUT_S, "max_retries": RETRIES}
    if provider == "ollama":
        bounds = {"client_kwargs": {"timeout": CALL_TIMEOUT_S}}
    try:
        made = init_chat_model(model, model_provider=provider, temperature=0, **bounds)
    except ImportError as error:
        raise NoModel(f"{provider}:{model} needs an extra: pip install 'countersign[{PROVIDERS[provider]}]'") from error
    except Exception as error:
        # Providers raise errors of their own for a missing key; their texts may repeat settings, so the type is enough.
        raise NoModel(
            f"{provider}:{model} could not be set up ({type(error).__name__}); is its API key in the environment?"
        ) from error
    if not isinstance(made, BaseChatModel):
        raise NoModel(f"{provider}:{model} is no chat model")
    return made
