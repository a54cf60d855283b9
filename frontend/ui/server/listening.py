# Copied from backend/app/core/listening.py by `make generate`.
"""Where a server listens.

The frontend listens in the same way: `make generate` copies this module there.
"""

import socket
from typing import Any


def listening_sockets(host: str, port: int) -> list[socket.socket]:
    """Sockets for the addresses of a host; `::` takes IPv4 too.

    Raises OSError or UnicodeError where the host is none of this machine or the port is taken.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [_bound(family, address) for family, _, _, _, address in dict.fromkeys(found)]


def _bound(family: socket.AddressFamily, address: Any) -> socket.socket:  # noqa: ANN401 - as socket has it
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    bound.bind(address)
    bound.set_inheritable(True)
    return bound
