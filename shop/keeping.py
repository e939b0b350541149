"""The list of what the shop keeps about a person: a new table that belongs to somebody gets its line here.

From this list everything is counted, exported and ended, in this order, so what refers to something stands before it.
"""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.accounts import Account
from auth.guard.approvals import Approval
from auth.guard.grants import CLAIMED, GrantRow
from auth.guard.keyed_answers import KeyedAnswer
from auth.guard.submissions import Submission
from auth.keeping import Ending, Keeps
from auth.mail import OutboxMail
from auth.oauth.codes import AuthorizationCode
from auth.oauth.delegations import Delegation
from auth.oauth.refreshing import RefreshToken
from shop.addresses import Address
from shop.basket import BasketLine
from shop.carrier_notes import CarrierNote
from shop.cases import OPEN_STATES, Case
from shop.charges import ExtraCharge
from shop.conversations import Conversation, Message
from shop.data_exports import DataExport
from shop.days_used import AccountDay
from shop.model_calls import ModelCall
from shop.orders import CANCELLING, CHANGING, PAID, PLACING, SHIPPED, Order, OrderLine
from shop.payments import PaymentMethod
from shop.preferences import Preference
from shop.ratings import AnswerRating
from shop.refunds import Refund
from shop.reviews import UNSIGNED, Review
from shop.security import SignIn
from shop.switches import AssistantSwitch


def orders_under_way(session: Session, account_id: UUID) -> int:
    """Orders that are not delivered, cancelled or failed yet."""
    moving = Order.status.in_((PLACING, PAID, CHANGING, SHIPPED, CANCELLING))
    count = select(func.count()).select_from(Order).where(Order.account_id == account_id, moving)
    return session.scalar(count) or 0


def cases_under_way(session: Session, account_id: UUID) -> int:
    """Returns, exchanges and claims that have not ended yet."""
    count = select(func.count()).select_from(Case)
    return session.scalar(count.where(Case.account_id == account_id, Case.state.in_(OPEN_STATES))) or 0


def payments_under_way(session: Session, account_id: UUID) -> int:
    """Requests to the outside world that nobody has settled yet."""
    waiting = select(func.count()).select_from(GrantRow)
    return session.scalar(waiting.where(GrantRow.account_id == account_id, GrantRow.state == CLAIMED)) or 0


KEEPS = (
    Keeps(Account, "account", Ending.BLANK, owner="id", hidden=frozenset({"password_hash"})).blanking(
        email_tag=None, password_hash=None, password_set_at=None, email_verified_at=None, status="closed"
    ),
    Keeps(
        Order, "orders", Ending.BLANK, hidden=frozenset({"payment_token", "grant_id"}), under_way=orders_under_way
    ).blanking(paid_with="", payment_token="", tracking=""),
    Keeps(OrderLine, "", Ending.BLANK),
    Keeps(Refund, "refunds", Ending.BLANK, hidden=frozenset({"grant_id"})),
    Keeps(ExtraCharge, "", Ending.BLANK, hidden=frozenset({"reference"})),
    Keeps(
        Case,
        "returns and claims",
        Ending.BLANK,
        hidden=frozenset({"grant_id", "settle_grant_id", "charge_reference", "reviewed_by"}),
        under_way=cases_under_way,
    ).blanking(paid_with="", tracking=""),
    Keeps(CarrierNote, "notes of carriers", Ending.DELETE),
    Keeps(Address, "addresses", Ending.DELETE),
    Keeps(PaymentMethod, "payment cards", Ending.DELETE, hidden=frozenset({"token"})),
    Keeps(BasketLine, "lines in the basket", Ending.DELETE),
    Keeps(Review, "reviews", Ending.BLANK, owner="author_id").blanking(author_id=None, signed=UNSIGNED),
    Keeps(AnswerRating, "ratings of answers", Ending.DELETE),
    Keeps(ModelCall, "records of what the assistant's model saw", Ending.DELETE),
    Keeps(AccountDay, "days on which the assistant was used", Ending.DELETE),
    Keeps(Message, "messages", Ending.DELETE),
    Keeps(Conversation, "conversations", Ending.DELETE, hidden=frozenset({"clerk_id"})),
    Keeps(Preference, "choices of mails", Ending.DELETE),
    Keeps(
        AssistantSwitch,
        "times the assistant was switched off for you",
        Ending.DELETE,
        owner="customer_id",
        hidden=frozenset({"stopped_by", "let_on_by"}),
    ),
    Keeps(AuthorizationCode, "", Ending.DELETE),
    Keeps(RefreshToken, "", Ending.DELETE),
    Keeps(Delegation, "times an app was given leave to act for you", Ending.DELETE),
    Keeps(OutboxMail, "mails to you", Ending.DELETE),
    Keeps(DataExport, "", Ending.DELETE),
    # What was asked for, signed and carried out stays as rows, because the log refers to them; their words are sealed.
    Keeps(Approval, "cards to sign", Ending.BLANK, hidden=frozenset({"reviewed_by"})).blanking(outcome=None),
    Keeps(
        GrantRow, "", Ending.BLANK, hidden=frozenset({"request", "reference"}), under_way=payments_under_way
    ).blanking(request=None),
    Keeps(Submission, "", Ending.DELETE),
    Keeps(KeyedAnswer, "", Ending.DELETE),
)


def everything_kept(sign_in: SignIn) -> tuple[Keeps, ...]:
    """The shop's list and that of the sign-in, which the shop is handed."""
    return (*KEEPS, *sign_in.keeps)
