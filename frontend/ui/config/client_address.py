# Copied from backend/app/core/client_address.py by `make generate`.
"""Where a request comes from, although proxies passed it on.

The frontend finds its browsers with the same code: `make generate` copies this module there.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

MOST_PROXIES = 10
FORWARDED_FOR = b"x-forwarded-for"

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def networks_of(values: Iterable[str]) -> list[Network]:
    """The networks that addresses such as 10.0.0.5 or 10.0.0.0/24 stand for.

    Raises ValueError where one is neither.
    """
    return [ip_network(value) for value in values]


def is_within(host: str, networks: Iterable[Network]) -> bool:
    """Whether a host is an address of one of the networks."""
    address = _address(host)
    return address is not None and any(address in network for network in networks)


class ClientAddress:
    """Middleware that puts the browser's address in the place of a trusted proxy's.

    `X-Forwarded-For` lists the addresses that a request passed, the nearest last. Each is what
    the proxy after it says, so it counts as long as that proxy is one of `trusted`: what a client
    writes into the header is never reached. What is no IP address ends the search.
    """

    def __init__(self, app: ASGIApp, *, trusted: Iterable[str]) -> None:
        self.app = app
        self._networks = networks_of(trusted)
        self._trusts_peer = lru_cache(maxsize=1024)(self._trusts_host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        peer = scope.get("client")
        if peer is not None and self._trusts_peer(peer[0]):
            scope["client"] = self._browser_of(scope["headers"]) or peer
        await self.app(scope, receive, send)

    def _browser_of(self, headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, int] | None:
        """The farthest address that a trusted proxy named."""
        named = None
        for hop in reversed(_hops(headers)):
            address = _address(hop)
            if address is None:
                break
            named = (str(address), 0)
            if not self._trusts(address):
                break
        return named

    def _trusts_host(self, host: str) -> bool:
        return is_within(host, self._networks)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def _hops(headers: Iterable[tuple[bytes, bytes]]) -> Sequence[str]:
    """The nearest addresses of all such headers, as they were sent."""
    sent = b",".join(value for name, value in headers if name == FORWARDED_FOR)
    return sent.decode("latin-1").rsplit(",", MOST_PROXIES)[-MOST_PROXIES:]


def _address(text: str) -> Address | None:
    """An address with or without a port and a zone; an IPv4 address mapped to IPv6 is IPv4."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
