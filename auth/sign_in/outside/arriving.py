"""What becomes of a proved identity: it signs in to the account it belongs to, or opens one, and takes over none.

An e-mail address is what a provider says and proves nothing about an account that is here: its owner signs in as they
always do and links the identity themselves (:mod:`auth.sign_in.outside.linking`). Nothing waits for a victim either.
An account whose address nobody has proved is not found by that address, and a registration that somebody else has begun
ends when the address is proved (pre-hijacking: Sudhodanan and Paverd, USENIX Security 2022).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth.accounts import Account, find_account_id_by_email_tag, open_account
from auth.actor import Role
from auth.database import Scope, narrow
from auth.mail import Mail, queue_mail
from auth.sign_in import attempts, letters, one_time
from auth.sign_in.ceremony import MustEnrol, NeedsSecondFactor, SignedIn, after_first_step, may_sign_in
from auth.sign_in.claims import is_proved_by_somebody
from auth.sign_in.entrance import Entrance
from auth.sign_in.noted import note
from auth.sign_in.one_time import Purpose
from auth.sign_in.outside import letters as outside_letters
from auth.sign_in.outside.identities import add_identity, find_account_id_by_identity, note_use
from auth.sign_in.outside.trouble import Trouble
from auth.sign_in.outside.way import Arrival, NoWay
from auth.sign_in.visit import Visit


@dataclass(frozen=True, slots=True)
class ConfirmFirst:
    """The provider has not checked the address. A letter is on its way to it; until then nobody is signed in.

    The same answer whether or not the address has an account here.
    """


Entered: TypeAlias = SignedIn | MustEnrol | NeedsSecondFactor | ConfirmFirst | NoWay


def enter(entrance: Entrance, arrival: Arrival, *, visit: Visit) -> Entered:
    """Sign in with a proved identity, or open an account for it."""
    try:
        return _enter(entrance, arrival, visit=visit)
    except IntegrityError:
        # Two arrivals of one new identity or address met on PostgreSQL; the second finds the account of the first.
        return _enter(entrance, arrival, visit=visit)


def _enter(entrance: Entrance, arrival: Arrival, *, visit: Visit) -> Entered:
    now, tag = entrance.clock(), arrival.identity.tag(entrance.vault)
    # The account may have to be made, and a new row can't lie in the scope of an account that does not exist yet.
    with entrance.database.begin(Scope.house("somebody arrives from elsewhere")) as session:
        account_id = find_account_id_by_identity(session, tag)
        if account_id is not None:
            account = session.get_one(Account, account_id)
            return _recognised(entrance, session, account, arrival, visit=visit, now=now)
        if not arrival.identity.email:
            return NoWay(Trouble.NO_ADDRESS, arrival.provider, arrival.handshake.next_page)
        if arrival.identity.is_address_proved:
            return _open_proved(entrance, session, arrival, visit=visit, now=now)
        return _open_waiting(entrance, session, arrival, now=now)


def _recognised(
    entrance: Entrance, session: Session, account: Account, arrival: Arrival, *, visit: Visit, now: datetime
) -> Entered:
    if account.status != "closed" and account.email_verified_at is None:
        _confirm(entrance, session, account, arrival, now=now)
    narrow(session, account.id)
    if account.status == "closed":
        return NoWay(Trouble.CLOSED, arrival.provider)
    if not may_sign_in(account):
        return _wait(entrance, session, account, arrival, now=now)
    note_use(session, arrival.identity.tag(entrance.vault), now=now)
    note(session, "outside.recognised", at=now, account_id=account.id, provider=arrival.provider.key)
    return after_first_step(entrance, session, account, visit=visit, now=now, method="fed")


def _open_proved(entrance: Entrance, session: Session, arrival: Arrival, *, visit: Visit, now: datetime) -> Entered:
    identity, provider = arrival.identity, arrival.provider
    tag = entrance.vault.email_tag(identity.email)
    if is_proved_by_somebody(session, tag, now=now):
        held = find_account_id_by_email_tag(session, tag)
        note(session, "outside.known_address", at=now, account_id=held, provider=provider.key)
        return NoWay(Trouble.KNOWN_ADDRESS, provider, arrival.handshake.next_page)
    account = _open(entrance, session, arrival, now=now)
    account.email_tag, account.email_verified_at = tag, now
    session.flush()
    narrow(session, account.id)
    add_identity(session, entrance.vault, account.id, identity, now=now)
    note(session, "outside.opened", at=now, account_id=account.id, provider=provider.key)
    _post(entrance, session, account.id, outside_letters.opened(entrance, provider, to=identity.email), now=now)
    return after_first_step(entrance, session, account, visit=visit, now=now, method="fed")


def _open_waiting(entrance: Entrance, session: Session, arrival: Arrival, *, now: datetime) -> Entered:
    """An account that nobody can use, and that nobody finds by its address, until a letter has come back."""
    tag = entrance.vault.email_tag(arrival.identity.email)
    if attempts.take(session, entrance.vault, attempts.MAIL, subject=f"register {tag.hex()}", now=now) is not None:
        # Nobody's mailbox is filled by a stranger; the page says the same as always.
        return ConfirmFirst()
    held = find_account_id_by_email_tag(session, tag)
    if held is not None and session.get_one(Account, held).email_verified_at is not None:
        narrow(session, held)
        to = entrance.vault.open(session, session.get_one(Account, held), "email")
        note(session, "register.known_address", at=now, account_id=held)
        _post(entrance, session, held, letters.already_registered(entrance, to=to), now=now)
        return ConfirmFirst()
    account = _open(entrance, session, arrival, now=now)
    narrow(session, account.id)
    add_identity(session, entrance.vault, account.id, arrival.identity, now=now)
    _send_link(entrance, session, account, arrival, now=now)
    return ConfirmFirst()


def _wait(entrance: Entrance, session: Session, account: Account, arrival: Arrival, *, now: datetime) -> ConfirmFirst:
    subject = f"register {entrance.vault.email_tag(entrance.vault.open(session, account, 'email')).hex()}"
    if attempts.take(session, entrance.vault, attempts.MAIL, subject=subject, now=now) is None:
        # Letters sent before go on working: their readers take the one that comes to hand.
        _send_link(entrance, session, account, arrival, now=now)
    return ConfirmFirst()


def _confirm(entrance: Entrance, session: Session, account: Account, arrival: Arrival, *, now: datetime) -> None:
    """Confirm the address if this arrival brings the mailed token too: the letter was read by who has the identity."""
    token = arrival.handshake.token
    row = one_time.find_token_of(session, account.id, token, purpose=Purpose.OUTSIDE_CONFIRM, now=now)
    tag = entrance.vault.email_tag(entrance.vault.open(session, account, "email"))
    # Somebody may have confirmed the address for another account since: theirs it stays.
    if row is None or is_proved_by_somebody(session, tag, now=now) or not one_time.use_up(session, row, now=now):
        return
    account.email_tag, account.email_verified_at = tag, now
    session.flush()
    one_time.use_up_all(session, account.id, now=now)
    note(session, "email.confirmed", at=now, account_id=account.id)


def _open(entrance: Entrance, session: Session, arrival: Arrival, *, now: datetime) -> Account:
    """A customer's account with the address sealed in it, and not to be found by it yet."""
    identity = arrival.identity
    name = identity.name or identity.email.partition("@")[0]
    account = open_account(session, entrance.vault, role=Role.CUSTOMER, now=now, name=name)
    entrance.vault.seal(session, account, "email", identity.email)
    session.flush()
    return account


def _send_link(entrance: Entrance, session: Session, account: Account, arrival: Arrival, *, now: datetime) -> None:
    token, _ = one_time.issue(session, account.id, purpose=Purpose.OUTSIDE_CONFIRM, now=now)
    to = entrance.vault.open(session, account, "email")
    note(session, "register.waiting", at=now, account_id=account.id, provider=arrival.provider.key)
    mail = outside_letters.confirm_address(entrance, arrival.provider, to=to, token=token)
    _post(entrance, session, account.id, mail, now=now)


def _post(entrance: Entrance, session: Session, account_id: UUID, mail: Mail, *, now: datetime) -> None:
    queue_mail(session, entrance.vault, account_id, mail=mail, now=now)
