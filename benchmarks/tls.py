"""A TLS proxy for the stand-in with a configurable delay: `python -m benchmarks.tls`. A client's
bytes are delayed, each way, below TLS, so that a handshake costs the same round trips as on the
internet. Loopback answers the client's TCP connect at once; its round trip is added to the first
bytes that follow it.
"""

from __future__ import annotations

import argparse
import asyncio
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from benchmarks import lines
from benchmarks.peers import HOST
from benchmarks.ports import free_port, wait_for

CHUNK = 64 * 1024


@dataclass(frozen=True)
class Front:
    port: int
    ca_bundle: str


@contextmanager
def tls_front(address: str, *, delay: float) -> Iterator[Front]:
    """Run a proxy in a separate process. ``delay``: seconds each way.

    The CA bundle is certifi's, which clients would load for Microsoft, with one more certificate.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="azuread-bench-") as directory:
        write_certificate(Path(directory))
        command = [
            *(sys.executable, "-m", "benchmarks.tls", directory),
            *("--port", str(port), "--to", address, "--delay", str(delay)),
        ]
        process = subprocess.Popen(command, cwd=lines.ROOT)
        try:
            wait_for(port)
            yield Front(port, str(Path(directory) / "bundle.pem"))
        finally:
            process.terminate()
            process.wait(timeout=30)


def write_certificate(directory: Path) -> None:
    """Write a self-signed certificate for Microsoft's host, and a bundle that trusts it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (directory / "certificate.pem").write_bytes(pem)
    (directory / "bundle.pem").write_bytes(Path(certifi.where()).read_bytes() + b"\n" + pem)
    (directory / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


async def pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float, first: float = 0
) -> None:
    """Pass bytes on after ``delay`` seconds, the first ones after ``first`` more."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def send() -> None:
        while True:
            due, data = await waiting.get()
            # The loop's timers can be a millisecond late; this corrects it.
            while (left := due - loop.time()) > 0:
                await asyncio.sleep(left - 0.0015 if left > 0.0015 else 0)
            if not data:
                break
            writer.write(data)
            await writer.drain()
        writer.close()

    sending = asyncio.create_task(send())
    opened = loop.time() + first
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            await waiting.put((max(loop.time(), opened) + delay, data))
    await waiting.put((loop.time() + delay, b""))
    with suppress(OSError):
        await sending


async def serve(directory: Path, port: int, to: str, delay: float) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "certificate.pem", directory / "key.pem")
    standin = urlsplit(to)

    async def end_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        further = await asyncio.open_connection(standin.hostname, standin.port)
        await asyncio.gather(pump(reader, further[1], 0), pump(further[0], writer, 0))

    inner = await asyncio.start_server(end_tls, "127.0.0.1", 0, ssl=context)
    inner_port = inner.sockets[0].getsockname()[1]

    async def cross_wire(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        further = await asyncio.open_connection("127.0.0.1", inner_port)
        await asyncio.gather(
            pump(reader, further[1], delay, first=2 * delay), pump(further[0], writer, delay)
        )

    outer = await asyncio.start_server(cross_wire, "127.0.0.1", port)
    async with inner, outer:
        await outer.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--to", required=True)
    parser.add_argument("--delay", type=float, default=0)
    options = parser.parse_args()
    asyncio.run(serve(options.directory, options.port, options.to, options.delay))


if __name__ == "__main__":
    main()
