"""Registers the demo's clients at the site, with the API that one of them calls. Safe to repeat."""

from __future__ import annotations

from azuread_connections.models import Application, Connection
from azuread_connections.provider.models import API, ClientGrant, OAuthClient, OAuthClientSecret

from .clients import registered
from .clients.registered import Client


def register_clients(clients_url: str) -> None:
    """``clients_url``: where they run. Addresses of earlier runs, which had other ports, stay."""
    for each in registered.CLIENTS:
        register(each, clients_url)
    api, _created = API._default_manager.get_or_create(
        identifier=registered.API_IDENTIFIER,
        defaults={"name": registered.API_NAME, "scopes": registered.API_SCOPES},
    )
    machine = OAuthClient.objects.get(application__slug=registered.MACHINE.slug)
    ClientGrant._default_manager.get_or_create(
        client=machine, api=api, defaults={"scope": registered.GRANTED_SCOPE}
    )


def register(known: Client, clients_url: str) -> None:
    application, is_new = Application._default_manager.get_or_create(
        slug=known.slug,
        defaults={
            "name": known.name,
            "application_type": known.kind,
            "grant_types": list(known.grant_types),
        },
    )
    add_addresses(application, known, clients_url)
    if is_new:
        application.connections.set(Connection.objects.filter(name__in=known.connections))
    client = OAuthClient.objects.filter(application=application).first()
    if client is None:
        client = OAuthClient.objects.register(application, client_id=known.client_id)
        if known.secret:
            OAuthClientSecret.objects.add(client, known.secret)
    if known.kind == Application.Type.SPA:
        client.set_web_origins({*client.web_origins, clients_url})


def add_addresses(application: Application, known: Client, clients_url: str) -> None:
    for name, paths in (
        ("allowed_callback_urls", known.callbacks),
        ("allowed_logout_urls", known.logouts),
    ):
        listed: list[str] = getattr(application, name)
        missing = [url for path in paths if (url := f"{clients_url}{path}") not in listed]
        setattr(application, name, [*listed, *missing])
    application.full_clean()
    application.save()
