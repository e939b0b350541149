"""T33: whoever can write to the database moves a sealed value to another row, column or person, or swaps the keys."""

import pytest
from sqlalchemy import select, text, update

from auth.accounts import Account, find_account
from auth.database import OutOfScope, Scope
from auth.vault import DataKey, LocalKeyFile, Vault, VaultError
from shop.addresses import Address, find_addresses
from tests.building import Building


def test_a_name_moved_to_another_account_or_column_does_not_open(building: Building) -> None:
    ada, ben, house = building.person("ada"), building.person("ben"), building.house
    with house.database.begin(Scope.house("an attacker with the database")) as session:
        adas = session.scalar(select(Account.name).where(Account.id == ada.id))
        session.execute(update(Account).where(Account.id == ben.id).values(name=adas))
        session.execute(update(Account).where(Account.id == ada.id).values(email=adas))
    for person, column in ((ben, "name"), (ada, "email")):
        with house.database.read(Scope.own(person.id)) as session, pytest.raises(VaultError):
            house.vault.open(session, find_account(session, person.id), column)


def test_two_rows_of_one_person_do_not_swap(building: Building) -> None:
    ada, house = building.person("ada"), building.house
    with house.database.begin(Scope.own(ada.id)) as session:
        home, office = find_addresses(session, ada.id)
        home_id, street = home.id, office.street
        session.execute(update(Address).where(Address.id == home_id).values(street=street))
    with house.database.read(Scope.own(ada.id)) as session, pytest.raises(VaultError):
        house.vault.open(session, session.get_one(Address, home_id), "street")


def test_a_data_key_given_to_somebody_else_opens_nothing(building: Building) -> None:
    ada, ben, house = building.person("ada"), building.person("ben"), building.house
    with house.database.begin(Scope.house("an attacker with the database")) as session:
        wrapped = session.scalar(select(DataKey.wrapped).where(DataKey.account_id == ada.id))
        session.execute(update(DataKey).where(DataKey.account_id == ben.id).values(wrapped=wrapped))
    fresh = Vault(LocalKeyFile(building.settings.keys), clock=building.clock)
    with house.database.read(Scope.own(ben.id)) as session, pytest.raises(VaultError):
        fresh.open(session, find_account(session, ben.id), "name")


def test_one_persons_session_gets_neither_rows_nor_keys_of_another(building: Building) -> None:
    ada, ben, house = building.person("ada"), building.person("ben"), building.house
    with house.database.read(Scope.house("a test looks")) as session:
        bens = find_account(session, ben.id)
        session.expunge_all()
    with house.database.read(Scope.own(ada.id)) as session:
        assert find_account(session, ben.id) is None
        assert session.scalars(select(Address).where(Address.account_id == ben.id)).all() == []
        with pytest.raises(OutOfScope):
            house.vault.open(session, bens, "name")


def test_without_the_key_file_the_database_is_worth_nothing(building: Building) -> None:
    with building.house.database.read(Scope.house("a thief")) as session:
        rows = session.connection().execute(text("SELECT name, email FROM accounts")).all()
        keys = session.connection().execute(text("SELECT wrapped FROM data_keys")).all()
    assert rows and keys and "Zephyrwick" not in repr(rows) and len({bytes(row[0]) for row in keys}) == len(keys)
