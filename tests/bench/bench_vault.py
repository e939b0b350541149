"""How long sealing, opening, tagging and redacting take. Run it: ``python -m tests.bench.bench_vault``."""

import tempfile
import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from auth.accounts import Account, open_account
from auth.actor import Role
from auth.database import Base, Database, Scope
from auth.redaction import redact
from auth.vault import LocalKeyFile, Vault, rotate_keys

LINE = "2026-11-03 10:00 GET /orders/HP-2041 200 account=01890000-1111-7222-8333-444455556666 took 12 ms"
ACCOUNTS = 2_000


def main() -> None:
    """Print microseconds for each operation, and seconds for a rotation of 2,000 keys."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/bench.db")
        Base.metadata.create_all(database.engine)
        vault = Vault(LocalKeyFile(Path(folder) / "keys.json"), clock=lambda: datetime.now(UTC))
        _measure_values(database, vault)
        _measure_rotation(database, vault)
        database.close()


def _measure_values(database: Database, vault: Vault) -> None:
    house, now = Scope.house("bench"), datetime.now(UTC)
    with database.begin(house) as session:
        account_id = open_account(session, vault, role=Role.CUSTOMER, now=now, name="Wilhelmina").id
    with database.read(Scope.own(account_id)) as session:
        account = session.get_one(Account, account_id)
        _report("seal 80 characters", lambda: vault.seal(session, account, "name", "x" * 80))
        _report("open 80 characters", lambda: vault.open(session, account, "name"))
        _report("tag an e-mail", lambda: vault.email_tag("Wilhelmina@Harbor.example"))
        _report("redact a log line", lambda: redact(LINE))
    _report("open in a new session", lambda: _open_anew(database, vault, account), times=500)


def _open_anew(database: Database, vault: Vault, account: Account) -> None:
    with database.read(Scope.own(account.id)) as session:
        vault.open(session, account, "name")


def _measure_rotation(database: Database, vault: Vault) -> None:
    with database.begin(Scope.house("bench")) as session:
        for _ in range(ACCOUNTS):
            open_account(session, vault, role=Role.GUEST, now=datetime.now(UTC))
    seconds = timeit.timeit(lambda: rotate_keys(database, vault), number=1)
    print(f"{'rotate 2,000 keys':24}{seconds:10.2f} s")


def _report(name: str, work: Callable[[], object], *, times: int = 5_000) -> None:
    print(f"{name:24}{timeit.timeit(work, number=times) / times * 1e6:10.1f} µs")


if __name__ == "__main__":
    main()
