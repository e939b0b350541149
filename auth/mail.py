"""Mail leaves through an outbox: a row written with the change it tells about, sent after the commit.

Address, subject and text are sealed for the account, and wiped once sent. In the demo nothing is sent: the rows stay
and a page shows them.
"""

import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from typing import Literal, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.accounts import Account, open_account
from auth.actor import Role
from auth.database import Base, Database, Owned, Scope, UtcDateTime, new_id
from auth.vault import Sealed, Shredded, Vault

_RETRY_AFTER = timedelta(minutes=5)
_MOST_TRIES = 12


@dataclass(frozen=True, slots=True)
class Mail:
    """A plain-text message to one address."""

    to: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message before it has an address."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """A message in the outbox, as the demo's outbox page shows it."""

    mail_id: UUID
    created_at: datetime
    mail: Mail


class OutboxMail(Base, Owned):
    """A message that is to be sent. ``claimed_at`` keeps two senders from sending it twice."""

    __tablename__ = "outbox_mails"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recipient: Mapped[bytes | None] = mapped_column(Sealed)
    subject: Mapped[bytes | None] = mapped_column(Sealed)
    body: Mapped[bytes | None] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class Mailer(Protocol):
    """Carries a message to the outside world. OSError (``smtplib.SMTPException`` is one) when it can't."""

    def send(self, mail: Mail) -> None: ...


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """A mail server. Without TLS it is used on loopback only; certificates are always verified.

    ``tls`` is ``starttls`` (RFC 3207), ``implicit`` (RFC 8314 §3.3) or ``none``. ValueError for ``none`` elsewhere.
    """

    host: str
    port: int
    sender: str
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str = ""
    password: str = ""
    ca_file: str | None = None
    timeout_s: float = 10.0

    def __post_init__(self) -> None:
        if self.tls == "none" and not _is_loopback(self.host):
            raise ValueError("mail without TLS stays on this machine: use starttls or implicit TLS")

    def __repr__(self) -> str:
        return f"SmtpMailer({self.host}:{self.port}, {self.tls})"

    def send(self, mail: Mail) -> None:
        with self._connect() as server:
            if self.username:
                server.login(self.username, self.password)
            server.send_message(self._message(mail))

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.tls == "implicit":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)
        if self.tls == "starttls":
            # A server that does not offer STARTTLS raises here; there is no silent way back to plain text.
            server.starttls(context=context)
        return server

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        # EmailMessage refuses line breaks in these, so that an address can't smuggle in further headers.
        message["From"] = self.sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        return message


def queue_mail(session: Session, vault: Vault, account_id: UUID, *, mail: Mail, now: datetime) -> None:
    """Put a message into the outbox, within the transaction that makes it true."""
    row = OutboxMail(id=new_id(now), account_id=account_id, created_at=now, tries=0)
    vault.seal(session, row, "recipient", mail.to)
    vault.seal(session, row, "subject", mail.subject)
    vault.seal(session, row, "body", mail.text)
    session.add(row)
    session.flush()


def post_last_letter(
    database: Database, vault: Vault, *, account_id: UUID, key: UUID, letter: Letter, now: datetime
) -> None:
    """Put the last letter to an account that is being deleted into the outbox, once for each ``key``.

    It can't be sealed for the account, whose key is about to be destroyed: it gets a closed account of its own, named
    by ``key``, with nothing in it but this letter. Without an address, or with its key gone, nothing is sent.
    """
    with database.begin(Scope.house("the last letter to somebody who leaves")) as session:
        account = session.get(Account, account_id)
        if account is None or session.get(Account, key) is not None:
            return
        try:
            to = vault.open(session, account, "email")
        except Shredded:
            return
        if to:
            box = open_account(session, vault, role=Role.GUEST, now=now, account_id=key)
            box.status = "closed"
            queue_mail(session, vault, box.id, mail=Mail(to, letter.subject, letter.text), now=now)


def waiting_mail(session: Session, vault: Vault, *, limit: int = 50) -> Sequence[WaitingMail]:
    """The newest messages that were not sent, opened; with a session of the house, for the demo's outbox page."""
    newest = select(OutboxMail).where(OutboxMail.sent_at.is_(None)).order_by(OutboxMail.created_at.desc()).limit(limit)
    return [WaitingMail(row.id, row.created_at, _open(session, vault, row)) for row in session.scalars(newest)]


def deliver_pending(
    database: Database, vault: Vault, mailer: Mailer, *, clock: Callable[[], datetime], limit: int = 50
) -> int:
    """Send what waits in the outbox and return how many went; called after a commit, with no transaction open.

    A message is claimed first and sent then, so that two processes do not both send it. One that fails, or whose
    sender died, is tried again after five minutes, twelve times at most.
    """
    return sum(_deliver(database, vault, mailer, mail_id, clock) for mail_id in _pending(database, clock(), limit))


def _deliver(database: Database, vault: Vault, mailer: Mailer, mail_id: UUID, clock: Callable[[], datetime]) -> bool:
    mail = _claim(database, vault, mail_id, clock())
    if mail is None:
        return False
    try:
        mailer.send(mail)
    except (OSError, ValueError):
        # The claim stands, which is what delays the next try; the row says how often it was tried.
        return False
    with database.begin(Scope.house("a mail was sent")) as session:
        session.execute(
            update(OutboxMail)
            .where(OutboxMail.id == mail_id)
            .values(sent_at=clock(), recipient=None, subject=None, body=None)
        )
    return True


def _pending(database: Database, now: datetime, limit: int) -> list[UUID]:
    with database.read(Scope.house("sending mail")) as session:
        oldest = select(OutboxMail.id).where(*_is_due(now)).order_by(OutboxMail.created_at).limit(limit)
        return list(session.scalars(oldest))


def _claim(database: Database, vault: Vault, mail_id: UUID, now: datetime) -> Mail | None:
    with database.begin(Scope.house("sending mail")) as session:
        claimed = session.scalar(
            update(OutboxMail)
            .where(OutboxMail.id == mail_id, *_is_due(now))
            .values(claimed_at=now, tries=OutboxMail.tries + 1)
            .returning(OutboxMail.id)
        )
        return None if claimed is None else _open(session, vault, session.get_one(OutboxMail, mail_id))


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    unclaimed = or_(OutboxMail.claimed_at.is_(None), OutboxMail.claimed_at <= now - _RETRY_AFTER)
    return (OutboxMail.sent_at.is_(None), OutboxMail.tries < _MOST_TRIES, unclaimed)


def _open(session: Session, vault: Vault, row: OutboxMail) -> Mail:
    return Mail(
        to=vault.open(session, row, "recipient"),
        subject=vault.open(session, row, "subject"),
        text=vault.open(session, row, "body"),
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
