"""T68: somebody gets into an account, or prepares one for its later owner, with an identity that shows its address.

Sudhodanan and Paverd, "Pre-hijacked accounts" (USENIX Security 2022); OWASP ASVS 5.0 §6.8.1 and §10.5.2.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from auth.accounts import Account
from auth.database import Scope
from tests.browsing import entries, kinds
from tests.elsewhere import Person, Quarter, come_in, leave, onward, open_quarter, who

PASSWORD = "thimble quarry osprey 41"
OWNER = Person("u-owner", "olga.heron@example.org", True, "Olga Heron")


@pytest.fixture
def quarter(tmp_path: Path, database_url: str) -> Iterator[Quarter]:
    with open_quarter(tmp_path, database_url) as quarter:
        yield quarter


@pytest.mark.parametrize("is_checked", [True, False, None, "true", 1], ids=repr)
def test_an_address_alone_opens_no_account_that_is_there(quarter: Quarter, is_checked: object) -> None:
    """Whatever the provider says of the address, in whatever spelling, the account stays its owner's."""
    ada = quarter.building.person("ada")
    for number, email in enumerate((ada.email, ada.email.upper(), f" {ada.email} ")):
        thief = quarter.browser()
        answer = come_in(thief, quarter.id, Person(f"u-thief-{number}", email, is_checked))
        assert answer.status_code in (200, 409) and not who(thief), email
    assert quarter.identities() == [] and "sign_in.succeeded" not in kinds(quarter.building)


def test_who_has_not_proved_the_address_does_not_even_learn_that_it_is_known(quarter: Quarter) -> None:
    pages = [
        come_in(quarter.browser(), quarter.id, Person(f"u-{n}", email, False))
        for n, email in enumerate((quarter.building.person("ada").email, "nobody.yet@example.org"))
    ]
    assert pages[0].status_code == pages[1].status_code == 200 and "Look at your mail" in pages[0].text
    assert re.sub(r"\s+", "", pages[0].text) == re.sub(r"\s+", "", pages[1].text)
    to_ada = quarter.letters(quarter.building.person("ada").email)
    assert len(to_ada) == 1 and "already" in to_ada[0].subject and "/confirm/" not in to_ada[0].text


def test_a_registration_by_somebody_else_gives_the_registrar_nothing(quarter: Quarter) -> None:
    """Classic pre-hijack: the attacker registers the victim's address with a password of theirs; the victim comes
    later, from a provider that has checked the address. The password, the letter and the link are worth nothing."""
    attacker, victim = quarter.browser(), quarter.browser()
    attacker.post("/register", data={"name": "Not Olga", "email": OWNER.email, "password": PASSWORD})
    token = _token(quarter, OWNER.email, "/register/confirm/")
    assert come_in(victim, quarter.id, OWNER).status_code == 303 and "Olga Heron" in who(victim)
    assert attacker.post(f"/register/confirm/{token}", data={"password": PASSWORD}).status_code == 422
    answer = attacker.post("/sign-in", data={"email": OWNER.email, "password": PASSWORD})
    assert answer.status_code == 422 and not who(attacker)
    assert "Olga Heron" in who(victim) and "register.given_up" in kinds(quarter.building)


def test_an_identity_with_the_victims_address_waits_for_nobody(quarter: Quarter) -> None:
    """The provider that does not check (non-verifying IdP): the attacker's identity with the victim's address must
    never end in the account that the victim opens later."""
    attacker, victim = quarter.browser(), quarter.browser()
    fake = Person("u-attacker", OWNER.email, False, "Olga Heron")
    assert come_in(attacker, quarter.id, fake).status_code == 200 and not who(attacker)
    # The victim registers with a password and confirms by letter, as if nothing had been.
    victim.post("/register", data={"name": "Olga Heron", "email": OWNER.email, "password": PASSWORD})
    token = _token(quarter, OWNER.email, "/register/confirm/")
    assert victim.post(f"/register/confirm/{token}", data={"password": PASSWORD}).status_code == 303
    assert victim.post("/sign-in", data={"email": OWNER.email, "password": PASSWORD}).status_code == 303
    assert "Olga Heron" in who(victim)
    # The attacker's identity leads nowhere: not now, and not with the letter that the victim has got by then.
    mailed = _token(quarter, OWNER.email, "/sign-in/with/id-example/confirm/")
    assert come_in(attacker, quarter.id, fake).status_code == 200 and not who(attacker)
    url = leave(attacker, "id-example", token=mailed)
    assert attacker.get(quarter.id.allow(url, fake)).status_code == 200 and not who(attacker)


def test_a_letter_followed_by_its_reader_does_not_let_the_sender_in(quarter: Quarter) -> None:
    """The victim opens the attacker's link and signs in with an identity of their own: it is another one."""
    attacker, victim = quarter.browser(), quarter.browser()
    fake = Person("u-attacker", OWNER.email, False)
    come_in(attacker, quarter.id, fake)
    mailed = _token(quarter, OWNER.email, "/sign-in/with/id-example/confirm/")
    assert victim.get(f"/sign-in/with/id-example/confirm/{mailed}").status_code == 200
    url = leave(victim, "id-example", token=mailed)
    assert victim.get(quarter.id.allow(url, OWNER)).status_code == 303 and "Olga Heron" in who(victim)
    assert come_in(attacker, quarter.id, fake).status_code == 200 and not who(attacker)
    # The victim's account has the victim's identity and no other.
    fakes, own = quarter.identities()
    (mine,) = [account for account in quarter.accounts() if account.id == own.account_id]
    assert mine.email_verified_at is not None and fakes.account_id != mine.id
    assert len(quarter.identities(mine.id)) == 1


def test_with_identity_and_letter_an_unchecked_address_is_confirmed(quarter: Quarter) -> None:
    """Both together open the account, each alone does not, and the letter does so once."""
    browser, stranger = quarter.browser(), quarter.browser()
    mine = Person("u-mine", OWNER.email, False, "Olga Heron")
    come_in(browser, quarter.id, mine)
    assert "sign_in.succeeded" not in kinds(quarter.building)
    mailed = _token(quarter, OWNER.email, "/sign-in/with/id-example/confirm/")
    for wrong in ("x" * 43, ""):
        assert browser.get(quarter.id.allow(leave(browser, "id-example", token=wrong), mine)).status_code == 200
    mailed = _token(quarter, OWNER.email, "/sign-in/with/id-example/confirm/")
    answer = browser.get(quarter.id.allow(leave(browser, "id-example", token=mailed), mine))
    assert answer.status_code == 303 and "Olga Heron" in who(browser)
    other = Person("u-other", "other@example.org", False)
    come_in(stranger, quarter.id, other)
    assert stranger.get(quarter.id.allow(leave(stranger, "id-example", token=mailed), other)).status_code == 200
    assert not who(stranger)


def test_a_stranger_can_not_fill_a_mailbox_by_coming_again_and_again(quarter: Quarter) -> None:
    for number in range(12):
        come_in(quarter.browser(), quarter.id, Person(f"u-{number}", OWNER.email, False))
    assert len(quarter.letters(OWNER.email)) == 5


def test_the_owner_proves_the_account_first_and_then_it_is_linked(quarter: Quarter) -> None:
    ada = quarter.building.person("ada")
    same = Person("u-ada", ada.email, True, "Ada Z.")
    stranger = quarter.browser()
    assert come_in(stranger, quarter.id, same).status_code == 409
    owner = quarter.street.signed_in("ada")
    url = onward(owner.post("/account/security/elsewhere/id-example/link"))
    assert owner.get(quarter.id.allow(url, same)).headers["location"] == "/account/security"
    assert [row.account_id for row in quarter.identities()] == [ada.id]
    (entry,) = entries(quarter.building, "outside.linked")
    assert entry.account_id == ada.id and "ada" not in str(entry.body)
    assert "was added" in quarter.letters(ada.email)[-1].text
    # The known address was told to its owner in the record, too.
    assert [e.account_id for e in entries(quarter.building, "outside.known_address")] == [ada.id]


def test_the_same_name_at_another_provider_is_somebody_else(quarter: Quarter) -> None:
    """A subject means something together with its issuer only."""
    first, second = quarter.browser(), quarter.browser()
    assert come_in(first, quarter.id, OWNER).status_code == 303
    answer = come_in(second, quarter.other, Person(OWNER.subject, "somebody.else@example.org", True, "Sam Else"))
    assert answer.status_code == 303 and "Sam Else" in who(second) and "Olga" not in who(second)
    again = quarter.browser()
    assert come_in(again, quarter.other, Person("u-new", OWNER.email, True)).status_code == 409 and not who(again)


def test_a_new_address_at_the_provider_moves_nobody_to_another_account(quarter: Quarter) -> None:
    """Who is found by subject stays who they are, even when their provider says they are Ada now."""
    come_in(quarter.browser(), quarter.id, OWNER)
    browser = quarter.browser()
    answer = come_in(browser, quarter.id, Person(OWNER.subject, quarter.building.person("ada").email, True, "Ada"))
    assert answer.status_code == 303 and "Olga Heron" in who(browser)


def test_a_closed_account_lets_nobody_in(quarter: Quarter) -> None:
    come_in(quarter.browser(), quarter.id, OWNER)
    (row,) = quarter.identities()
    with quarter.building.house.database.begin(Scope.house("a test closes an account")) as session:
        session.get_one(Account, row.account_id).status = "closed"
    browser = quarter.browser()
    assert come_in(browser, quarter.id, OWNER).status_code == 422 and not who(browser)


def test_the_database_names_nobody_elsewhere(quarter: Quarter) -> None:
    come_in(quarter.browser(), quarter.id, Person("subject-in-the-clear", "olga.heron@example.org", True))
    (row,) = quarter.identities()
    stored = repr((row.provider, row.subject_tag, row.shown_as))
    assert "olga" not in stored and "subject-in-the-clear" not in stored and len(row.subject_tag) == 32


def _token(quarter: Quarter, to: str, path: str) -> str:
    found = [re.search(rf"{re.escape(path)}([\w-]+)", mail.text) for mail in quarter.letters(to)]
    return [match[1] for match in found if match][-1]
