"""The letter about a first second factor, and its link for an owner who has not set it up: it takes the factors off.

Whoever knows the password of an account without a factor can set up one of their own and lock its owner out. The owner
reads of it at once and has seven days to say so, without the wait of a lost factor. A clerk's factors are handed out by
whoever runs the shop, so a clerk's letter has no such link: a mailbox alone must not open the staff's rooms.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from auth.accounts import Account, find_account
from auth.actor import Role
from auth.mail import queue_mail
from auth.sign_in import letters, one_time
from auth.sign_in.entrance import Entrance
from auth.sign_in.lost_factor import take_factors_off
from auth.sign_in.noted import note
from auth.sign_in.one_time import Purpose


def tell_of_first_factor(entrance: Entrance, session: Session, account: Account, what: str, *, now: datetime) -> None:
    """Mail the account that it has a factor from now on; a customer's letter has the link that takes it off again."""
    to = entrance.vault.open(session, account, "email")
    if not to:
        return
    disown = ""
    if account.role == Role.CUSTOMER:
        # Of several letters the newest counts.
        one_time.use_up_all(session, account.id, now=now, only={Purpose.FACTOR_DISOWN})
        disown, _ = one_time.issue(session, account.id, purpose=Purpose.FACTOR_DISOWN, now=now)
    mail = letters.first_factor(entrance, to=to, what=what, disown=disown)
    queue_mail(session, entrance.vault, account.id, mail=mail, now=now)


def disown_factors(entrance: Entrance, session: Session, account_id: UUID, *, now: datetime) -> bool:
    """Take off what somebody else has set up; ``False`` where it is nobody's to take off."""
    account = find_account(session, account_id)
    if account is None or account.role != Role.CUSTOMER:
        return False
    take_factors_off(entrance, session, account, what="two-step sign-in was taken off, because it was not you", now=now)
    note(session, "factors.disowned", at=now, account_id=account_id)
    return True
