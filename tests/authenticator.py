"""An authenticator in software: it makes ES256 keys and signs with them, as a phone or a security key would.

Every part of an answer can be bent, so that tests can send what no honest authenticator sends (WebAuthn level 3 §6).
"""

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

from tests.building import ORIGIN

PRESENT, VERIFIED, CAN_BE_COPIED, IS_COPIED, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass(slots=True)
class Credential:
    """A key it has made."""

    id: bytes
    key: ec.EllipticCurvePrivateKey
    user_handle: bytes
    count: int = 0


@dataclass(slots=True)
class Authenticator:
    """``origin`` is where its browser is; ``flags`` is what it says about the person and about copies."""

    origin: str = ORIGIN
    rp_id: str = ""
    flags: int = PRESENT | VERIFIED
    counts: bool = True
    credentials: list[Credential] = field(default_factory=list)

    def make(self, options: dict[str, Any], **bent: Any) -> str:
        """The answer to ``navigator.credentials.create``; ``credential_id`` and ``client_data`` can be bent."""
        credential = Credential(
            bent.get("credential_id", os.urandom(32)),
            ec.generate_private_key(ec.SECP256R1()),
            base64url_to_bytes(options["user"]["id"]),
        )
        self.credentials.append(credential)
        attested = bytes(16) + len(credential.id).to_bytes(2, "big") + credential.id + _cose(credential.key)
        data = self._data(options["rp"]["id"], credential, ATTESTED) + attested
        said = self._client_data("webauthn.create", options["challenge"], bent)
        statement = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        return _written(credential.id, {"clientDataJSON": said, "attestationObject": statement})

    def show(self, options: dict[str, Any], *, which: int = -1, **bent: Any) -> str:
        """The answer to ``navigator.credentials.get``; ``count``, ``user_handle`` and ``client_data`` can be bent."""
        credential = self.credentials[which]
        credential.count = bent.get("count", credential.count + self.counts)
        data = self._data(options["rpId"], credential, 0)
        said = self._client_data("webauthn.get", options["challenge"], bent)
        signature = credential.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        handle = bent.get("user_handle", credential.user_handle)
        answer = {"clientDataJSON": said, "authenticatorData": data, "signature": bent.get("signature", signature)}
        return _written(bent.get("credential_id", credential.id), answer | ({"userHandle": handle} if handle else {}))

    def _data(self, rp_id: str, credential: Credential, more: int) -> bytes:
        hashed = hashlib.sha256((self.rp_id or rp_id).encode()).digest()
        return hashed + bytes([self.flags | more]) + credential.count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str, bent: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | bent.get("client_data", {})).encode()


def _cose(key: ec.EllipticCurvePrivateKey) -> bytes:
    numbers = key.public_key().public_numbers()
    return encode_cbor({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})


def _written(credential_id: bytes, response: dict[str, bytes]) -> str:
    text = bytes_to_base64url(credential_id)
    told = {name: bytes_to_base64url(value) for name, value in response.items()}
    return json.dumps({"id": text, "rawId": text, "type": "public-key", "response": told, "clientExtensionResults": {}})
