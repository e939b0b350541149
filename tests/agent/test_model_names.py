"""``COUNTERSIGN_MODEL``: what may be written there, where it leads, and which key goes with it."""

import pytest
from langchain_core.language_models import BaseChatModel

from agent.hosted import Hosted
from agent.models import LoadedModel, NoModel, load_model, read_place
from tests.agent.scripted import Scripted, says

KEYS = {"OPENAI_API_KEY": "sk-openai", "ANTHROPIC_API_KEY": "sk-anthropic", "GEMINI_API_KEY": "sk-google"}


def load(name: str, key: str = "", environment: dict[str, str] | None = None) -> LoadedModel:
    return load_model(name, embedded=lambda: Scripted(says("x")), key=key, environment=environment or {})


def inner(loaded: LoadedModel) -> BaseChatModel:
    assert isinstance(loaded.model, Hosted)
    return loaded.model.model


def test_the_embedded_model_stays_in_the_house() -> None:
    loaded = load("embedded")
    assert not loaded.is_remote and loaded.name == "embedded" and loaded.standby is None


@pytest.mark.parametrize("name", ["gpt-5", "openai:", "", "bedrock:x", "openai", "EMBEDDED", "openai:@https://h/v1"])
def test_a_wrong_model_name_is_told(name: str) -> None:
    with pytest.raises(NoModel, match="COUNTERSIGN_MODEL is") as told:
        load(name, "k")
    assert "google:…" in str(told.value)


@pytest.mark.parametrize(
    ("address", "says_"),
    [
        ("http://models.example/v1", "loopback only"),
        ("http://10.0.0.7:8000/v1", "loopback only"),
        ("http://localhost.evil.example/v1", "loopback only"),
        ("https://user:hunter2@models.example/v1", "COUNTERSIGN_MODEL_KEY"),
        ("https://models.example/v1?key=hunter2", "COUNTERSIGN_MODEL_KEY"),
        ("https://", "loopback only"),
        ("https://[::", "no address"),
        ("https://models.example:port/v1", "no address"),
    ],
)
def test_an_address_that_is_not_safe_is_refused_without_repeating_a_password(address: str, says_: str) -> None:
    with pytest.raises(NoModel, match=says_) as told:
        load(f"openai:qwen3@{address}", "k")
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "model", "address"),
    [
        ("openai:gpt-5", "gpt-5", "https://api.openai.com/v1"),
        ("openai:Qwen/Qwen3-8B@https://models.example/v1/", "Qwen/Qwen3-8B", "https://models.example/v1"),
        ("ollama:llama3.2:3b", "llama3.2:3b", "http://127.0.0.1:11434"),
        ("anthropic:m@http://localhost:9000", "m", "http://localhost:9000"),
        ("openai:m@http://[::1]:9000/v1", "m", "http://[::1]:9000/v1"),
    ],
)
def test_a_name_is_read_as_it_is_written(name: str, model: str, address: str) -> None:
    place = read_place(name)
    assert (place.model, place.address) == (model, address)


def test_a_missing_extra_is_told() -> None:
    # In the packages of the tests are OpenAI's and Anthropic's, and not these two.
    for name, extra in (("google:gemini-x", "google"), ("ollama:llama3.2", "ollama")):
        with pytest.raises(NoModel, match=rf"countersign\[{extra}\]"):
            load(name, environment=KEYS)


@pytest.mark.parametrize(("name", "variable"), [("openai:x", "OPENAI"), ("anthropic:x", "ANTHROPIC"), ("google:x", "")])
def test_a_missing_key_is_told(name: str, variable: str) -> None:
    with pytest.raises(NoModel, match=rf"COUNTERSIGN_MODEL_KEY or {variable or 'GOOGLE'}_API_KEY"):
        load(name, environment={f"{variable}_API_KEY": ""})


def test_a_key_goes_to_its_own_provider_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    for name, given, sent in (
        ("openai:x", "", "sk-openai"),
        ("openai:x", "sk-given", "sk-given"),
        ("openai:x@https://models.example/v1", "", "none"),
        ("openai:x@https://models.example/v1", "sk-given", "sk-given"),
    ):
        made = inner(load(name, given, KEYS))
        assert made.openai_api_key.get_secret_value() == sent, (name, given)  # type: ignore[attr-defined]
    made = inner(load("anthropic:x@https://models.example", "", KEYS))
    assert made.anthropic_api_key.get_secret_value() == "none"  # type: ignore[attr-defined]


def test_no_variable_of_a_package_leads_the_text_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = "https://elsewhere.example"
    for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_URL"):
        monkeypatch.setenv(name, elsewhere)
    for name in ("LANGSMITH_GATEWAY", "LANGSMITH_GATEWAY_API_KEY", "LANGSMITH_GATEWAY_BASE_URL"):
        monkeypatch.setenv(name, elsewhere)
    openai, anthropic = inner(load("openai:x", "k")), inner(load("anthropic:x", "k"))
    assert str(openai.root_async_client.base_url).startswith("https://api.openai.com/v1")  # type: ignore[attr-defined]
    assert str(anthropic._async_client.base_url).startswith("https://api.anthropic.com")  # type: ignore[attr-defined]


def test_no_key_shows_itself() -> None:
    for name in ("openai:x", "anthropic:x"):
        loaded = load(name, "sk-hunter2-lantern")
        assert "hunter2" not in repr(loaded) + str(loaded.model) + repr(loaded.model)


def test_the_packages_do_not_retry_behind_our_back() -> None:
    for name in ("openai:x", "anthropic:x"):
        assert inner(load(name, "k")).max_retries == 0  # type: ignore[attr-defined]


def test_an_openai_model_tells_what_a_streamed_answer_has_used() -> None:
    """With an address of its own the package leaves it out unless it is asked, and a day's budget would not see it."""
    for name in ("openai:x", "openai:x@https://models.example/v1"):
        assert inner(load(name, "k")).stream_usage is True  # type: ignore[attr-defined]
