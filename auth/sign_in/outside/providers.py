"""Who else may vouch for a person: the operator's list of providers, checked when the shop starts.

An entry names a provider by its issuer or discovery address, or uses ready settings (``use``): google, microsoft,
keycloak and github.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote, urlsplit

from auth.sign_in.address import is_plausible_name

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
DISCOVERY = "/.well-known/openid-configuration"
# Signatures that a provider can make and the shop can't: "none" and the HMACs are no proof of who signed.
ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519")
_ENTRY = frozenset({"use", "name", "issuer", "client_id", "client_secret", "tenant", "server", "realm"})
_SEGMENT = re.compile(r"[A-Za-z0-9._-]{1,128}")
_SHARED_TENANTS = frozenset({"common", "organizations", "consumers"})


class Kind(StrEnum):
    """``openid`` proves a person with a signed ID token; ``github`` is plain OAuth, and its API is asked who it is."""

    OPENID = "openid"
    GITHUB = "github"


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. ``key`` is its name in addresses; ``algorithms`` are the signatures its ID tokens may have."""

    key: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    kind: Kind = Kind.OPENID
    scope: str = "openid email profile"
    algorithms: tuple[str, ...] = ALGORITHMS

    @property
    def is_plain(self) -> bool:
        """Whether it is reached over plain http, which is for a demo on loopback."""
        return self.issuer.startswith("http://")


def providers_from(entries: Iterable[Mapping[str, object]]) -> tuple[Provider, ...]:
    """The providers of a list of settings. ValueError with a sentence that names the entry and no secret."""
    found = [_provider(number, entry) for number, entry in enumerate(entries, start=1)]
    for values in ([p.key for p in found], [p.issuer.rstrip("/") for p in found]):
        if len(set(values)) < len(values):
            raise ValueError("two entries have the same name or issuer: each provider is named once")
    return tuple(found)


def _provider(number: int, entry: Mapping[str, object]) -> Provider:
    unknown = sorted(set(entry) - _ENTRY)
    if unknown:
        raise ValueError(f"entry {number} has {unknown[0]!r}, which means nothing here; known are {sorted(_ENTRY)}")
    texts = {name: value for name, value in entry.items() if isinstance(value, str)}
    if len(texts) < len(entry):
        raise ValueError(f"entry {number} has a value that is no text")
    match texts.get("use", ""):
        case "google":
            ready = {"name": "Google", "issuer": "https://accounts.google.com"}
            return _openid(number, {**ready, **texts}, algorithms=("RS256",))
        case "microsoft":
            return _openid(number, {"name": "Microsoft", **_of_tenant(number, texts)}, algorithms=("RS256",))
        case "keycloak":
            return _openid(number, {"name": "Keycloak", **_of_realm(number, texts)}, algorithms=ALGORITHMS)
        case "github":
            return _github(number, {"name": "GitHub", "issuer": "https://github.com", **texts})
        case "":
            return _openid(number, texts, algorithms=ALGORITHMS)
        case other:
            raise ValueError(f"entry {number} uses {other!r}; ready settings are google, microsoft, keycloak, github")


def _openid(number: int, texts: Mapping[str, str], *, algorithms: tuple[str, ...]) -> Provider:
    key, name, issuer, client_id = _checked(number, texts)
    return Provider(key, name, issuer, client_id, texts.get("client_secret", ""), algorithms=algorithms)


def _github(number: int, texts: Mapping[str, str]) -> Provider:
    key, name, issuer, client_id = _checked(number, texts)
    if not texts.get("client_secret"):
        raise ValueError(f"entry {number} needs a client_secret: GitHub gives no token without")
    scope = "read:user user:email"
    return Provider(key, name, issuer, client_id, texts["client_secret"], Kind.GITHUB, scope, algorithms=())


def _of_tenant(number: int, texts: Mapping[str, str]) -> Mapping[str, str]:
    tenant = texts.get("tenant", "")
    if not _SEGMENT.fullmatch(tenant) or tenant in _SHARED_TENANTS:
        # The issuer of a shared tenant differs from person to person, so that it could not be checked.
        raise ValueError(f"entry {number} needs the id of one tenant (a directory), not of all of them")
    return {**texts, "issuer": f"https://login.microsoftonline.com/{tenant}/v2.0"}


def _of_realm(number: int, texts: Mapping[str, str]) -> Mapping[str, str]:
    server, realm = texts.get("server", "").rstrip("/"), texts.get("realm", "")
    if not server or not _SEGMENT.fullmatch(realm):
        raise ValueError(f"entry {number} needs the server's address and a realm")
    return {**texts, "issuer": f"{server}/realms/{quote(realm)}"}


def _checked(number: int, texts: Mapping[str, str]) -> tuple[str, str, str, str]:
    name, client_id = texts.get("name", "").strip(), texts.get("client_id", "")
    issuer = texts.get("issuer", "").removesuffix(DISCOVERY)
    key = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not key or len(key) > 32 or not is_plausible_name(name):
        raise ValueError(f"entry {number} needs a name for its button, of at most 32 letters")
    if not client_id or not client_id.isascii() or not client_id.isprintable():
        raise ValueError(f"entry {number} ({name}) needs the client_id that the provider gave you")
    _check_issuer(number, issuer)
    return key, name, issuer, client_id


def _check_issuer(number: int, issuer: str) -> None:
    parts = urlsplit(issuer)
    is_whole = parts.scheme in {"http", "https"} and parts.hostname and not (parts.query or parts.fragment)
    if not is_whole or parts.username is not None or not issuer.isascii():
        raise ValueError(f"entry {number} needs an issuer that reads like https://id.example")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError(f"entry {number} names {issuer}: a provider off loopback is asked over https only")
