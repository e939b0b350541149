"""Compares the migrated database with the models: ``python -m migrations.check`` exits 1 when they differ."""

import sys
import tempfile
from pathlib import Path

from auth.database import Database
from frontend.upgrade import differences, upgrade


def main() -> int:
    """Migrate an empty SQLite database and list what the models have besides."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'check.db'}")
        upgrade(database.engine)
        found = differences(database.engine)
        database.close()
    for difference in found:
        print(f"not in a migration: {difference}")
    if not found:
        print("The migrations make what the models say.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
