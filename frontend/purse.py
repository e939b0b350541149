"""The purse of one person's turn: what its model calls take from the day, written down before they are made."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from auth.actor import Actor, Role
from auth.database import Scope
from frontend.house import House
from shop.allowances import Reservation, Spent, Use, Wanted
from shop.days_used import reserve, settle


@dataclass(slots=True)
class AccountPurse:
    """Takes from the day of one account, for one turn. Reserving and settling are short transactions: call them in a
    thread. What the embedded model used is settled with what the turn stores, for it costs nothing: ``pay``."""

    house: House
    account_id: UUID
    is_guest: bool
    owed: Counter[date] = field(default_factory=Counter)

    @classmethod
    def of(cls, house: House, actor: Actor) -> "AccountPurse":
        """The purse of the person who asks; a guest has an account too."""
        if actor.account_id is None:
            raise ValueError("who talks to the assistant has an account: see ensure_guest")
        return cls(house, actor.account_id, actor.role is Role.GUEST)

    def reserve(self, wanted: Wanted) -> Reservation | Spent:
        """Take what a call may cost, before it is made."""
        house, now = self.house, self.house.clock()
        with house.database.begin(Scope.own(self.account_id)) as session:
            return reserve(
                session, self.account_id, wanted, allowances=house.allowances, is_guest=self.is_guest, at=now
            )

    def settle(self, taken: Reservation, used: Use) -> None:
        """Put what the call really used in its place; at once where it costs something."""
        if taken.is_hosted:
            with self.house.database.begin(Scope.own(self.account_id)) as session:
                self._settle(session, taken, used)
        else:
            more = used.tokens_in + used.tokens_out - taken.tokens_in - taken.tokens_out
            self.owed.update({taken.day: more})

    def pay(self, session: Session) -> None:
        """Settle what is not settled yet, in a transaction that somebody else has begun for this account."""
        owed, self.owed = self.owed, Counter()
        for day, tokens in owed.items():
            self._settle(session, Reservation(day, False, 0, 0, 0), Use(tokens_out=tokens))

    def _settle(self, session: Session, taken: Reservation, used: Use) -> None:
        settle(session, self.account_id, taken, used, allowances=self.house.allowances, is_guest=self.is_guest)
