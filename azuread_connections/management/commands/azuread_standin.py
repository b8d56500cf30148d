"""`manage.py azuread_standin`: the stand-in for Microsoft, in the foreground."""

from __future__ import annotations

import errno
import json
import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from azuread_connections.testing.directory.loading import DataError, load
from azuread_connections.testing.standin import StandIn


class Command(BaseCommand):
    help = (
        "Runs a local stand-in for Microsoft's login service, for development only: "
        "anybody who can reach it can sign in as anybody."
    )
    # It needs no database, and must run before the site is set up.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
        parser.add_argument("--port", type=int, default=8001)
        parser.add_argument(
            "--dns-port",
            type=int,
            help="UDP port of the DNS server (default: the number of --port)",
        )
        parser.add_argument("--data", metavar="FILE.json", help="directories, people and apps")
        parser.add_argument(
            "--single-sign-on",
            action="store_true",
            help="remember in the browser who signed in, as Microsoft does",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        from azuread_connections.conf import conf

        if not conf.standin_allowed:
            raise CommandError(
                "The stand-in is for development. With DEBUG off, it needs ALLOW_STANDIN in the "
                "setting AZUREAD_CONNECTIONS."
            )
        standin = self._prepare(options)
        stopped = threading.Event()
        before = signal.signal(signal.SIGTERM, lambda *_: stopped.set())
        try:
            self._start(standin, options["port"])
            self.stdout.write(
                f"The stand-in for Microsoft runs at {standin.url} "
                f"(look inside: {standin.url}/_standin/). Stop it with Ctrl-C.\n"
                f"Its DNS server is at {standin.dns.address} (UDP)."
            )
            self.stdout.flush()
            stopped.wait()
        except KeyboardInterrupt:
            self.stdout.write("")
        finally:
            signal.signal(signal.SIGTERM, before)
            standin.stop()

    def _prepare(self, options: dict[str, Any]) -> StandIn:
        try:
            standin = StandIn(
                options["host"],
                options["port"],
                dns_port=options["port"] if options["dns_port"] is None else options["dns_port"],
                single_sign_on=options["single_sign_on"],
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        if options["data"]:
            try:
                load(standin, json.loads(Path(options["data"]).read_text(encoding="utf-8")))
            except OSError as error:
                raise CommandError(
                    f"Cannot read {options['data']}: {error.strerror or error}."
                ) from error
            except DataError as error:
                raise CommandError(f"{options['data']}: {error}") from error
            except ValueError as error:
                raise CommandError(f"{options['data']} is not valid JSON: {error}.") from error
        else:
            self.stdout.write("It has no directories yet: add some with --data FILE.json.")
        return standin

    def _start(self, standin: StandIn, port: int) -> None:
        try:
            standin.start()
        except OverflowError as error:
            raise CommandError(f"{port} is not a valid port: choose one up to 65535.") from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(
                    f"Port {port} is in use: stop the program that uses it, or choose another "
                    "with --port. The DNS server uses the same number, or that of --dns-port."
                ) from error
            raise CommandError(f"Cannot listen on port {port}: {error.strerror}.") from error
