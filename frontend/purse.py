"""The purse of one person's turn: what its model calls take from the day, written down in a transaction of its own."""

from dataclasses import dataclass
from uuid import UUID

from auth.actor import Actor, Role
from auth.database import Scope
from frontend.house import House
from shop.allowances import Reservation, Spent, Use, Wanted
from shop.days_used import reserve, settle


@dataclass(frozen=True, slots=True)
class AccountPurse:
    """Takes from the day of one account. Each call is a short transaction: call it in a thread."""

    house: House
    account_id: UUID
    is_guest: bool

    @classmethod
    def of(cls, house: House, actor: Actor) -> "AccountPurse":
        """The purse of the person who asks; a guest has an account too."""
        if actor.account_id is None:
            raise ValueError("who talks to the assistant has an account: see ensure_guest")
        return cls(house, actor.account_id, actor.role is Role.GUEST)

    def reserve(self, wanted: Wanted) -> Reservation | Spent:
        """Take what a call may cost, before it is made."""
        house = self.house
        with house.database.begin(Scope.own(self.account_id)) as session:
            return reserve(
                session,
                self.account_id,
                wanted,
                allowances=house.allowances,
                is_guest=self.is_guest,
                at=house.clock(),
            )

    def settle(self, taken: Reservation, used: Use) -> None:
        """Put what the call really used in its place."""
        house = self.house
        with house.database.begin(Scope.own(self.account_id)) as session:
            settle(session, self.account_id, taken, used, allowances=house.allowances, is_guest=self.is_guest)
