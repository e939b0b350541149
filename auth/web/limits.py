"""Ceilings on how often anybody may ask: one for every request, lower ones for what is dear or dangerous.

The general ceiling is ASGI middleware and so stands before routing, where no route can be forgotten (slowapi's own
middleware leaves out routes added with ``include_router``). The others are dependencies, visible in the signature.
Neither the environment nor a ``.env`` file can switch them off.
"""

import os
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from limits import RateLimitItem, parse
from slowapi import Limiter
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from auth.actor import Actor
from auth.web.answers import refusal
from auth.web.network import ClientNetworks

DEFAULT_RATES: Mapping[str, str] = MappingProxyType(
    {
        "default": "600/minute",
        "sign_in": "30/minute",
        "register": "10/10minutes",
        "reset": "10/10minutes",
        "guest": "30/minute",
        "chat": "30/minute",
        "search": "120/minute",
        "checkout": "20/minute",
        "approvals": "30/minute",
        "api": "300/minute",
        "api_write": "60/minute",
    }
)


class CeilingReached(Exception):
    """Asked too often; ``retry_after_s`` is in whole seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"asked too often, again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The counters and the rates by name. ValueError at once for a rate that can't be read or is missing."""

    networks: ClientNetworks
    rates: Mapping[str, str] = field(default_factory=lambda: DEFAULT_RATES)
    storage_uri: str = "memory://"
    limiter: Limiter = field(init=False)
    items: Mapping[str, RateLimitItem] = field(init=False)

    def __post_init__(self) -> None:
        missing = sorted(DEFAULT_RATES.keys() - self.rates.keys())
        if missing:
            raise ValueError(f"no ceiling is set for {', '.join(missing)}")
        object.__setattr__(self, "items", {name: parse(rate) for name, rate in self.rates.items()})
        object.__setattr__(self, "limiter", _limiter(self.networks, self.storage_uri))

    def count(self, name: str, key: str) -> int | None:
        """Count one request under the ceiling; ``None``, or the whole seconds until the next may come."""
        item, counters = self.items[name], self.limiter.limiter
        if counters.hit(item, name, key):
            return None
        return max(1, int(counters.get_window_stats(item, name, key).reset_time - time.time()) + 1)

    def check(self, name: str, request: HTTPConnection, actor: Actor | None = None) -> None:
        """Count the request for the signed-in account, or else for its network. :class:`CeilingReached` above it.

        A guest counts by network: whoever drops the cookie gets a new guest account, but not a new network.
        """
        is_known = actor is not None and actor.is_signed_in
        key = f"account {actor.account_id}" if actor is not None and is_known else self.networks.of(request.scope)
        retry_after_s = self.count(name, key)
        if retry_after_s is not None:
            raise CeilingReached(retry_after_s)


class CeilingForAll:
    """ASGI middleware: the ``default`` ceiling, per network, for every request there is."""

    def __init__(self, app: ASGIApp, *, ceilings: Ceilings) -> None:
        self.app = app
        self.ceilings = ceilings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        retry_after_s = self.ceilings.count("default", self.ceilings.networks.of(scope))
        if retry_after_s is None:
            await self.app(scope, receive, send)
        else:
            await too_often(scope, retry_after_s)(scope, receive, send)


def too_often(scope: Scope, retry_after_s: int) -> Response:
    """429 with Retry-After (RFC 6585 §4)."""
    sentence = f"That was a lot at once. Try again in {retry_after_s} seconds."
    headers = {"Retry-After": str(retry_after_s)}
    return refusal(scope, 429, title="A moment, please", sentence=sentence, headers=headers)


def ceiling_by_network(name: str) -> Callable[[Request], None]:
    """A dependency for routes that come before an identity: ``Depends(ceiling_by_network("sign_in"))``."""
    _check_name(name)

    def check(request: Request) -> None:
        request.app.state.door.ceilings.check(name, request)

    return check


def _check_name(name: str) -> None:
    if name not in DEFAULT_RATES:
        raise ValueError(f"there is no ceiling called {name!r}")


def _limiter(networks: ClientNetworks, storage_uri: str) -> Limiter:
    with warnings.catch_warnings():
        # Without a name slowapi reads ./.env; with this one, which holds nothing, it warns that nothing is there.
        warnings.simplefilter("ignore")
        limiter = Limiter(
            key_func=lambda request: networks.of(request.scope),
            storage_uri=storage_uri,
            strategy="moving-window",
            config_filename=os.devnull,
        )
    # RATELIMIT_ENABLED in the environment beats the constructor's argument; it does not beat this.
    limiter.enabled = True
    return limiter
