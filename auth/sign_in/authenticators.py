"""What an authenticator is asked and what its answer is worth, by the rules of WebAuthn level 3 (§7.1 and §7.2).

The library checks type, challenge, origin, relying party, flags and signature; what it leaves open is checked here:
no answer out of a frame of another site, and no answer longer than answers are.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

LONGEST_ANSWER = 16_384
_LONGEST_ID = 1023  # WebAuthn level 3 §7.1.
_PATIENCE_MS = 120_000
_ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
# All that a made-up answer can bring the parsers to raise; none of it is the house's fault.
_FAULTS = (
    WebAuthnException,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
)


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks: the shop's one origin, and its host as the relying party's id. An answer for any other is refused."""

    origin: str
    id: str
    name: str

    @classmethod
    def at(cls, origin: str, *, name: str) -> "RelyingParty | None":
        """The shop as a relying party; ``None`` at an IP address, for which browsers make no passkeys."""
        host = urlsplit(origin).hostname or ""
        try:
            ip_address(host)
        except ValueError:
            return cls(origin, host, name) if host else None
        return None


@dataclass(frozen=True, slots=True)
class Made:
    """A credential that was just made. ``public_key`` is a COSE key (RFC 9052 §7)."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    can_be_copied: bool
    is_copied: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """An answer that was only read so far: whose key it says it is. Nothing of it is proved."""

    credential_id: bytes
    user_handle: bytes | None
    answer: AuthenticationCredential = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A signature that is right, by a person the authenticator has verified."""

    sign_count: int
    can_be_copied: bool
    is_copied: bool


@dataclass(frozen=True, slots=True)
class BadAnswer:
    """The answer proves nothing; ``reason`` is for the audit log."""

    reason: str


def ask_for_new(
    party: RelyingParty, *, challenge: bytes, user_handle: bytes, address: str, name: str, known: Sequence[bytes]
) -> dict[str, Any]:
    """Options for ``navigator.credentials.create``: a key its holder can find without a name, and unlocks to use."""
    return options_to_json_dict(
        generate_registration_options(
            rp_id=party.id,
            rp_name=party.name,
            user_id=user_handle,
            user_name=address,
            user_display_name=name,
            challenge=challenge,
            timeout=_PATIENCE_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
            supported_pub_key_algs=_ALGORITHMS,
        )
    )


def ask_to_show(party: RelyingParty, *, challenge: bytes, known: Sequence[bytes] = ()) -> dict[str, Any]:
    """Options for ``navigator.credentials.get``; without ``known`` the person chooses among the keys they have."""
    return options_to_json_dict(
        generate_authentication_options(
            rp_id=party.id,
            challenge=challenge,
            timeout=_PATIENCE_MS,
            allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def check_new(party: RelyingParty, answer: str, *, challenge: bytes) -> Made | BadAnswer:
    """The new credential, if the answer is one for this challenge, made at this origin by a verified person."""
    try:
        parsed = parse_registration_credential_json(_short(answer))
        made = verify_registration_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
        _refuse_frames(parsed.response.client_data_json)
    except _FAULTS as fault:
        return BadAnswer(_reason(fault))
    if len(made.credential_id) > _LONGEST_ID:
        return BadAnswer("the credential's id is too long")
    can_be_copied = made.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    return Made(
        made.credential_id, made.credential_public_key, made.sign_count, can_be_copied, made.credential_backed_up
    )


def read_claim(answer: str) -> Claim | BadAnswer:
    """Whose key an answer says it was signed with."""
    try:
        parsed = parse_authentication_credential_json(_short(answer))
    except _FAULTS as fault:
        return BadAnswer(_reason(fault))
    return Claim(parsed.raw_id, parsed.response.user_handle, parsed)


def check_shown(party: RelyingParty, claim: Claim, *, challenge: bytes, public_key: bytes) -> Shown | BadAnswer:
    """Whether the claim was signed with this key, for this challenge and origin, by a verified person.

    The counter is not compared here: the library would do so before it looks at the signature, and a stranger could
    make the shop cry wolf. Whoever calls this compares it with the record.
    """
    try:
        shown = verify_authentication_response(
            credential=claim.answer,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        _refuse_frames(claim.answer.response.client_data_json)
    except _FAULTS as fault:
        return BadAnswer(_reason(fault))
    can_be_copied = shown.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    return Shown(shown.new_sign_count, can_be_copied, shown.credential_backed_up)


def _short(answer: str) -> str:
    if len(answer) > LONGEST_ANSWER:
        raise ValueError("longer than any answer")
    return answer


def _refuse_frames(client_data: bytes) -> None:
    # The shop is never framed, so an answer that was given in a frame of somebody else's page is not one to the shop.
    said = json.loads(client_data)
    if said.get("crossOrigin") or "topOrigin" in said:
        raise ValueError("given inside another site")


def _reason(fault: BaseException) -> str:
    """The fault's name alone: its text may repeat what was sent."""
    return type(fault).__name__
