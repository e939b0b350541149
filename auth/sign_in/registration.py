"""Opening an account: the answer is the same whether or not the address has one; the truth is in the mail.

A registration waits beside its mailed token, name and password hash included, and changes the account only when the
token comes back with that password. So nobody can prepare an account for somebody else's address and wait for them to
confirm it (account pre-hijacking, Sudhodanan and Paverd, USENIX Security 2022).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth.accounts import Account, find_account, find_account_id_by_email_tag, open_account
from auth.actor import Role
from auth.database import Scope, narrow
from auth.mail import queue_mail
from auth.sign_in import attempts, letters, one_time
from auth.sign_in.address import cleaned, is_plausible, is_plausible_name
from auth.sign_in.attempts import TooMany
from auth.sign_in.entrance import Entrance
from auth.sign_in.noted import note
from auth.sign_in.one_time import Purpose
from auth.sign_in.passwords import Match, Rejected, judge_password
from auth.sign_in.sessions import token_hash
from auth.sign_in.visit import Visit


@dataclass(frozen=True, slots=True)
class LookAtYourMail:
    """The same answer for every well-formed address, known or not."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The address is confirmed; the person may sign in now."""


@dataclass(frozen=True, slots=True)
class NotConfirmed:
    """The link is used or too old, or the password is not the one chosen with it."""


def register(entrance: Entrance, *, name: str, email: str, password: str) -> LookAtYourMail | Rejected:
    """Ask for an account. What can be rejected is rejected before anybody looks whether the address is known."""
    name, email = cleaned(name), cleaned(email)
    wrong = _wrong_with(entrance, name=name, email=email, password=password)
    if wrong is not None:
        return wrong
    password_hash = entrance.hasher.hash(password)
    try:
        _write(entrance, name=name, email=email, password_hash=password_hash)
    except IntegrityError:
        # Two registrations of one new address met on PostgreSQL; the second one finds the account of the first.
        _write(entrance, name=name, email=email, password_hash=password_hash)
    return LookAtYourMail()


def confirm(entrance: Entrance, *, token: str, password: str, visit: Visit) -> Confirmed | NotConfirmed | TooMany:
    """Confirm the address with the mailed token and the password chosen at registration."""
    now = entrance.clock()
    subject = f"confirm {token_hash(token).hex()} {visit.network}"
    with entrance.database.begin(Scope.own(None)) as session:
        refused = attempts.take(session, entrance.vault, attempts.PASSWORD, subject=subject, now=now)
        if refused is not None:
            return refused
        row = one_time.find_token(session, token, purpose=Purpose.CONFIRM, now=now)
        waiting_hash = None if row is None else row.password_hash
    if not isinstance(entrance.hasher.verify(waiting_hash, password), Match):
        return NotConfirmed()
    with entrance.database.begin(Scope.own(None)) as session:
        row = one_time.find_token(session, token, purpose=Purpose.CONFIRM, now=now)
        account = None if row is None else find_account(session, row.account_id)
        if row is None or account is None or account.email_verified_at is not None:
            return NotConfirmed()
        name = entrance.vault.open(session, row, "name")
        entrance.vault.seal(session, account, "name", name)
        account.password_hash, account.email_verified_at = row.password_hash, now
        account.password_set_at = now
        one_time.use_up_all(session, account.id, now=now)
        note(session, "email.confirmed", at=now, account_id=account.id)
        return Confirmed()


def _wrong_with(entrance: Entrance, *, name: str, email: str, password: str) -> Rejected | None:
    if not is_plausible_name(name):
        return Rejected("Tell us the name we should use, in at most 100 characters.")
    if not is_plausible(email):
        return Rejected("That does not look like an e-mail address. It should read like name@example.com.")
    verdict = judge_password(password, has_second_factor=False, context=(entrance.shop_name, name, email))
    return verdict if isinstance(verdict, Rejected) else None


def _write(entrance: Entrance, *, name: str, email: str, password_hash: str) -> None:
    now, tag = entrance.clock(), entrance.vault.email_tag(email)
    # The account may have to be made, and a new row can't lie in the scope of an account that does not exist yet.
    with entrance.database.begin(Scope.house("registering an address")) as session:
        too_many = attempts.take(session, entrance.vault, attempts.MAIL, subject=f"register {tag.hex()}", now=now)
        if too_many is not None:
            # Nobody's mailbox is filled by a stranger; the page says the same as always.
            return
        account = _account(entrance, session, find_account_id_by_email_tag(session, tag), email=email, now=now)
        narrow(session, account.id)
        to = entrance.vault.open(session, account, "email")
        if account.email_verified_at is not None:
            mail = letters.already_registered(entrance, to=to)
            note(session, "register.known_address", at=now, account_id=account.id)
        else:
            to = _claim(entrance, session, account, known=to, email=email, now=now)
            token = _wait(entrance, session, account, name=name, password_hash=password_hash, now=now)
            mail = letters.confirm(entrance, to=to, token=token)
        queue_mail(session, entrance.vault, account.id, mail=mail, now=now)


def _account(entrance: Entrance, session: Session, account_id: UUID | None, *, email: str, now: datetime) -> Account:
    if account_id is not None:
        return session.get_one(Account, account_id)
    return open_account(session, entrance.vault, role=Role.CUSTOMER, now=now, email=email)


def _claim(entrance: Entrance, session: Session, account: Account, *, known: str, email: str, now: datetime) -> str:
    # An unconfirmed address is only somebody's claim. When another spelling of it is typed, mail goes there from now
    # on and what was mailed before is worthless, so that a near-double of an address can't catch its owner's link.
    if known != email:
        one_time.use_up_all(session, account.id, now=now)
        entrance.vault.seal(session, account, "email", email)
    return email


def _wait(
    entrance: Entrance, session: Session, account: Account, *, name: str, password_hash: str, now: datetime
) -> str:
    token, row = one_time.issue(session, account.id, purpose=Purpose.CONFIRM, now=now)
    entrance.vault.seal(session, row, "name", name)
    row.password_hash = password_hash
    note(session, "register.waiting", at=now, account_id=account.id)
    return token
