"""Whose request it is when a reverse proxy brings it: the address that our own proxies vouch for, and no other.

Everybody's budget hangs on this (`rate_limits`): without it all who come through one proxy would be one network,
and a stranger's guesses would keep a whole country out. What a stranger writes into `X-Forwarded-For` stands to
the left of what our proxies write, and is never read; nobody else's header is read at all (C088). Pure, but for
the one key of the environment that it writes.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from idp.settings import Network

MOST_HOPS = 20  # of proxies one behind another; what is left of them decides nothing
_WITH_PORT = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.%]+)\]|(?P<four>[0-9.]+))(?::[0-9]{1,5})?")

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def client_address(peer: str, forwarded: str, proxies: Sequence[Network]) -> str:
    """Who asks: `peer`, or where that is one of `proxies` whoever it names last, and so on from the right.

    `forwarded` is the header as the server joins its lines. An entry that cannot be read is nobody: the request is
    then the proxy's own.
    """
    address = peer
    for named in reversed(forwarded.split(",")[-MOST_HOPS:]):
        if not _is_one_of(address, proxies):
            break
        read = _read(named.strip())
        if read is None:
            break
        address = read
    return address


def behind(application: Application, proxies: Sequence[Network]) -> Application:
    """The application as it is reached through these proxies: `REMOTE_ADDR` is who asked them.

    The header itself stays: a request that came through a proxy is never this machine's own (`health`).
    """

    def reached(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        forwarded = str(environ.get("HTTP_X_FORWARDED_FOR", ""))
        environ["REMOTE_ADDR"] = client_address(str(environ.get("REMOTE_ADDR", "")), forwarded, proxies)
        return application(environ, start_response)

    return reached


def _is_one_of(address: str, proxies: Sequence[Network]) -> bool:
    read = _read(address)
    if read is None:
        return False
    one = ipaddress.ip_address(read)
    return any(one in network for network in proxies if network.version == one.version)


def _read(text: str) -> str | None:
    """One address in its plain form: without zone, port and brackets; None: it is none."""
    found = _WITH_PORT.fullmatch(text)
    plain = (found["six"] or found["four"]) if found is not None else text
    try:
        address = ipaddress.ip_address(plain.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
