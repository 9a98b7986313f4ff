"""Mails are handed in once: what each trouble of server and network means, with TLS and a log-in, over real sockets."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.mail import connection
from adapters.mail.connection import Envelope, SmtpConnections
from adapters.mail.replies import Step, outcome_of
from adapters.mail.server import SmtpServer
from bot.platforms.outcomes import Gone, GoneScope, Rejected, Retry, Sent, Unknown
from tests.simulators.smtp import Fault, SmtpSimulator

MAIL = Envelope("papers@lab.example", "me@lab.example", b"Message-ID: <a@b>\r\n\r\n.dot\r\n..\r\n", "<a@b>")


@pytest.fixture
async def server() -> AsyncIterator[SmtpSimulator]:
    async with SmtpSimulator() as simulator:
        yield simulator


def connections(server: SmtpSimulator, *, timeout: float = 5.0) -> SmtpConnections:
    return SmtpConnections(SmtpServer("127.0.0.1", server.port), name="papers.lab.example", timeout=timeout)


async def test_a_connection_takes_one_mail_after_the_other(server: SmtpSimulator) -> None:
    ours = connections(server)
    for number in range(5):
        content = MAIL.content.replace(b"a@b", b"%d@b" % number)
        assert isinstance(await ours.send(Envelope(MAIL.sender, MAIL.recipient, content, "")), Sent)
    assert (len(server.mails("me@lab.example")), server.connections) == (5, 1)
    assert server.mails("me@lab.example")[0].get_payload() == ".dot\r\n..\r\n"
    server.hang_up()
    assert isinstance(await ours.send(MAIL), Sent), "a connection that was closed meanwhile is no reason to wait"
    await ours.close()


@pytest.mark.parametrize("fault", [Fault.CLOSED_BEFORE_DATA, Fault.CLOSED_IN_DATA, Fault.PAGE])
async def test_what_never_had_its_final_dot_is_sent_again(server: SmtpSimulator, fault: Fault) -> None:
    ours = connections(server)
    server.fail(fault)
    mail = MAIL if fault is not Fault.CLOSED_IN_DATA else Envelope(MAIL.sender, MAIL.recipient, _large(), "<l@b>")
    assert isinstance(await ours.send(mail), Retry)
    assert isinstance(await ours.send(MAIL), Sent)
    assert sum(server.copies.values()) == 1
    await ours.close()


def _large() -> bytes:
    """More than a socket takes at once, so that the server closes in the middle."""
    return b"Message-ID: <l@b>\r\n\r\n" + b"x" * 70 * 1024 * 1024 + b"\r\n"


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.ANSWER_LOST, Fault.SLOW])
async def test_after_the_final_dot_nobody_knows(server: SmtpSimulator, fault: Fault) -> None:
    ours = connections(server, timeout=2.0 if fault is Fault.SLOW else 10.0)
    server.fail(fault)
    result = await ours.send(MAIL)
    assert isinstance(result, Unknown)
    assert result.late is (fault is Fault.SLOW)
    assert bool(server.mails("me@lab.example")) is (fault is not Fault.LOST)
    await ours.close()


async def test_a_server_that_is_not_there_is_tried_later(server: SmtpSimulator) -> None:
    ours = connections(server)
    await server.stop()
    assert isinstance(await ours.send(MAIL), Retry)


async def test_all_together_ends_before_the_outbox_gives_up(
    server: SmtpSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ALL_WITHIN", 2.0)
    server.fail(Fault.SLOW)
    ours = connections(server)
    assert await ours.send(MAIL) == Unknown("The mail server did not say whether it took the mail.", late=True)
    await ours.close()


REPLIES = {
    (Step.LOGIN, 535, "5.7.8 Bad credentials"): (Gone, GoneScope.WORKSPACE),
    (Step.LOGIN, 454, "4.7.0 Temporary failure"): (Retry, None),
    (Step.SENDER, 530, "5.7.0 Must log in first"): (Gone, GoneScope.WORKSPACE),
    (Step.SENDER, 550, "5.7.1 Not your address"): (Gone, GoneScope.WORKSPACE),
    (Step.SENDER, 552, "5.3.4 Too big"): (Rejected, None),
    (Step.SENDER, 421, "4.3.2 Shutting down"): (Retry, None),
    (Step.RECIPIENT, 550, "5.1.1 No such user"): (Gone, GoneScope.CHANNEL),
    (Step.RECIPIENT, 550, "No such user"): (Gone, GoneScope.CHANNEL),
    (Step.RECIPIENT, 550, "5.7.1 Blocked"): (Gone, GoneScope.CHANNEL),
    (Step.RECIPIENT, 554, "5.7.1 Relay access denied"): (Gone, GoneScope.WORKSPACE),
    (Step.RECIPIENT, 552, "5.2.2 Mailbox full"): (Retry, None),
    (Step.RECIPIENT, 556, "5.1.10 Takes no mail"): (Gone, GoneScope.CHANNEL),
    (Step.RECIPIENT, 450, "4.2.0 Greylisted"): (Retry, None),
    (Step.RECIPIENT, 599, "What is this"): (Retry, None),
    (Step.RECIPIENT, 503, "Bad sequence"): (Retry, None),
    (Step.CONTENT, 552, "5.3.4 Too big"): (Rejected, None),
    (Step.CONTENT, 554, "5.7.1 Spam"): (Rejected, None),
    (Step.CONTENT, 550, "5.1.1 No such user after all"): (Gone, GoneScope.CHANNEL),
    (Step.CONTENT, 452, "4.3.1 Disk full"): (Retry, None),
    (Step.CONNECT, 554, "5.7.1 Your network is blocked"): (Gone, GoneScope.WORKSPACE),
    (Step.CONNECT, 220, "odd"): (Retry, None),
}


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_each_refusal_is_about_something(reply: tuple[Step, int, str]) -> None:
    outcome, scope = REPLIES[reply]
    result = outcome_of(*reply)
    assert isinstance(result, outcome)
    assert getattr(result, "scope", None) is scope


def test_addresses_in_what_a_server_says_are_in_no_log() -> None:
    result = outcome_of(Step.RECIPIENT, 550, "5.1.1 <me@lab.example>: no such user")
    assert "me@lab.example" not in result.detail
    assert "5.1.1" in result.detail


@pytest.fixture
def certificates(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side and ours, which trusts its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(file)
    return theirs, ssl.create_default_context(cafile=str(file))


async def test_mails_leave_encrypted_and_logged_in(certificates: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    theirs, ours = certificates
    async with SmtpSimulator(tls=theirs, user="me", password="pass word") as server:
        right = SmtpConnections(SmtpServer("localhost", server.port, user="me", password="pass word", tls=ours))
        assert isinstance(await right.send(MAIL), Sent)
        assert server.encrypted == [True]
        await right.close()
        wrong = SmtpConnections(SmtpServer("localhost", server.port, user="me", password="guess", tls=ours))
        refused = await wrong.send(MAIL)
        assert isinstance(refused, Gone)
        assert refused.scope is GoneScope.WORKSPACE
        assert "guess" not in refused.detail
        await wrong.close()


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    certificates: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    async with SmtpSimulator(tls=certificates[0]) as server:
        ours = SmtpConnections(SmtpServer("localhost", server.port, tls=ssl.create_default_context()))
        assert isinstance(await ours.send(MAIL), Retry)
        assert server.mails("me@lab.example") == []
        await ours.close()
