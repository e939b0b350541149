"""Mail leaves after the commit, once, over TLS; what waits is sealed and what was sent is wiped."""

import smtplib
import ssl
import threading

import pytest
from sqlalchemy import select

from auth import mail
from auth.database import Scope
from auth.mail import Mail, OutboxMail, SmtpMailer, deliver_pending, queue_mail, waiting_mail

LETTER = Mail("ida@example.com", "Hello Quistington", "The text with quokka in it")


class Recorder:
    """A mailer that remembers, and may fail."""

    def __init__(self, *, fails=False):
        self.sent, self.fails, self.lock = [], fails, threading.Lock()

    def send(self, letter):
        with self.lock:
            self.sent.append(letter)
        if self.fails:
            raise smtplib.SMTPServerDisconnected("no")


def queue(house, letter=LETTER):
    ida = house.person()
    with house.database.begin(Scope.own(ida)) as session:
        queue_mail(session, house.vault, ida, mail=letter, now=house.clock())
    return ida


def deliver(house, mailer):
    return deliver_pending(house.database, house.vault, mailer, clock=house.clock)


def test_what_waits_is_sealed_and_shown_only_opened(house, tmp_path):
    queue(house)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("shop.db*"))
    for word in (b"ida@example.com", b"Quistington", b"quokka"):
        assert word not in stored
    assert [waiting.mail for waiting in house.mails()] == [LETTER]


def test_a_mail_is_sent_once_and_wiped(house):
    queue(house)
    mailer = Recorder()
    assert (deliver(house, mailer), deliver(house, mailer)) == (1, 0)
    assert mailer.sent == [LETTER]
    with house.database.read(Scope.house("test")) as session:
        row = session.scalars(select(OutboxMail)).one()
        assert (row.recipient, row.subject, row.body) == (None, None, None)
        assert list(waiting_mail(session, house.vault)) == []


def test_two_senders_do_not_both_send_it(house):
    queue(house)
    mailer = Recorder()
    threads = [threading.Thread(target=deliver, args=(house, mailer)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mailer.sent == [LETTER]


def test_a_failed_mail_is_tried_again_later_and_not_for_ever(house):
    queue(house)
    mailer = Recorder(fails=True)
    deliver(house, mailer)
    assert deliver(house, mailer) == 0
    assert len(mailer.sent) == 1
    for _ in range(20):
        house.clock.advance(minutes=5)
        deliver(house, mailer)
    assert len(mailer.sent) == 12


def test_no_transaction_is_open_while_a_mail_is_sent(house):
    ida = queue(house)

    class Writer:
        def send(self, letter):
            # With the write lock held by the sender, this would wait five seconds and fail.
            with house.database.begin(Scope.own(ida)) as session:
                queue_mail(session, house.vault, ida, mail=letter, now=house.clock())

    assert deliver(house, Writer()) == 1


def test_plain_smtp_is_for_loopback_only():
    for host in ("127.0.0.1", "::1", "localhost"):
        SmtpMailer(host, 25, "shop@example.com", tls="none")
    for host in ("mail.example.com", "10.0.0.5", "localhost.example.com"):
        with pytest.raises(ValueError, match="without TLS"):
            SmtpMailer(host, 25, "shop@example.com", tls="none")


@pytest.mark.parametrize(("tls", "port"), [("implicit", 465), ("starttls", 587)])
def test_certificates_are_verified(monkeypatch, tls, port):
    seen = []

    class Server:
        def __init__(self, *_, context=None, **__):
            seen.append(context)

        def starttls(self, *, context):
            seen.append(context)

    monkeypatch.setattr(mail.smtplib, "SMTP_SSL", Server)
    monkeypatch.setattr(mail.smtplib, "SMTP", Server)
    SmtpMailer("mail.example.com", port, "shop@example.com", tls=tls, password="hunter2")._connect()
    context = seen[-1]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_an_address_can_not_smuggle_in_headers_and_the_password_is_not_printed():
    mailer = SmtpMailer("localhost", 25, "shop@example.com", tls="none", password="hunter2")
    with pytest.raises(ValueError):
        mailer._message(Mail("ida@example.com\nBcc: all@example.com", "Hello", "text"))
    assert "hunter2" not in repr(mailer)
