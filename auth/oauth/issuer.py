"""What every flow needs, made once when the house is put together: the issuer, its keys, scopes and audiences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from auth.database import Database
from auth.oauth.keys import SigningKeys
from auth.vault import Vault

TOKENS_LIVE: Final = timedelta(minutes=10)
# A page that asks for leave; where it is led back from is one of its query's own words.
AUTHORIZE: Final = "/oauth/authorize"
TOKEN: Final = "/oauth/token"  # noqa: S105 - a path
REVOKE: Final = "/oauth/revoke"
INTROSPECT: Final = "/oauth/introspect"
USERINFO: Final = "/oauth/userinfo"
JWKS: Final = "/oauth/jwks"
API: Final = "/api/v1"

ONE_FACTOR: Final = "urn:countersign:one-factor"
TWO_FACTOR: Final = "urn:countersign:two-factor"

OPENID: Final = "openid"
OFFLINE: Final = "offline_access"
CATALOGUE: Final = "catalogue"
# Scopes that OpenID Connect gives a meaning, and the one every program may have.
STANDARD: Mapping[str, str] = MappingProxyType(
    {
        OPENID: "Know that it is you, each time you come back",
        "profile": "See your name",
        "email": "See your e-mail address",
        OFFLINE: "Stay connected until you disconnect it, also while you are away",
        CATALOGUE: "Look at what is for sale",
    }
)


@dataclass(frozen=True, slots=True)
class Issuer:
    """``url`` is the issuer's identifier (RFC 8414 §2): the shop's own address. ``shop_scopes`` are the
    shop's own, each with the sentence a customer reads. A token is for one or both of :attr:`audiences`."""

    url: str
    database: Database
    vault: Vault
    clock: Callable[[], datetime]
    keys: SigningKeys
    shop_scopes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, url: str, *, database: Database, vault: Vault, clock: Callable[[], datetime], scopes: Mapping[str, str]
    ) -> "Issuer":
        return cls(url.rstrip("/"), database, vault, clock, SigningKeys(vault, lives=TOKENS_LIVE), scopes)

    @property
    def scopes(self) -> Mapping[str, str]:
        """Every scope there is, with its sentence, in the order a customer reads them."""
        return {**STANDARD, **self.shop_scopes}

    @property
    def api(self) -> str:
        """The audience of calls to the shop's API."""
        return self.url + API

    @property
    def userinfo(self) -> str:
        """The audience of asking who somebody is."""
        return self.url + USERINFO

    @property
    def audiences(self) -> tuple[str, ...]:
        return (self.api, self.userinfo)
