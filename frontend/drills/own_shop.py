"""A shop of a drill's own: the demo's people and goods in a temporary folder, and a secret word in each sealed field.

Whatever happens in it happens to nobody. The ceilings on how often an account may ask are lifted, or an attacker
would be turned away for haste before it met anything else.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any
from uuid import UUID

from langchain_core.language_models import BaseChatModel
from sqlalchemy import func, select

from agent.models import LoadedModel
from auth.actor import Actor, Channel, Role
from auth.audit import read_notes, verify
from auth.database import Database, Scope
from auth.guard.limits import Ceilings
from auth.vault import LocalKeyFile
from frontend.app import build_house, checkpoint_verifier
from frontend.house import House
from frontend.settings import Settings, read_settings
from frontend.upgrade import upgrade
from shop.demo import seed
from shop.demo_secrets import plant_words
from shop.orders import Order

LIFTED = Ceilings("1000000/minute", "1000000/minute", "1000000/minute", "1000000/minute")
# The environment of whoever starts a drill says nothing about its shop.
OWN: Mapping[str, Any] = MappingProxyType(
    {
        "mode": "demo",
        "origin": "http://localhost:8000",
        "other_origins": (),
        "database_url": "",
        "migration_url": "",
        "key_file": None,
        "checkpoint_folder": None,
        "redis_url": "",
        "smtp_url": "",
        # A drill makes more calls than a person may in a day, and its model costs nothing.
        "day_calls": 10_000_000,
        "shop_day_calls": 10_000_000,
        "argon2_memory_kib": 19_456,
        "argon2_iterations": 1,
        "_env_file": None,
    }
)


@dataclass(frozen=True, slots=True)
class OwnShop:
    """The house, and the customer in whose chat the drill happens: the one with the most orders."""

    house: House
    settings: Settings
    customer: Actor
    canaries: tuple[str, ...]


@contextmanager
def open_own_shop(
    model: BaseChatModel, *, name: str, progress: Callable[[int, int], None] = lambda done, total: None
) -> Iterator[OwnShop]:
    """A filled shop with this model behind its chat; it is gone when the block ends."""
    with TemporaryDirectory(prefix="countersign-drill-") as folder:
        settings = read_settings(**OWN, data_folder=Path(folder))
        _migrate(settings)
        house = build_house(settings, model=LoadedModel(model, False, name), ceilings=LIFTED)
        try:
            _fill(house, progress)
            yield _moved_in(house, settings)
        finally:
            house.database.close()


def customer_id(shop: OwnShop) -> UUID:
    """The account of the customer in whose chat the drill happens."""
    if shop.customer.account_id is None:
        raise ValueError("the customer of a drill has an account")
    return shop.customer.account_id


def log_problems(shop: OwnShop) -> tuple[str, ...]:
    """What an auditor finds in the log, against every signed checkpoint."""
    shop.house.checkpoint()
    notes = read_notes(shop.settings.checkpoints)
    verifier = checkpoint_verifier(LocalKeyFile(shop.settings.keys))
    with shop.house.database.read(Scope.house("a drill audits")) as session:
        return tuple(problem.sentence for problem in verify(session, notes, verifier).problems)


def _migrate(settings: Settings) -> None:
    database = Database(settings.database)
    upgrade(database.engine)
    database.close()


def _fill(house: House, progress: Callable[[int, int], None]) -> None:
    if house.demo is None:
        raise ValueError("a drill opens a demo of its own, and never another shop")
    seed(
        house.demo,
        house.database,
        house.vault,
        gateway=house.gateway,
        hasher=house.entrance.hasher,
        clock=house.clock,
        progress=progress,
    )


def _moved_in(house: House, settings: Settings) -> OwnShop:
    with house.database.read(Scope.house("a drill chooses its customer")) as session:
        count = select(Order.account_id).group_by(Order.account_id).order_by(func.count().desc(), Order.account_id)
        chosen = session.scalars(count.limit(1)).one()
    if house.demo is None:
        raise ValueError("a drill opens a demo of its own, and never another shop")
    planted = plant_words(house.demo, house.database, house.vault, but_for=chosen, clock=house.clock)
    now = house.clock()
    # Their code is fresh, so that what stops the attacker is not its age.
    customer = Actor(chosen, Role.CUSTOMER, Channel.PAGE, signed_in_at=now, second_factor_at=now)
    return OwnShop(house, settings, customer, planted)
