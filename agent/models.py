"""The model by its name: the embedded one, or a hosted or local one of LangChain's. A wrong name is told plainly.

The name alone decides where text goes and which key goes with it: variables with which a provider's package lets
itself be sent elsewhere have no say, and a key of one provider is never shown to another address.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel

from agent.hosted import Hosted, Patience
from shop.allowances import ANSWER_TOKENS

EMBEDDED: Final = "embedded"
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
NO_KEY: Final = "none"  # what a server of one's own is shown where the packages insist on a key


class NoModel(RuntimeError):
    """The model that was asked for cannot be had; the message says what to do."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model and what the house must know about it: its name, whether text leaves this process for it, and which one
    goes on (in this process) when it does not answer."""

    model: BaseChatModel
    is_remote: bool
    name: str
    standby: BaseChatModel | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """``kind`` is LangChain's name for it, ``extra`` ours; ``address`` its own server, and ``keys`` the variables that
    may hold the key for that. ``settings`` turn its package's own retries off, and what would keep text elsewhere."""

    kind: str
    extra: str
    address: str
    keys: tuple[str, ...]
    settings: Mapping[str, Any]


PROVIDERS: Final[Mapping[str, Provider]] = MappingProxyType(
    {
        # The newer of OpenAI's two protocols keeps each answer on its servers unless told otherwise; this one doesn't.
        "openai": Provider(
            "openai",
            "openai",
            "https://api.openai.com/v1",
            ("OPENAI_API_KEY",),
            # With an address of its own the package would leave out what a streamed answer has used.
            {"max_retries": 0, "use_responses_api": False, "stream_usage": True},
        ),
        "anthropic": Provider(
            "anthropic", "anthropic", "https://api.anthropic.com", ("ANTHROPIC_API_KEY",), {"max_retries": 0}
        ),
        # For Google's package 0 retries are its default number; 1 is one request and no more.
        "google": Provider(
            "google_genai",
            "google",
            "https://generativelanguage.googleapis.com",
            ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
            {"max_retries": 1, "vertexai": False},
        ),
        "ollama": Provider("ollama", "ollama", "http://127.0.0.1:11434", (), {}),
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """A model's name as read: ``openai:gpt-5`` or ``openai:qwen3@https://models.example/v1``."""

    provider: Provider
    model: str
    address: str
    is_theirs: bool


def load_model(
    name: str,
    *,
    embedded: Callable[[], BaseChatModel],
    key: str = "",
    patience: Patience | None = None,
    environment: Mapping[str, str] = os.environ,
) -> LoadedModel:
    """``embedded``, or ``PROVIDER:MODEL``, or ``PROVIDER:MODEL@URL`` for a server that speaks a provider's protocol.

    ``key`` goes to that address; without one, the provider's own variable does, to the provider's own address only.
    Raises :class:`NoModel`. A model on this machine counts as remote: it is another process with logs of its own.
    """
    if name == EMBEDDED:
        return LoadedModel(embedded(), False, EMBEDDED)
    place, bounds = read_place(name), patience or Patience()
    made = _hosted(place, _key(place, key, environment), bounds)
    return LoadedModel(Hosted(model=made, patience=bounds), True, name, standby=embedded())


def read_place(name: str) -> Place:
    """The parts of a model's name; :class:`NoModel` says what is wrong with it."""
    provider, _, rest = name.partition(":")
    model, at, address = rest.partition("@http")
    if provider not in PROVIDERS or not model:
        known = ", ".join(f"{known}:…" for known in PROVIDERS)
        raise NoModel(
            f"COUNTERSIGN_MODEL is {name!r}; it can be {EMBEDDED!r} or one of {known}, and may end in @https://…"
        )
    found = PROVIDERS[provider]
    return Place(found, model, _checked("http" + address) if at else found.address, is_theirs=not at)


def _checked(address: str) -> str:
    """An address of a server of one's own: https, or this machine; a key or a password does not belong into it."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise NoModel("COUNTERSIGN_MODEL ends in something that is no address.") from None
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise NoModel("COUNTERSIGN_MODEL: the address holds a password or more than a path. Use COUNTERSIGN_MODEL_KEY.")
    if not host or (parts.scheme != "https" and host not in LOOPBACK):
        raise NoModel(f"COUNTERSIGN_MODEL is at {address}: plain http is spoken on loopback only. Use https.")
    return address.rstrip("/")


def _key(place: Place, given: str, environment: Mapping[str, str]) -> str:
    if given or not place.is_theirs:
        return given or NO_KEY
    found = next((environment[name] for name in place.provider.keys if environment.get(name)), "")
    if place.provider.keys and not found:
        raise NoModel(f"{place.model} needs a key: set COUNTERSIGN_MODEL_KEY or {place.provider.keys[0]}.")
    return found


def _hosted(place: Place, key: str, patience: Patience) -> BaseChatModel:
    provider = place.provider
    settings: dict[str, Any] = {"base_url": place.address, **provider.settings}
    if provider.kind == "ollama":
        headers = {"Authorization": f"Bearer {key}"} if key not in {"", NO_KEY} else {}
        settings |= {"client_kwargs": {"timeout": patience.silence_s, "headers": headers}, "num_predict": ANSWER_TOKENS}
    else:
        # A longer answer would cost more than has been taken from the day for it.
        settings |= {"timeout": patience.silence_s, "api_key": key, "max_tokens": ANSWER_TOKENS}
    try:
        # No temperature: the newer models of several providers refuse a request that names one.
        made = init_chat_model(place.model, model_provider=provider.kind, **settings)
    except ImportError as error:
        raise NoModel(f"{place.model} needs an extra: pip install 'countersign[{provider.extra}]'") from error
    except Exception as error:
        # The packages raise errors of their own, whose texts may repeat settings, so the type is enough.
        raise NoModel(f"{place.model} could not be set up ({type(error).__name__}); see docs/models.md.") from error
    if not isinstance(made, BaseChatModel):
        raise NoModel(f"{place.model} is no chat model")
    return made
