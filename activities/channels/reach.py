"""Where a message may go: over an encrypted way, and not to what only this machine or its network can see.

An address that somebody writes into a file could else make the clinic read the secrets of the machine that it runs on
(the metadata services of cloud machines), or post a person's name to a printer.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

LOCAL = ("localhost", "127.0.0.1", "::1")
"""This machine, in the forms in which plain http is allowed: for trials, and for sample agencies."""

_WEB = ("http", "https")
_METADATA = frozenset(
    {"metadata", "metadata.google.internal", "instance-data", "instance-data.ec2.internal", "metadata.azure.internal"}
)  # fmt: skip
_OF_CLOUDS = frozenset(map(ip_address, ("168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")))
"""Metadata services outside of the link-local network: Azure's, Alibaba's, Oracle's, and Amazon's in IPv6."""


class OutOfBounds(Exception):
    """Nothing may be sent there; the message says why and holds no address."""


def check_address(url: str, *, own_network: bool = False) -> None:
    """Judge an address of a channel by how it is written.

    Args:
        url: `mailto:`, `https:`, or any Apprise URL.
        own_network: whether it may lie in the clinic's own network.

    Raises:
        OutOfBounds: it would travel in plain text, or lies where nothing is sent.
    """
    if url.startswith("mailto:"):
        return
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise OutOfBounds("is no address") from None
    has_host, is_plain = (
        (True, parts.scheme == "http") if parts.scheme in _WEB else _of_service(url, parts.scheme)
    )
    if not has_host:
        return
    if is_plain and host not in LOCAL:
        raise OutOfBounds(
            f"{parts.scheme}:// travels in plain text; use one that is encrypted, such as https://"
        )
    check_host(host, own_network=own_network)


def check_host(host: str, *, own_network: bool = False) -> None:
    """Judge a host by its name, or by the number that is written for it in whatever form.

    Raises:
        OutOfBounds: it is a metadata service, or in a network that is not ours to send to.
    """
    name = host.lower().rstrip(".")
    if name in _METADATA:
        raise OutOfBounds("is the metadata service of a cloud machine")
    if (number := _number(name)) is not None:
        _check_number(number, own_network)


async def check_where_it_leads(url: str, *, own_network: bool = False) -> None:
    """Judge the machines that a name stands for now: a harmless name can lead anywhere.

    Raises:
        OutOfBounds: to one where nothing is sent. A name that stands for none is no error here: whoever connects finds
            that out.
    """
    parts = urlsplit(url)
    # What stands there in the address of another service may be its key, which nobody else is asked about.
    if parts.scheme not in _WEB or parts.hostname is None:
        return
    check_host(parts.hostname, own_network=own_network)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            parts.hostname, parts.port or 443, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError):
        return
    for *_, place in found:
        _check_number(ip_address(str(place[0]).partition("%")[0]), own_network)


def _check_number(number: IPv4Address | IPv6Address, own_network: bool) -> None:
    inner = getattr(number, "ipv4_mapped", None) or number
    if inner.is_loopback:
        return
    if inner.is_link_local or inner.is_multicast or inner.is_unspecified or inner in _OF_CLOUDS:
        raise OutOfBounds("is an address of the machine's own surroundings, such as a metadata service")
    if not inner.is_global and not own_network:
        raise OutOfBounds("lies in a private network")


def _number(host: str) -> IPv4Address | IPv6Address | None:
    """The number of a host that is written as one, also as 0x7f.1 or 2852039166; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _of_service(url: str, scheme: str) -> tuple[bool, bool]:
    """Whether the address of an Apprise service names a host, and whether it travels in plain text."""
    import apprise  # 36 MB and 0.3 s, for those alone who use it

    service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if service is None:
        raise OutOfBounds("is an address of no service that is known")
    plain = _schemes(
        service.protocol
    )  # a service in the cloud has none, and a key where others have their host
    return bool(plain), scheme in plain and scheme not in _schemes(service.secure_protocol)


def _schemes(stated: object) -> tuple[str, ...]:
    if isinstance(stated, str):
        return (stated,)
    return tuple(map(str, stated)) if isinstance(stated, (tuple, list, set, frozenset)) else ()
