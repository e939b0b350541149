"""A bearer token becomes an actor with what the record says of it, and nothing that the record has taken back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from auth.accounts import Account
from auth.actor import Channel, Role
from auth.database import Scope
from auth.oauth import clients
from auth.oauth.bearer import INVALID, NO_TOKEN, TOO_LITTLE, TOO_WEAK, Bearer, BearerRefused, Wanted, check_bearer
from auth.oauth.issuer import TWO_FACTOR
from auth.vault import rotate_keys
from tests.building import Building
from tests.software import add_program, end, give_leave, token_for

META = "http://localhost:8000/.well-known/oauth-protected-resource"


def ask(building: Building, token: str, **wanted: object) -> Bearer | BearerRefused:
    issuer = building.house.issuer
    return check_bearer(issuer, f"Bearer {token}", Wanted(**{"audience": issuer.api, **wanted}))  # type: ignore[arg-type]


def test_it_says_whose_account_which_program_and_how_far(building: Building) -> None:
    program = add_program(building).client
    row = give_leave(building, "ada", scopes=("orders:read", "basket"))
    found = ask(building, token_for(building, row, scopes=("orders:read",)), scopes=("orders:read",))
    assert isinstance(found, Bearer)
    actor = found.actor
    assert (actor.account_id, actor.role, actor.channel) == (building.person("ada").id, Role.CUSTOMER, Channel.API)
    assert actor.scopes == {"orders:read"} and actor.delegation == row.id
    assert actor.act is not None and (actor.act.name, actor.act.digest) == ("pocket-pine", program.digest)


def test_a_leave_taken_back_counts_from_the_next_call_on(building: Building) -> None:
    add_program(building)
    row = give_leave(building, "ada")
    token = token_for(building, row)
    assert isinstance(ask(building, token), Bearer)
    end(building, row.account_id, row.id)
    refused = ask(building, token)
    assert isinstance(refused, BearerRefused) and refused.error == INVALID and refused.status == 401


@pytest.mark.parametrize("what", ["client", "account", "time", "key"])
def test_so_does_a_disabled_program_a_closed_account_the_end_of_ten_minutes_and_a_leaked_key(
    building: Building, what: str
) -> None:
    add_program(building)
    row = give_leave(building, "ada")
    token = token_for(building, row)
    assert isinstance(ask(building, token), Bearer)
    house, now = building.house, building.clock()
    with house.database.begin(Scope.house("a test ends something")) as session:
        match what:
            case "client":
                assert clients.disable_client(session, "pocket-pine", now=now)
            case "account":
                session.get_one(Account, row.account_id).status = "closed"
            case "key":
                house.issuer.keys.rotate(session, now, at_once=True)
    if what == "time":
        building.clock.move(minutes=10)
    assert isinstance(ask(building, token), BearerRefused)


def test_a_key_that_was_turned_is_believed_until_its_tokens_have_ended(building: Building) -> None:
    add_program(building)
    row = give_leave(building, "ada")
    token = token_for(building, row)
    house = building.house
    with house.database.begin(Scope.house("a test turns the key")) as session:
        house.issuer.keys.rotate(session, building.clock())
        kids = [key["kid"] for key in house.issuer.keys.jwks(session, building.clock())["keys"]]
    assert len(kids) == 2 and isinstance(ask(building, token), Bearer)
    assert isinstance(ask(building, token_for(building, row)), Bearer)
    with house.database.read(Scope.own(None)) as session:
        later = house.issuer.keys.jwks(session, building.clock() + timedelta(minutes=10))
    assert [key["kid"] for key in later["keys"]] == kids[:1] or len(later["keys"]) == 1


def test_signing_keys_outlive_the_key_that_wraps_them(building: Building) -> None:
    add_program(building)
    row = give_leave(building, "ada")
    token = token_for(building, row)
    report = rotate_keys(building.house.database, building.house.vault)
    assert report.retired, "the old key-encryption key is gone"
    assert isinstance(ask(building, token), Bearer)
    assert isinstance(ask(building, token_for(building, row)), Bearer), "and the key still signs"


def test_too_little_is_told_with_what_would_be_enough(building: Building) -> None:
    add_program(building)
    refused = ask(building, token_for(building, give_leave(building, "ada")), scopes=("orders:write",))
    assert isinstance(refused, BearerRefused) and (refused.error, refused.status) == (TOO_LITTLE, 403)
    assert 'error="insufficient_scope"' in refused.challenge(META) and 'scope="orders:write"' in refused.challenge(META)


def test_too_weak_and_too_old_a_sign_in_are_told_as_rfc_9470_has_it(building: Building) -> None:
    add_program(building)
    weak = ask(building, token_for(building, give_leave(building, "ada")), acr=TWO_FACTOR, max_age_s=300)
    assert isinstance(weak, BearerRefused) and (weak.error, weak.status) == (TOO_WEAK, 401)
    challenge = weak.challenge(META)
    assert f'acr_values="{TWO_FACTOR}"' in challenge and 'max_age="300"' in challenge
    strong = give_leave(building, "ada", second_factor_at=building.clock())
    assert isinstance(ask(building, token_for(building, strong), acr=TWO_FACTOR, max_age_s=300), Bearer)
    building.clock.move(seconds=301)
    old = ask(building, token_for(building, strong), acr=TWO_FACTOR, max_age_s=300)
    assert isinstance(old, BearerRefused) and old.error == TOO_WEAK


def test_a_token_can_only_say_less_than_the_record(building: Building) -> None:
    add_program(building)
    row = give_leave(building, "ada", scopes=("orders:read",))
    found = ask(building, token_for(building, row, scopes=("orders:read", "orders:write")))
    assert isinstance(found, Bearer) and found.actor.scopes == {"orders:read"}


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic YTpi", "bearer ", "Token abc"])
def test_without_a_token_the_answer_only_says_where_to_ask(building: Building, header: str | None) -> None:
    refused = check_bearer(building.house.issuer, header, Wanted(building.house.issuer.api))
    assert isinstance(refused, BearerRefused) and refused.error == NO_TOKEN
    assert refused.challenge(META) == f'Bearer resource_metadata="{META}"'


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "..", "é.é.é", "e30.e30.e30", "x" * 5000, "bnVsbA.e30.AA", "W10.e30.AA"]
)
def test_what_is_no_token_is_refused_and_breaks_nothing(building: Building, token: str) -> None:
    refused = ask(building, token)
    assert isinstance(refused, BearerRefused) and refused.error == INVALID


def test_an_actor_with_scopes_is_no_person(building: Building) -> None:
    add_program(building)
    found = ask(building, token_for(building, give_leave(building, "ada")))
    assert isinstance(found, Bearer)
    through = replace(found.actor, channel=Channel.PAGE)
    assert through.act is not None, "the desk signs for nobody who is acted for"
