"""Key rotation while the shop is open: a new key-encryption key, every data key re-wrapped, the old one destroyed.

The state is in the rows and in the provider, so a rotation that was interrupted is finished by running it again.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import exists, func, select

from auth.database import Database, Scope
from auth.vault.data_keys import DataKey
from auth.vault.envelope import VaultError
from auth.vault.house_keys import HouseKey, rewrap_house_key
from auth.vault.vault import Vault, hold_off_retirement

Progress = Callable[[int, int], None]
_HOUSE = Scope.house("key rotation")
_LIVE = DataKey.shredded_at.is_(None)
_BEFORE_ALL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class RotationReport:
    """What a rotation did. ``failed`` lists accounts whose data key did not unwrap; the KEKs they name are kept."""

    kek_id: str
    resumed: bool
    rewrapped: int
    failed: tuple[UUID, ...]
    retired: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    last: UUID
    rewrapped: int
    failed: list[UUID]


def rotate_keys(
    database: Database, vault: Vault, *, batch: int = 200, progress: Progress = lambda done, total: None
) -> RotationReport:
    """Re-wrap every data key under a new KEK, ``batch`` rows to a transaction, then retire the KEKs nothing uses.

    When an earlier run was interrupted, its KEK is used and no further one is made. ``progress`` is called after each
    batch with the number of keys done and the number there were at the start.
    """
    if _is_unfinished(database, vault):
        report = _carry_out(database, vault, batch=batch, progress=progress, resumed=True)
        # A key that never unwraps must not keep the house from ever making a new KEK.
        if report.rewrapped or report.retired:
            return report
    vault.provider.rotate()
    return _carry_out(database, vault, batch=batch, progress=progress, resumed=False)


def _is_unfinished(database: Database, vault: Vault) -> bool:
    current = vault.provider.current()
    with database.read(_HOUSE) as session:
        left_behind = session.scalar(select(exists().where(DataKey.kek_id != current, _LIVE)))
        left_behind = left_behind or session.scalar(select(exists().where(HouseKey.kek_id != current)))
    return bool(left_behind) or vault.provider.held() != {current}


def _carry_out(database: Database, vault: Vault, *, batch: int, progress: Progress, resumed: bool) -> RotationReport:
    with database.read(_HOUSE) as session:
        waiting = DataKey.kek_id != vault.provider.current()
        total = session.scalar(select(func.count()).select_from(DataKey).where(waiting, _LIVE)) or 0
    done, retired, more = 0, list[str](), True
    while more:
        told = partial(_tell, progress, before=done, total=total)
        rewrapped, failed = _rewrap_all(database, vault, batch=batch, progress=told)
        done += rewrapped
        _rewrap_house_keys(database, vault)
        retired += _retire_unused(database, vault)
        # An account opened in between may still name an old KEK; it was committed before the retirement looked.
        more = rewrapped > 0 and vault.provider.held() != {vault.provider.current()}
    return RotationReport(vault.provider.current(), resumed, done, tuple(failed), tuple(retired))


def _tell(progress: Progress, done: int, *, before: int, total: int) -> None:
    progress(before + done, max(before + done, total))


def _rewrap_all(
    database: Database, vault: Vault, *, batch: int, progress: Callable[[int], None]
) -> tuple[int, list[UUID]]:
    """One pass over the table in the order of the ids: how many keys were re-wrapped, and whose did not unwrap."""
    done, failed, last = 0, list[UUID](), _BEFORE_ALL
    while (step := _rewrap_batch(database, vault, after=last, batch=batch)) is not None:
        done, last = done + step.rewrapped, step.last
        failed += step.failed
        progress(done)
    return done, failed


def _rewrap_batch(database: Database, vault: Vault, *, after: UUID, batch: int) -> _Step | None:
    with database.begin(_HOUSE) as session:
        # Asked for again in each batch: of two rotations at the same time both then work towards the newer KEK.
        kek_id = vault.provider.current()
        waiting = select(DataKey).where(DataKey.kek_id != kek_id, _LIVE, DataKey.id > after)
        keys = session.scalars(waiting.order_by(DataKey.id).limit(batch).with_for_update()).all()
        if not keys:
            return None
        failed = [key.account_id for key in keys if not _rewrap(vault, key, kek_id)]
        return _Step(keys[-1].id, len(keys) - len(failed), failed)


def _rewrap_house_keys(database: Database, vault: Vault) -> None:
    """The house's own keys are few: one transaction for all. One that does not unwrap keeps its KEK from retiring."""
    with database.begin(_HOUSE) as session:
        kek_id = vault.provider.current()
        for key in session.scalars(select(HouseKey).where(HouseKey.kek_id != kek_id).with_for_update()):
            with contextlib.suppress(VaultError):
                rewrap_house_key(vault.provider, key, kek_id)


def _rewrap(vault: Vault, key: DataKey, kek_id: str) -> bool:
    try:
        vault.rewrap(key, kek_id)
    except VaultError:
        return False
    return True


def _retire_unused(database: Database, vault: Vault) -> tuple[str, ...]:
    """Destroy the old KEKs that no live data key names, while nobody can be wrapping another key with them."""
    with database.begin(_HOUSE) as session:
        hold_off_retirement(session, alone=True)
        used = set(session.scalars(select(DataKey.kek_id).where(_LIVE).distinct()))
        used |= set(session.scalars(select(HouseKey.kek_id).distinct()))
        unused = sorted(vault.provider.held() - used - {vault.provider.current()})
        for kek_id in unused:
            vault.provider.retire(kek_id)
    return tuple(unused)
