"""Who has an address: the account that has proved it, and not a registration that waits for its letter."""

from datetime import datetime

from sqlalchemy.orm import Session

from auth.accounts import Account, find_account_id_by_email_tag
from auth.sign_in import one_time, sessions
from auth.sign_in.noted import note


def is_proved(session: Session, tag: bytes) -> bool:
    """Whether an account has proved this address; read only, in the scope of the house."""
    held = find_account_id_by_email_tag(session, tag)
    return held is not None and session.get_one(Account, held).email_verified_at is not None


def is_proved_by_somebody(session: Session, tag: bytes, *, now: datetime) -> bool:
    """Whether an account has proved this address. A registration that waits for it gives way: it has proved nothing.

    Its letters, its password and its claim to the address end, so that nothing waits for the owner to walk into. Needs
    a changing transaction in the scope of the house.
    """
    held = find_account_id_by_email_tag(session, tag)
    if held is None:
        return False
    shell = session.get_one(Account, held)
    if shell.email_verified_at is not None:
        return True
    give_up(session, shell, now=now)
    return False


def give_up(session: Session, shell: Account, *, now: datetime) -> None:
    """Close an account that nobody has ever been able to use, and leave nothing of it that could be walked into."""
    one_time.use_up_all(session, shell.id, now=now)
    sessions.revoke_all(session, shell.id, now=now)
    shell.email_tag, shell.email, shell.name, shell.password_hash, shell.status = None, None, None, None, "closed"
    session.flush()
    note(session, "register.given_up", at=now, account_id=shell.id)
