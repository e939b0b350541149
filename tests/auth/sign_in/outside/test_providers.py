"""The operator's list of providers: ready settings, discovery addresses, and what keeps a shop closed."""

from typing import Any

import pytest

from auth.sign_in.outside.providers import ALGORITHMS, Kind, providers_from

OWN = {"name": "Acme", "issuer": "https://id.acme.example", "client_id": "shop", "client_secret": "s3cret-of-acme"}


@pytest.mark.parametrize(
    ("entry", "key", "issuer"),
    [
        ({"use": "google"}, "google", "https://accounts.google.com"),
        ({"use": "github"}, "github", "https://github.com"),
        (
            {"use": "microsoft", "tenant": "9a7b0a7e-0000-4000-8000-000000000001"},
            "microsoft",
            "https://login.microsoftonline.com/9a7b0a7e-0000-4000-8000-000000000001/v2.0",
        ),
        (
            {"use": "keycloak", "server": "https://kc.example/", "realm": "shop"},
            "keycloak",
            "https://kc.example/realms/shop",
        ),
        ({"name": "Acme", "issuer": "https://id.acme.example"}, "acme", "https://id.acme.example"),
        (
            {"name": "Acme & Sons", "issuer": "https://id.acme.example/.well-known/openid-configuration"},
            "acme-sons",
            "https://id.acme.example",
        ),
    ],
)
def test_ready_settings_and_discovery_addresses(entry: dict[str, str], key: str, issuer: str) -> None:
    (found,) = providers_from([{**entry, "client_id": "shop", "client_secret": "s3cret"}])
    assert (found.key, found.issuer, found.client_id) == (key, issuer, "shop")
    assert "s3cret" not in repr(found)


def test_each_provider_signs_with_its_own_algorithms() -> None:
    google, own, github = providers_from(
        [{"use": "google", "client_id": "a"}, OWN, {"use": "github", "client_id": "b", "client_secret": "c"}]
    )
    assert google.algorithms == ("RS256",) and own.algorithms == ALGORITHMS and github.kind is Kind.GITHUB
    assert not {"none", "HS256", "HS384", "HS512"} & {*google.algorithms, *own.algorithms, *github.algorithms}


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([{"use": "facebook", "client_id": "x"}], "ready settings are"),
        ([{**OWN, "issuer": "http://id.acme.example"}], "over https only"),
        ([{**OWN, "issuer": "id.acme.example"}], "reads like https"),
        ([{**OWN, "issuer": "https://user:pw@id.acme.example"}], "reads like https"),
        ([{**OWN, "issuer": "https://id.acme.example/?a=b"}], "reads like https"),
        ([{**OWN, "name": ""}], "needs a name"),
        ([{**OWN, "name": "x" * 40}], "needs a name"),
        ([{**OWN, "client_id": ""}], "needs the client_id"),
        ([{**OWN, "scope": "everything"}], "means nothing here"),
        ([{**OWN, "client_id": 7}], "no text"),
        ([OWN, {**OWN, "issuer": "https://b.example"}], "same name or issuer"),
        ([OWN, {**OWN, "name": "B"}], "same name or issuer"),
        ([{"use": "microsoft", "client_id": "x", "tenant": "common"}], "one tenant"),
        ([{"use": "microsoft", "client_id": "x"}], "one tenant"),
        ([{"use": "keycloak", "client_id": "x", "server": "https://kc.example"}], "a realm"),
        ([{"use": "github", "client_id": "x"}], "needs a client_secret"),
    ],
)
def test_what_can_not_be_is_refused_in_a_sentence_without_secrets(entries: list[Any], says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        providers_from(entries)
    assert "s3cret" not in str(refused.value)
