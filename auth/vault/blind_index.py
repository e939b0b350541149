"""One spelling for each e-mail address, so that its keyed hash finds the account it was registered with."""

import unicodedata

import idna


def normalise_email(email: str) -> str:
    """The address in the one form that is hashed; every step is repeatable, so normalising twice changes nothing.

    NFKC, invisible format characters and outer white space removed; the part before the last ``@`` case-folded; the
    domain in its ASCII form by UTS 46 and IDNA 2008 (RFC 5891), where ``straße`` and ``strasse`` are two domains. Dots
    and ``+tags`` stay: they name different mailboxes at most providers. An address that is not well formed is only
    folded; whether it is valid is not decided here.

    Two addresses that differ for a strict mail server (RFC 5321 §2.4: the local part has case) may fall together.
    That is harmless as long as mail is sent to the address on record and never to the one that was typed.
    """
    visible = "".join(c for c in unicodedata.normalize("NFKC", email) if unicodedata.category(c) != "Cf")
    local, at, domain = unicodedata.normalize("NFKC", visible).strip().rpartition("@")
    return f"{_fold(local)}@{_ascii_domain(domain)}" if at else _fold(domain)


def _fold(text: str) -> str:
    # Case folding can undo the normal form and the other way round, so they take turns (Unicode §3.13, D146).
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKC", once.casefold()).strip()


def _ascii_domain(domain: str) -> str:
    domain = domain.strip().removesuffix(".")
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return _fold(domain)
