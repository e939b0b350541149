"""What is remembered about where a visit came from: a coarse device, a coarse network, and no fingerprint."""

import ipaddress
import re
from dataclasses import dataclass, field

_SYSTEMS = (
    (re.compile(r"iPhone|iPad"), "iOS"),
    (re.compile(r"Android"), "Android"),
    (re.compile(r"Windows"), "Windows"),
    (re.compile(r"Mac OS X|Macintosh"), "macOS"),
    (re.compile(r"CrOS"), "ChromeOS"),
    (re.compile(r"Linux|X11"), "Linux"),
)
# The order matters: Edge and Opera also call themselves Chrome, and Chrome also calls itself Safari.
_BROWSERS = (
    (re.compile(r"Edg[A-Za-z]*/"), "Edge"),
    (re.compile(r"OPR/|Opera"), "Opera"),
    (re.compile(r"Firefox/|FxiOS/"), "Firefox"),
    (re.compile(r"Chrome/|Chromium/|CriOS/"), "Chrome"),
    (re.compile(r"Safari/"), "Safari"),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a request came from: the limiter's network key (see ``auth.web.network``), a device label, and
    the random value of the browser's device cookie, which only :mod:`auth.sign_in.devices` reads.
    """

    network: str = ""
    device: str = "Unknown device"
    browser: str = field(default="", repr=False)

    @property
    def network_label(self) -> str:
        """The network as people may recognise it, with the last part left out: ``203.0.113.…``."""
        try:
            address = ipaddress.ip_interface(self.network).ip
        except ValueError:
            return self.network
        if address.is_loopback or (address.version == 6 and not int(address) >> 64):
            return "this computer"
        if address.version == 4:
            return address.exploded.rpartition(".")[0] + ".…"
        return ":".join(address.exploded.split(":")[:3]) + ":…"


def device_label(user_agent: str) -> str:
    """A label such as ``Firefox on Linux``; no version and no model, so that it identifies nobody."""
    browser = next((name for pattern, name in _BROWSERS if pattern.search(user_agent)), "")
    system = next((name for pattern, name in _SYSTEMS if pattern.search(user_agent)), "")
    return " on ".join(part for part in (browser, system) if part) or "Unknown device"
