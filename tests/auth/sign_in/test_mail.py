"""Mail leaves after the commit, once, over TLS; what waits is sealed and what was sent is wiped."""

import queue as queue_module
import smtplib
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import select

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


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_server_with_a_certificate_nobody_vouches_for_gets_no_mail(tmp_path, tls):
    certificate, key = self_signed(tmp_path)
    for trusted, expected in ((None, ssl.SSLCertVerificationError), (str(certificate), smtplib.SMTPServerDisconnected)):
        # Once the server is trusted it hangs up after the handshake: getting so far is the control of this test.
        port, handshakes = mail_server(certificate, key, tls)
        mailer = SmtpMailer("localhost", port, "shop@example.com", tls=tls, password="hunter2", ca_file=trusted)
        with pytest.raises(expected):
            mailer.send(LETTER)
        assert handshakes.get(timeout=5) is (trusted is not None)


def self_signed(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, private


def mail_server(certificate, key, tls):
    """Serves one connection up to the TLS handshake and says whether the client went through with it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listening, went_through = socket.create_server(("localhost", 0)), queue_module.Queue()

    def serve():
        connection, _ = listening.accept()
        with listening, connection:
            if tls == "starttls":
                connection.sendall(b"220 localhost ESMTP\r\n")
                connection.recv(1024)
                connection.sendall(b"250-localhost\r\n250 STARTTLS\r\n")
                connection.recv(1024)
                connection.sendall(b"220 go on\r\n")
            try:
                context.wrap_socket(connection, server_side=True).close()
                went_through.put(True)
            except (ssl.SSLError, OSError):
                went_through.put(False)

    threading.Thread(target=serve, daemon=True).start()
    return listening.getsockname()[1], went_through


def test_an_address_can_not_smuggle_in_headers_and_the_password_is_not_printed():
    mailer = SmtpMailer("localhost", 25, "shop@example.com", tls="none", password="hunter2")
    with pytest.raises(ValueError):
        mailer._message(Mail("ida@example.com\nBcc: all@example.com", "Hello", "text"))
    assert "hunter2" not in repr(mailer)
