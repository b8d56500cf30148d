"""What is registered at the site for the clients: on a real site, an administrator does it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Client:
    """An application of the site, and what the client knows of it.

    ``callbacks`` and ``logouts`` are paths. ``connections``: the companies whose people can sign
    in.
    """

    slug: str
    name: str
    kind: str
    client_id: str
    grant_types: tuple[str, ...]
    secret: str = ""
    callbacks: tuple[str, ...] = ()
    logouts: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()


WEB = Client(
    slug="demo-web",
    name="Demo: web application",
    kind="regular_web",
    client_id="demo-web",
    grant_types=("authorization_code", "refresh_token"),
    secret="demo-secret-of-the-web-application-000000001",
    callbacks=("/web/callback",),
    logouts=("/web/",),
    connections=("contoso", "fabrikam", "northwind"),
)

SPA = Client(
    slug="demo-spa",
    name="Demo: single page",
    kind="spa",
    client_id="demo-spa",
    grant_types=("authorization_code", "refresh_token"),
    callbacks=("/spa/",),
    logouts=("/spa/",),
    # Fabrikam's people are not let in.
    connections=("contoso",),
)

MACHINE = Client(
    slug="demo-machine",
    name="Demo: machine",
    kind="machine_to_machine",
    client_id="demo-machine",
    grant_types=("client_credentials",),
    secret="demo-secret-of-the-machine-00000000000000001",
)

CLIENTS = (WEB, SPA, MACHINE)

#: The API that the machine calls.
API_IDENTIFIER = "https://orders.example/"
API_NAME = "Orders"
API_SCOPES = {"read:orders": "see the orders", "write:orders": "change the orders"}
GRANTED_SCOPE = "read:orders"
