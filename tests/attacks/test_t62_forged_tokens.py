"""T62: a token is forged: unsigned, by another algorithm or with a key of the attacker's, for another time or place."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey

from auth.database import Scope
from auth.oauth.bearer import Bearer, BearerRefused, Wanted, check_bearer
from auth.oauth.tokens import id_token
from tests.building import ORIGIN, Building
from tests.software import add_program, give_leave, token_for

MINE = ECKey.generate_key("P-256", {"use": "sig"})


def taken_apart(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return tuple(json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])  # type: ignore[return-value]


def b64(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def is_refused(building: Building, token: str) -> bool:
    issuer = building.house.issuer
    return isinstance(check_bearer(issuer, f"Bearer {token}", Wanted(issuer.api)), BearerRefused)


def signed_by_the_shop(building: Building, claims: Mapping[str, Any], **header: object) -> str:
    """What the shop's own key would sign, were it made to."""
    issuer, now = building.house.issuer, building.clock()
    with issuer.database.begin(Scope.own(None)) as session:
        key = issuer.keys.current(session, now)
    head = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid, **header}
    return jws.serialize_compact(head, json.dumps(dict(claims)), key, algorithms=["ES256"])


@pytest.fixture
def token(building: Building) -> str:
    add_program(building)
    made = token_for(building, give_leave(building, "ada"))
    issuer = building.house.issuer
    assert isinstance(check_bearer(issuer, f"Bearer {made}", Wanted(issuer.api)), Bearer)
    return made


def test_without_a_signature_or_with_another_algorithm(building: Building, token: str) -> None:
    header, claims = taken_apart(token)
    body = token.split(".")[1]
    public = json.dumps(building.house.issuer.keys.public(building.house.database, header["kid"]).as_dict())  # type: ignore[union-attr]
    for alg in ("none", "None", "NONE", "nOnE", ""):
        assert is_refused(building, f"{b64({**header, 'alg': alg})}.{body}.")
        assert is_refused(building, f"{b64({**header, 'alg': alg})}.{body}.{token.split('.')[2]}")
    # Algorithm confusion: the public key, which everybody has, used as the secret of an HMAC.
    confused = jwt.encode({**header, "alg": "HS256"}, claims, OctKey.import_key(public), algorithms=["HS256"])
    assert is_refused(building, confused)
    assert is_refused(building, token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"))
    assert is_refused(building, ".".join([token.split(".")[0], b64({**claims, "scope": "orders:write"}), token[-86:]]))


@pytest.mark.parametrize(
    "extra",
    [
        {"jwk": MINE.as_dict(private=False)},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/x5c"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"]},
        {"b64": False, "crit": ["b64"]},
        {"zip": "DEF"},
        {"cty": "JWT"},
    ],
    ids=lambda extra: next(iter(extra)),
)
def test_with_a_key_or_the_address_of_one_in_its_header(building: Building, token: str, extra: dict[str, Any]) -> None:
    header, claims = taken_apart(token)
    body = json.dumps(claims).encode()
    signing_input = f"{b64({**header, **extra})}.{base64.urlsafe_b64encode(body).rstrip(b'=').decode()}"
    mine = jws.serialize_compact({"alg": "ES256"}, body, MINE, algorithms=["ES256"]).rpartition(".")[2]
    assert is_refused(building, f"{signing_input}.{mine}")
    if "crit" not in extra and "b64" not in extra:
        known = {name: value for name, value in extra.items() if name in {"jwk", "jku", "x5u", "x5c", "cty"}}
        assert not known or is_refused(building, signed_by_the_shop(building, claims, **known)), "not even from us"


@pytest.mark.parametrize("nested", [b"[" * 2900, b'{"a":' * 550], ids=["lists", "objects"])
def test_with_a_header_nested_too_deeply(building: Building, token: str, nested: bytes) -> None:
    _, body, signature = token.split(".")
    head = base64.urlsafe_b64encode(nested).rstrip(b"=").decode()
    assert is_refused(building, f"{head}.{body[:8]}.{signature[:8]}")
    assert is_refused(building, f"{head * 20}.{body}.{signature}")


@pytest.mark.parametrize(
    "kid", ["../../../dev/null", "x' UNION SELECT 1--", "", None, 7, ["x"], "A" * 43, "audit checkpoint signing"]
)
def test_with_a_key_id_that_leads_somewhere(building: Building, token: str, kid: object) -> None:
    header, claims = taken_apart(token)
    forged = jws.serialize_compact(
        {"alg": "ES256", "typ": "at+jwt"}, json.dumps(claims), MINE, algorithms=["ES256"]
    ).split(".")
    assert is_refused(building, ".".join([b64({**header, "kid": kid}), forged[1], forged[2]]))


def test_signed_with_a_key_of_the_attackers_own_under_our_id(building: Building, token: str) -> None:
    header, claims = taken_apart(token)
    assert is_refused(building, jws.serialize_compact(header, json.dumps(claims), MINE, algorithms=["ES256"]))


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"},
        {"iss": f"{ORIGIN}/"},
        {"aud": "https://other.example/api"},
        {"aud": f"{ORIGIN}/oauth/userinfo"},
        {"aud": []},
        {"aud": None},
        {"exp": 0},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": 9_999_999_999},
        {"iat": 9_999_999_999},
        {"iat": None},
        {"sub": "somebody"},
        {"sub": None},
        {"delegation": "00000000-0000-0000-0000-000000000000"},
        {"delegation": 7},
    ],
    ids=str,
)
def test_of_another_time_place_or_person_although_signed_by_us(
    building: Building, token: str, change: dict[str, Any]
) -> None:
    _, claims = taken_apart(token)
    assert not is_refused(building, signed_by_the_shop(building, claims)), "the shop's own hand is believed"
    assert is_refused(building, signed_by_the_shop(building, {**claims, **change}))


def test_a_leave_of_somebody_else(building: Building, token: str) -> None:
    _, claims = taken_apart(token)
    bens = give_leave(building, "ben")
    assert is_refused(building, signed_by_the_shop(building, {**claims, "delegation": str(bens.id)}))


def test_an_id_token_opens_no_door(building: Building, token: str) -> None:
    issuer, row = building.house.issuer, give_leave(building, "ada", scopes=("openid",))
    with issuer.database.begin(Scope.own(row.account_id)) as session:
        made = id_token(session, issuer, row, nonce="n", access_token=token, now=building.clock())
    assert is_refused(building, made)
    _, claims = taken_apart(token)
    assert is_refused(building, signed_by_the_shop(building, claims, typ="JWT"))


def test_the_public_description_shows_no_private_part(building: Building, token: str) -> None:
    issuer = building.house.issuer
    with issuer.database.read(Scope.own(None)) as session:
        keys = issuer.keys.jwks(session, building.clock())["keys"]
    assert keys and all(set(key) == {"kty", "crv", "x", "y", "use", "alg", "kid"} for key in keys)
