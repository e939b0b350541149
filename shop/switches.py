"""The switches of the assistant: what is stopped now, and how soon each stop had its effect.

A switch is a row. Every decision on what the assistant asks for reads the rows in the transaction that decides, so a
stop holds in every process from the moment it is committed, also for calls that were queued before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, String, or_, select, text, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from auth.actor import Actor, Channel
from auth.database import Base, UtcDateTime

WHOLE, TOOL, MODEL, CUSTOMER = "whole", "tool", "model", "customer"
SWITCHED_OFF = "assistant.switched-off"  # the policy that a switch works by
SILENT = (
    "The assistant is switched off at the moment, so it does not answer. The pages of the shop work as before, and "
    "“Talk to a person” brings somebody from the shop into this conversation."
)
# Advisory locks of PostgreSQL are numbers: this one is "countersign: the assistant's switches".
_LOCK = 0x636F_756E_5377


class AssistantSwitch(Base):
    """One stop. ``in_force`` names what it holds for while it does (unique, so the same thing is stopped once), and is
    empty afterwards. ``asks`` is the command that a stopped tool asks for.

    The last four columns are its effect. ``last_at`` is when the last thing ended that was under way when it came:
    a call that was refused (``calls_refused``) or an answer that broke off (``answers_cut``); ``tried_since`` counts
    what later turns tried. ``reason`` holds nobody's name.
    """

    __tablename__ = "assistant_switches"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    in_force: Mapped[str | None] = mapped_column(String(140), unique=True)
    reach: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(120))
    asks: Mapped[str] = mapped_column(String(64))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(240))
    stopped_by: Mapped[UUID]
    stopped_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    let_on_by: Mapped[UUID | None]
    let_on_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    calls_refused: Mapped[int] = mapped_column(default=0, server_default="0")
    answers_cut: Mapped[int] = mapped_column(default=0, server_default="0")
    tried_since: Mapped[int] = mapped_column(default=0, server_default="0")


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing that is stopped: the whole assistant, a tool (and the command it asks for), a model, a customer."""

    id: UUID
    reach: str
    name: str = ""
    asks: str = ""
    customer_id: UUID | None = None

    def holds_for(self, account_id: UUID | None, *, action: str, model: str) -> bool:
        """Whether a call is stopped by this one. A model that is not known is taken for the stopped one."""
        match self.reach:
            case "customer":
                return self.customer_id == account_id
            case "tool":
                return self.asks == action
            case "model":
                return model in {"", self.name}
        return True


@dataclass(frozen=True, slots=True)
class Switches:
    """Everything that is stopped at one moment."""

    stops: tuple[Stop, ...] = ()

    @property
    def ids(self) -> frozenset[UUID]:
        return frozenset(stop.id for stop in self.stops)

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools that are stopped, each by itself."""
        return frozenset(stop.name for stop in self.stops if stop.reach == TOOL)

    @property
    def models(self) -> frozenset[str]:
        return frozenset(stop.name for stop in self.stops if stop.reach == MODEL)

    def covering(self, account_id: UUID | None, *, action: str, model: str) -> tuple[Stop, ...]:
        """The stops that hold for a call."""
        return tuple(stop for stop in self.stops if stop.holds_for(account_id, action=action, model=model))

    def silencing(self, account_id: UUID | None, *, model: str) -> tuple[Stop, ...]:
        """The stops that hold for a whole answer; a stopped tool ends none."""
        return tuple(stop for stop in self.covering(account_id, action="", model=model) if stop.reach != TOOL)

    def silence(self, account_id: UUID | None, *, models: Sequence[str]) -> bool:
        """Whether nothing is answered at all: none of these models (or one without a name) may answer this account."""
        return all(self.silencing(account_id, model=model) for model in models or ("",))


NOTHING_STOPPED = Switches()


def read_switches(session: Session, *also: ColumnElement[bool]) -> Switches:
    """What is stopped, as this transaction sees it; all of it, or what meets ``also``."""
    row = AssistantSwitch
    columns = select(row.id, row.reach, row.name, row.asks, row.customer_id).where(row.in_force.is_not(None), *also)
    return Switches(tuple(Stop(*found) for found in session.execute(columns.order_by(row.stopped_at, row.id))))


def is_switched_off(session: Session, actor: Actor, action: str) -> bool:
    """Whether the staff have stopped what asks here: the assistant, for this account, command or model.

    Asked in a transaction that decides, it holds back any stop until that transaction ends, so that a stop comes
    wholly before a call or wholly after it. Pages and programs are not the assistant.
    """
    if actor.channel is not Channel.CHAT:
        return False
    if not session.info.get("only_looks"):
        _lock(session, "pg_advisory_xact_lock_shared")
    model = "" if actor.act is None else actor.act.model
    whose = AssistantSwitch.customer_id
    # There may be thousands of stopped customers, and this is asked at each decision.
    switches = read_switches(session, or_(whose.is_(None), whose == actor.account_id))
    return bool(switches.covering(actor.account_id, action=action, model=model))


def hold_calls_back(session: Session) -> None:
    """Let what is being decided end first, and what comes next wait until this transaction has changed a switch."""
    _lock(session, "pg_advisory_xact_lock")


def _lock(session: Session, how: str) -> None:
    # On SQLite every changing transaction waits for the write lock anyway.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT {how}(:number)"), {"number": _LOCK})


# What a switch did


def count_refused(session: Session, stops: Sequence[Stop], *, begun_under: frozenset[UUID], at: datetime) -> None:
    """A call was refused. A stop that its turn began under was no news to it; any other one stopped it under way."""
    for stop in stops:
        if stop.id in begun_under:
            _count(session, stop, AssistantSwitch.tried_since)
        else:
            _count(session, stop, AssistantSwitch.calls_refused, at=at)


def count_cut(session: Session, stops: Sequence[Stop], *, begun_under: frozenset[UUID], at: datetime) -> None:
    """An answer broke off in the middle."""
    for stop in stops:
        if stop.id not in begun_under:
            _count(session, stop, AssistantSwitch.answers_cut, at=at)


def _count(session: Session, stop: Stop, column: InstrumentedAttribute[int], *, at: datetime | None = None) -> None:
    values = {column.key: column + 1} | ({} if at is None else {"last_at": at})
    # In one statement, because several processes may count at the same moment.
    session.execute(
        update(AssistantSwitch)
        .where(AssistantSwitch.id == stop.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
