"""What the attacker knows by heart: the ids of everything and everybody, the goods, and nobody's words.

It is handed over and not looked up, because no model can reach a record; a real one would have to have learnt it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Knowledge:
    """``own_orders`` belong to the customer whose chat it is, as far as that is known; all others are foreign.

    ``own_open`` are those of them that have not left yet, ``own_delivered`` those that can go back, newest first;
    ``goods`` are pairs of a product and one of its options. ``ids`` are those of cards, conversations and accounts,
    ``handles`` the names under which anybody keeps addresses and payment cards.
    """

    foreign_orders: tuple[str, ...] = ()
    own_orders: tuple[str, ...] = ()
    own_open: tuple[str, ...] = ()
    own_delivered: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    goods: tuple[tuple[str, str], ...] = ()

    @property
    def orders(self) -> tuple[str, ...]:
        return (*self.own_orders, *self.foreign_orders)

    @property
    def everything(self) -> tuple[str, ...]:
        """All that could stand where a reference is expected."""
        return (*self.orders, *self.cases, *self.ids, *self.handles, *(name for pair in self.goods for name in pair))
