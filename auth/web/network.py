"""Which network a request comes from, for limits: believed from a trusted proxy only, and from nobody else.

X-Forwarded-For is read from the right, past the trusted proxies, to the first address that is none: whatever stands
further left was written by the client. An IPv6 client owns its whole /64, so that is what counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import Scope

_PREFIX_V6 = 64
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ClientNetworks:
    """``trusted`` are the networks of our own proxies; by default none, and then the header is not read at all.

    The server must not interpret the header itself as well (uvicorn: ``proxy_headers=False``).
    """

    trusted: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def behind(cls, proxies: Iterable[str]) -> "ClientNetworks":
        """From texts such as ``10.0.0.0/8``. ValueError for what is not a network."""
        return cls(tuple(ip_network(proxy) for proxy in proxies))

    def of(self, scope: Scope) -> str:
        """The client's IPv4 address, or its IPv6 network as ``2001:db8:1:2::/64``; ``unknown`` for neither."""
        client = scope.get("client")
        address = _parsed(client[0]) if client else None
        for hop in reversed(_forwarded(Headers(scope=scope))):
            if address is None or not self._is_trusted(address):
                break
            earlier = _parsed(hop)
            if earlier is None:
                # What stands here was not written by an honest proxy: the proxy that passed it on is as far as we see.
                break
            address = earlier
        return _key(address)

    def _is_trusted(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self.trusted)


def _forwarded(headers: Headers) -> list[str]:
    return [hop for line in headers.getlist("x-forwarded-for") for hop in line.split(",")]


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _key(address: IPv4Address | IPv6Address | None) -> str:
    if address is None:
        return UNKNOWN
    if isinstance(address, IPv6Address):
        return str(ip_network((address.packed, _PREFIX_V6), strict=False))
    return str(address)
