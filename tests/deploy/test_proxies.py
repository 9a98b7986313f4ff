"""The proxies of deploy/proxies, really running in front of the demo: nginx and Caddy, where they are installed."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.web.addresses import address_of
from bot.messages.message import Message, Paragraph, text
from tests.adapters.web.demo import RunningDemo, running_demo
from tests.deploy.files import DEPLOY
from tests.patience import PATIENCE
from tests.ports import free_port

NAME = "papers.example.org"
PASSWORD = "correct horse battery"
PROXIES = DEPLOY / "proxies"


@dataclass(frozen=True, slots=True)
class Front:
    """What a test needs to put a proxy in front of the bot."""

    folder: Path
    bot: str
    port: int

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def key(self) -> Path:
        return self.folder / "key.pem"


def nginx(front: Front) -> Sequence[str]:
    site = (PROXIES / "nginx.conf").read_text()
    site = re.sub(r"\n *listen \[::\]:.*;", "", site)
    site = site.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    site = site.replace("listen 443 ssl", f"listen 127.0.0.1:{front.port} ssl")
    site = re.sub(r"ssl_certificate .*;", f"ssl_certificate {front.certificate};", site)
    site = re.sub(r"ssl_certificate_key .*;", f"ssl_certificate_key {front.key};", site)
    assert "server 127.0.0.1:8421;" in site
    site = site.replace("127.0.0.1:8421", front.bot)
    paths = "".join(
        f"{kind}_temp_path {front.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = front.folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {front.folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {paths}\n{site}\n}}\n"
    )
    return ("nginx", "-p", str(front.folder), "-c", str(configuration))


def caddy(front: Front) -> Sequence[str]:
    site = (PROXIES / "Caddyfile").read_text()
    assert f"\n{NAME} {{" in site
    assert "reverse_proxy 127.0.0.1:8421 {" in site
    site = site.replace(f"\n{NAME} {{", f"\nhttps://{NAME}:{front.port} {{\n\ttls {front.certificate} {front.key}")
    configuration = front.folder / "Caddyfile"
    configuration.write_text(
        f"{{\n\tadmin off\n\tauto_https off\n\tstorage file_system {front.folder}/caddy\n}}\n"
        + site.replace("127.0.0.1:8421", front.bot)
    )
    return ("caddy", "run", "--adapter", "caddyfile", "--config", str(configuration))


def make_certificate(front: Front) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    front.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    front.key.write_bytes(key.private_bytes(*form))


@contextlib.asynccontextmanager
async def behind(
    demo: RunningDemo, folder: Path, command: Callable[[Front], Sequence[str]]
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser outside, that sees the proxy alone."""
    front = Front(folder, demo.url.removeprefix("http://").rstrip("/"), free_port())
    make_certificate(front)
    process = await asyncio.create_subprocess_exec(
        *command(front), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        env={"HOME": str(folder), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(OSError):
                    (await asyncio.open_connection("127.0.0.1", front.port))[1].close()
                    break
                assert process.returncode is None, f"{command.__name__} has ended"
                await asyncio.sleep(0.05)
        trusted = ssl.create_default_context(cafile=str(front.certificate))

        async def named(request: httpx.Request) -> None:
            request.extensions["sni_hostname"] = NAME

        async with httpx.AsyncClient(
            base_url=f"https://127.0.0.1:{front.port}",
            headers={"host": NAME, "origin": f"https://{NAME}"},
            verify=trusted,
            event_hooks={"request": [named]},
            timeout=PATIENCE,
        ) as browser:
            yield browser
    finally:
        if process.returncode is None:
            process.terminate()
        # A proxy ends when nobody is left who reads: a page that was closed holds nothing open.
        async with asyncio.timeout(PATIENCE):
            await process.wait()


@pytest.mark.parametrize("command", [nginx, caddy], ids=lambda command: command.__name__)
async def test_a_browser_behind_a_proxy(command: Callable[[Front], Sequence[str]], tmp_path: Path) -> None:
    if not shutil.which(command.__name__):
        pytest.skip(f"{command.__name__} is not installed")
    settings: dict[str, Any] = {
        "web_allowed_hosts": NAME,
        "web_user_header": "X-Forwarded-User",
        "public_url": f"https://{NAME}",
    }
    async with (
        running_demo(tmp_path / "data", days=1, web_password=PASSWORD, **settings) as demo,
        behind(demo, tmp_path, command) as browser,
    ):
        # The bot believes whoever comes by the proxy, and the proxy takes nobody's word.
        mallory = await browser.get("/c/general", headers={"x-forwarded-user": "mallory", "accept": "text/html"})
        assert (mallory.status_code, mallory.headers["location"]) == (303, "/login?next=/c/general")
        logged_in = await browser.post("/login", data={"name": "owner", "password": PASSWORD})
        assert logged_in.status_code == 303
        assert (await browser.get("/c/general")).status_code == 200
        assert {path: (await browser.get(path)).status_code for path in ("/healthz", "/metrics", "/readyz")} == {
            "/healthz": 200,
            "/metrics": 404,
            "/readyz": 404,
        }
        large = await browser.post("/c/general/command", content=b"x" * 2_000_000)
        assert large.status_code in (413, 502)  # the latter from a Caddy of before 2.7
        async with browser.stream("GET", "/c/general/events") as events, asyncio.timeout(PATIENCE):
            assert events.headers["content-type"].startswith("text/event-stream")
            words = Message(summary="At once", blocks=(Paragraph(text("At once")),))
            assert await demo.application.web.tell(address_of("general"), "local", words)
            # However little it is, and though more may come.
            async for line in events.aiter_lines():
                if "At once" in line:
                    break
            else:
                pytest.fail("the stream has ended")
