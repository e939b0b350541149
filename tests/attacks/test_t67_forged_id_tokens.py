"""T67: an ID token that its provider has not signed, or not for this shop and this sign-in, counts as proof; or a
provider's own documents lead the shop's calls elsewhere.

OpenID Connect Core 1.0 §3.1.3.7, RFC 8725 (JWT best practices), OWASP ASVS 5.0 §9.1, §9.2 and §10.5.
"""

import base64
import hmac
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey
from joserfc.jws import JWSRegistry

from auth.sign_in.outside.calls import Calls
from auth.sign_in.outside.directory import Directory
from auth.sign_in.outside.trouble import OutsideTrouble, Trouble
from tests.elsewhere import SECRET, Person, Quarter, StandIn, come_in, leave, open_quarter, part, unsigned, who

ANYBODY = Person("u-1", "wren.marsh@example.net", True, "Wren Marsh")
FOREIGN = ECKey.generate_key("P-256", auto_kid=True)
ES256 = JWSRegistry.algorithms["ES256"]


@pytest.fixture
def quarter(tmp_path: Path, database_url: str) -> Iterator[Quarter]:
    with open_quarter(tmp_path, database_url) as quarter:
        yield quarter


def refused(quarter: Quarter) -> bool:
    """Whether a sign-in ended with nobody in, no account and a line in the record."""
    browser, before, known = quarter.browser(), len(quarter.refusals()), len(quarter.identities())
    answer = come_in(browser, quarter.id, ANYBODY)
    is_told = len(quarter.refusals()) == before + 1
    return answer.status_code in (422, 503) and not who(browser) and len(quarter.identities()) == known and is_told


def test_the_stand_in_is_honest_until_it_is_told_otherwise(quarter: Quarter) -> None:
    browser = quarter.browser()
    assert come_in(browser, quarter.id, ANYBODY).status_code == 303 and "Wren Marsh" in who(browser)


def _hmac_with(secret: bytes) -> Callable[[Mapping[str, Any], Mapping[str, Any]], str]:
    def sign(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        start = f"{part({**header, 'alg': 'HS256'})}.{part(claims)}"
        mac = hmac.digest(secret, start.encode(), "sha256")
        return f"{start}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    return sign


def _with_key(key: Key, **header: Any) -> Callable[[Mapping[str, Any], Mapping[str, Any]], str]:
    return lambda given, claims: jwt.encode({**given, **header}, dict(claims), key, algorithms=["ES256", "RS256"])


def test_a_token_that_nobody_has_signed_is_refused(quarter: Quarter) -> None:
    quarter.id.sign = unsigned
    assert refused(quarter)
    quarter.id.document = {"id_token_signing_alg_values_supported": ["none", "ES256"]}
    quarter.building.clock.move(hours=2)
    assert refused(quarter), "also when the provider's own document allows it"


def test_an_hmac_over_something_known_is_no_signature(quarter: Quarter) -> None:
    """Algorithm confusion: the key that checks ES256 taken for the secret of HS256 (RFC 8725 §2.1)."""
    quarter.id.document = {"id_token_signing_alg_values_supported": ["HS256", "ES256"]}
    for known in (SECRET.encode(), quarter.id.key.as_pem(private=False), b""):
        quarter.id.sign = _hmac_with(known)
        assert refused(quarter), known


def test_a_symmetric_key_among_the_published_ones_checks_nothing(quarter: Quarter) -> None:
    shared = OctKey.import_key("a secret that is published", {"kid": "shared"})
    quarter.id.keys = [*quarter.id.published(), shared.as_dict(private=True)]
    quarter.id.header = {"kid": "shared"}
    quarter.id.sign = _hmac_with(b"a secret that is published")
    quarter.id.document = {"id_token_signing_alg_values_supported": ["HS256", "ES256"]}
    assert refused(quarter)


def test_somebody_elses_key_is_not_the_providers(quarter: Quarter) -> None:
    quarter.id.sign = _with_key(FOREIGN)
    assert refused(quarter), "under the name of the provider's key"
    quarter.id.header = {"kid": FOREIGN.kid}
    assert refused(quarter), "and under its own"
    quarter.id.header = {"kid": None}
    assert refused(quarter), "and without a name"


BROUGHT = (
    {"jwk": FOREIGN.as_dict(private=False)},
    {"jku": "https://evil.example/keys"},
    {"x5u": "https://evil.example/cert"},
    {"x5c": ["AAAA"]},
    {"crit": ["b64"], "b64": False},
)


def test_a_key_that_comes_with_the_token_is_a_reason_to_refuse_it(quarter: Quarter) -> None:
    """Also when the signature itself is the provider's: whoever sends such a header tries something."""
    key = quarter.id.key

    def brings(extra: Mapping[str, Any], signer: Key) -> None:
        def sign(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
            start = f"{part({**header, **extra})}.{part(claims)}"
            mark = ES256.sign(start.encode(), signer)
            return f"{start}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"

        quarter.id.sign = sign

    brings({}, key)
    honest = come_in(quarter.browser(), quarter.id, Person("u-honest"))
    assert honest.status_code == 303, "the signatures made here are sound"
    for extra in BROUGHT:
        for signer in (key, FOREIGN):
            brings(extra, signer)
            assert refused(quarter), extra
    assert not quarter.town.times("evil.example"), "and nobody is called because a token says so"


def test_a_strange_key_name_finds_no_key(quarter: Quarter) -> None:
    def named(kid: object) -> Callable[[Mapping[str, Any], Mapping[str, Any]], str]:
        def sign(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
            token = jwt.encode({"alg": "ES256"}, dict(claims), FOREIGN)
            return ".".join([part({**header, "kid": kid}), *token.split(".")[1:]])

        return sign

    for kid in ("../../etc/passwd", "' OR 1=1 --", "https://evil.example/k", "", "k" * 400, 7, ["a"], {}):
        quarter.id.sign = named(kid)
        assert refused(quarter), kid


def test_invented_key_names_do_not_make_the_shop_call_again_and_again(quarter: Quarter) -> None:
    quarter.id.sign = _with_key(FOREIGN, kid="never-heard-of")
    for _ in range(5):
        assert refused(quarter)
    assert quarter.town.times("id.example/keys") == 1
    quarter.building.clock.move(minutes=1)
    assert refused(quarter) and quarter.town.times("id.example/keys") == 2


def test_a_new_key_is_learned_and_a_withdrawn_one_forgotten(quarter: Quarter) -> None:
    """Key rotation: a name that is not known is asked for once; an old key counts for an hour at most."""
    assert come_in(quarter.browser(), quarter.id, ANYBODY).status_code == 303
    old, quarter.id.key = quarter.id.key, ECKey.generate_key("P-256", auto_kid=True)
    quarter.building.clock.move(minutes=2)
    assert come_in(quarter.browser(), quarter.id, ANYBODY).status_code == 303
    assert quarter.town.times("id.example/keys") == 2
    quarter.id.sign = _with_key(old, kid=old.kid)
    quarter.building.clock.move(hours=1)
    assert come_in(quarter.browser(), quarter.id, ANYBODY).status_code == 422


CLAIMS: tuple[dict[str, Any], ...] = (
    {"aud": "another-shop"},
    {"aud": ["another-shop"]},
    {"aud": ["shop-at-id", "another-shop"]},
    {"aud": ["shop-at-id", "another-shop"], "azp": "another-shop"},
    {"azp": "another-shop"},
    {"aud": None},
    {"iss": "https://evil.example"},
    {"iss": "https://id.example/"},
    {"iss": None},
    {"nonce": "another"},
    {"nonce": None},
    {"sub": None},
    {"sub": ""},
    {"sub": "x" * 256},
    {"sub": "a\nb"},
    {"sub": 7},
    {"exp": None},
    {"exp": True},
    {"exp": "2999999999"},
    {"exp": 1e300},
    {"iat": None},
    {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
)


def test_a_token_for_another_reader_or_question_proves_nothing(quarter: Quarter) -> None:
    for claims in CLAIMS:
        quarter.id.claims = claims
        assert refused(quarter), claims


def test_a_token_of_another_time_proves_nothing(quarter: Quarter) -> None:
    for name, minutes in (("exp", -2), ("iat", -11), ("iat", 2), ("nbf", 2)):
        quarter.id.claims = {name: int(quarter.building.clock().timestamp()) + 60 * minutes}
        assert refused(quarter), (name, minutes)


def test_a_token_of_another_sign_in_is_not_taken_again(quarter: Quarter) -> None:
    """Replay of a whole sound token: its nonce belongs to a handshake that is over."""
    seen = list[str]()

    def keep(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        seen.append(jwt.encode(dict(header), dict(claims), quarter.id.key))
        return seen[0]

    quarter.id.sign = keep
    assert come_in(quarter.browser(), quarter.id, ANYBODY).status_code == 303
    thief = quarter.browser()
    assert come_in(thief, quarter.id, Person("u-2")).status_code == 422 and not who(thief) and len(seen) == 2


def test_what_is_no_token_is_none(quarter: Quarter) -> None:
    for token in ("", "a.b", "a.b.c", "....", "x" * 20_000, {"a": 1}, 7, None):
        quarter.id.token = {"id_token": token}
        assert refused(quarter), token


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_a_short_rsa_key_is_not_believed(quarter: Quarter) -> None:
    with warnings.catch_warnings(action="ignore"):
        short = RSAKey.generate_key(1024, auto_kid=True)
    quarter.id.keys = [short.as_dict(private=False)]
    quarter.id.document = {"id_token_signing_alg_values_supported": ["RS256"]}
    quarter.id.sign = lambda header, claims: jwt.encode({"alg": "RS256", "kid": short.kid}, dict(claims), short)
    assert refused(quarter)


def test_what_the_user_endpoint_says_of_somebody_else_is_not_believed(quarter: Quarter) -> None:
    quarter.id.claims = {"email": None, "email_verified": None}
    quarter.id.user = {"sub": "somebody-else", "email": "ada.zephyrwick@example.com", "email_verified": True}
    assert refused(quarter)


DOCUMENTS: tuple[dict[str, Any], ...] = (
    {"issuer": "https://evil.example"},
    {"issuer": None},
    {"token_endpoint": "http://id.example/token"},
    {"token_endpoint": "http://127.0.0.1:8000/token"},
    {"token_endpoint": "file:///etc/passwd"},
    {"authorization_endpoint": "javascript:alert(1)"},
    {"authorization_endpoint": "http://id.example/authorize"},
    {"jwks_uri": "http://169.254.169.254/latest"},
    {"jwks_uri": None},
    {"userinfo_endpoint": "https://user:word@id.example/user"},
    {"id_token_signing_alg_values_supported": ["none", "HS256"]},
)


def test_a_discovery_document_can_not_lead_elsewhere(quarter: Quarter) -> None:
    for document in DOCUMENTS:
        quarter.id.document = document
        answer = quarter.browser().post("/sign-in/with/id-example")
        assert answer.status_code in (422, 503) and "refresh" not in answer.headers
        assert [asked for asked in quarter.town.asked if not asked.endswith("/openid-configuration")] == []


def test_a_redirect_is_not_followed(quarter: Quarter) -> None:
    asked = list[str]()

    def moved(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(302, headers={"Location": "https://other.example/.well-known/openid-configuration"})

    quarter.town.houses["id.example"] = moved
    assert quarter.browser().post("/sign-in/with/id-example").status_code == 503
    assert len(asked) == 1 and quarter.town.times("other.example") == 0


@pytest.mark.parametrize("kind", ["long", "packed", "slow"])
def test_an_answer_without_end_is_cut_off(quarter: Quarter, kind: str) -> None:
    """A few packed bytes that become gigabytes, a document that never ends, a byte now and then."""
    read = list[int]()

    class Drip(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(200):
                read.append(1)
                yield b" " * (64 * 1024 if kind == "long" else 1)
                if kind == "slow":
                    time.sleep(0.5)

    class Endless(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            headers = {"Content-Encoding": "gzip"} if kind == "packed" else {}
            return httpx2.Response(200, headers=headers, stream=Drip())

    calls = Calls(Endless(), whole_s=1.0)
    begun = time.monotonic()
    with pytest.raises(OutsideTrouble, match="GET"):
        calls.read_json(quarter.id.as_provider(), "https://id.example/x")
    assert time.monotonic() - begun < 5 and len(read) <= 10
    assert quarter.refusals() == []


def test_a_provider_that_is_down_is_told_as_that(quarter: Quarter) -> None:
    browser = quarter.browser()
    back = quarter.id.allow(leave(browser, "id-example"), ANYBODY)
    quarter.town.houses.pop("id.example")
    answer = browser.get(back)
    assert answer.status_code == 503 and "Id Example does not answer" in answer.text and not who(browser)
    quarter.town.houses["id.example"] = StandIn.serve.__get__(quarter.id)
    assert come_in(browser, quarter.id, ANYBODY).status_code == 303, "and the next try is a new one"


def test_who_arrives_while_keys_are_fetched_waits_for_them(quarter: Quarter) -> None:
    """Two at once: one call for the keys, and both get in."""
    serve, asked, found = quarter.town.houses[quarter.id.netloc], threading.Event(), list[Key | None]()

    def slow(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/keys":
            asked.set()
            time.sleep(0.3)
        return serve(request)

    quarter.town.houses[quarter.id.netloc] = slow
    directory, provider = Directory(quarter.town.calls(), quarter.building.clock), quarter.id.as_provider()
    directory.facts(provider)

    def look_up() -> None:
        found.append(directory.key(provider, kid=quarter.id.key.kid, algorithm="ES256"))

    threads = [threading.Thread(target=look_up) for _ in range(2)]
    threads[0].start()
    assert asked.wait(5)
    threads[1].start()
    for thread in threads:
        thread.join()
    assert len(found) == 2 and None not in found and quarter.town.times("/keys") == 1


def test_keys_that_could_not_be_fetched_are_asked_for_again_soon(quarter: Quarter) -> None:
    """A hiccup is told as one, and makes nobody's token unsound for a minute."""
    serve, is_down = quarter.town.houses[quarter.id.netloc], [True]

    def stumbling(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(503) if is_down[0] and request.url.path == "/keys" else serve(request)

    quarter.town.houses[quarter.id.netloc] = stumbling
    directory, provider = Directory(quarter.town.calls(), quarter.building.clock), quarter.id.as_provider()
    for _ in range(2):
        with pytest.raises(OutsideTrouble) as told:
            directory.key(provider, kid=quarter.id.key.kid, algorithm="ES256")
        assert told.value.trouble is Trouble.PROVIDER_DOWN
    assert quarter.town.times("/keys") == 1
    is_down[0] = False
    quarter.building.clock.move(seconds=5)
    assert directory.key(provider, kid=quarter.id.key.kid, algorithm="ES256") is not None
