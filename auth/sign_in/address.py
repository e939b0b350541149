"""E-mail addresses as people type them: made safe to hash, and refused when no mail could reach them."""

import re

LONGEST_ADDRESS = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets (RFC 3696, erratum 1690).
LONGEST_NAME = 100
# Whether an address works is found out by sending mail to it; the pattern only catches slips and header injection.
_PLAUSIBLE = re.compile(
    r"[^\s@<>\"(),:;\[\]\\\x00-\x1f]{1,64}@[^\s@<>\"(),:;\[\]\\\x00-\x1f.]+(\.[^\s@<>\"(),:;\[\]\\.]+)+"
)


def cleaned(text: str) -> str:
    """The text without outer white space and without lone surrogates, which no encoding can carry."""
    return text.encode("utf-8", "replace").decode().strip()


def is_plausible(email: str) -> bool:
    """Whether mail could be sent to the address."""
    return len(email) <= LONGEST_ADDRESS and email.isprintable() and _PLAUSIBLE.fullmatch(email) is not None


def is_plausible_name(name: str) -> bool:
    """Whether it can be shown as a name: 1 to 100 visible characters, no line breaks and no direction overrides."""
    return 1 <= len(name) <= LONGEST_NAME and name.isprintable()
