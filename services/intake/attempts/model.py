"""From where somebody tries: an address on the internet is one of very many that a person may have. Pure."""

from __future__ import annotations

from ipaddress import ip_address, ip_network


def network_of(client: str) -> str:
    """The network that an IP address is counted under: its /24, or /64 of IPv6; `unknown` for no address."""
    try:
        prefix = 24 if ip_address(client).version == 4 else 64
        return str(ip_network(f"{client}/{prefix}", strict=False))
    except ValueError:
        return "unknown"
