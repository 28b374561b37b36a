"""The names and addresses by which other machines of the network may reach this one.

Read by the settings before Django is set up, so it leans on nothing but the standard library.
"""

import fcntl
import ipaddress
import socket
import struct
from pathlib import Path

SIOCGIFADDR = 0x8915
IF_INET6 = Path("/proc/net/if_inet6")


def of_this_machine() -> list[str]:
    """Host names and IP addresses, as a Host header spells them; a link-local IPv6 address is left out."""
    name = socket.gethostname()
    found = {name, socket.getfqdn(), f"{name}.local", *_ipv4(), *_ipv6(), *_by_name(name)}
    return sorted(address for address in found if address)


def on_the_network() -> str:
    """The address by which other machines most likely reach this one; its name where it has no IPv4 address."""
    return next((address for address in _ipv4() if not address.startswith("127.")), socket.gethostname())


def _ipv4() -> list[str]:
    """The address of each network interface (Linux)."""
    addresses = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, interface in socket.if_nameindex():
            request = struct.pack("256s", interface.encode()[:15])
            try:
                answer = fcntl.ioctl(probe.fileno(), SIOCGIFADDR, request)
            except OSError:  # an interface without an IPv4 address
                continue
            addresses.append(socket.inet_ntoa(answer[20:24]))
    return addresses


def _ipv6() -> list[str]:
    if not IF_INET6.exists():
        return []
    found = [ipaddress.IPv6Address(bytes.fromhex(line.split()[0])) for line in IF_INET6.read_text().splitlines()]
    return [f"[{address}]" for address in found if not address.is_link_local]


def _by_name(name: str) -> list[str]:
    """What the network's name service says of this machine; empty where it is not known there."""
    try:
        answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    addresses = [str(address[0]) for *_, address in answers]
    return [f"[{address}]" if ":" in address else address for address in addresses if "%" not in address]
