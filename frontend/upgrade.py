"""Brings a database to the newest migration, on SQLite and PostgreSQL alike."""

from importlib import import_module
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from auth.database import Base

# Importing these fills the metadata with every table of the house.
WITH_TABLES = (
    "auth.audit.entry",
    "auth.guard.desk",
    "auth.mail",
    "auth.sign_in.challenges",
    "auth.sign_in.devices",
    "auth.oauth.codes",
    "auth.oauth.refreshing",
    "auth.sign_in.factors",
    "auth.sign_in.outside.handshake",
    "auth.sign_in.outside.identities",
    "auth.sign_in.lost_factor",
    "auth.sign_in.registration",
    "auth.sign_in.resetting",
    "shop.model_calls",
    "shop.rooms",
)
for _name in WITH_TABLES:
    import_module(_name)

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


def upgrade(engine: Engine) -> None:
    """Run every migration that has not run yet, in one transaction."""
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(engine: Engine) -> bool:
    """Whether the newest migration has run."""
    with engine.connect() as connection:
        here = MigrationContext.configure(connection).get_current_revision()
    return here == ScriptDirectory.from_config(alembic_config()).get_current_head()


def differences(engine: Engine) -> list[object]:
    """What the models have and the migrated database lacks, or the other way round; empty when they agree."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def alembic_config() -> Config:
    """Alembic's settings: the migrations of this repository, on the connection that is handed over."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
