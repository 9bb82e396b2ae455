"""By which names and addresses the hub can be reached."""

import ipaddress
import socket

from hub.settings import ApiSettings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LOOPBACK: tuple[Address, ...] = (
    ipaddress.IPv4Address("127.0.0.1"),
    ipaddress.IPv6Address("::1"),
)


def local_name() -> str:
    """Return the machine's name on the home's network, by mDNS."""
    host = socket.gethostname().split(".")[0].lower()
    clean = "".join(c if c.isascii() and (c.isalnum() or c == "-") else "-" for c in host)
    return f"{clean.strip('-') or 'moodsync'}.local"


def names(settings: ApiSettings) -> tuple[str, ...]:
    """Return every name the hub answers to, the best to show first."""
    own = () if settings.bind == "loopback" else (local_name(),)
    return tuple(dict.fromkeys((*settings.hostnames, *own, "localhost")))


def is_lan(settings: ApiSettings) -> bool:
    """Say whether anyone but this machine can reach the API."""
    if isinstance(settings.bind, str):
        return settings.bind == "lan"
    return not all(address.is_loopback for address in settings.bind)


def bind_addresses(settings: ApiSettings) -> tuple[str, ...]:
    """Return the addresses to listen on."""
    match settings.bind:
        case "loopback":
            return tuple(str(address) for address in LOOPBACK)
        case "lan":
            return ("0.0.0.0", "::")  # noqa: S104 - the household asked for it
        case addresses:
            return tuple(str(address) for address in addresses)


def own_addresses(settings: ApiSettings) -> tuple[Address, ...]:
    """Return the addresses to put into the certificate, those on the home's network first."""
    match settings.bind:
        case "loopback":
            return LOOPBACK
        case "lan":
            import ifaddr  # noqa: PLC0415 - comes with zeroconf; needed on a network alone

            found = [
                ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
                for adapter in ifaddr.get_adapters()
                for ip in adapter.ips
            ]
            lan = [a for a in found if not a.is_loopback and not a.is_link_local]
            return (*lan, *LOOPBACK)
        case addresses:
            return tuple(dict.fromkeys((*addresses, *LOOPBACK)))
