"""*Certificates & secrets*: client secrets, certificates, federated credentials."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ..directory.apps import AppSecret
from ..directory.credentials import TOKEN_EXCHANGE
from ..server.wire import Response
from . import checks
from .html import code, copyable, escape, form, pane, row_button, select, table, text_field
from .layout import page
from .place import Place

#: Days that a new secret can last; Entra allows at most 24 months.
LIFETIMES = {
    "180": "Recommended: 180 days (6 months)",
    "90": "90 days (3 months)",
    "365": "365 days (12 months)",
    "545": "545 days (18 months)",
    "730": "730 days (24 months)",
    "custom": "Custom",
}
MOST_DAYS = 730
BAD_CERTIFICATE = "The file is not a certificate. Upload a .cer, .pem or .crt file."
PRIVATE_KEY = "The file contains a private key. Upload the certificate only."


def show(place: Place) -> Response:
    app = place.app
    return page(
        place,
        "Certificates & secrets",
        f"""
<h2>Client secrets ({len(app.secrets)})</h2>{_new_secret(place)}{_secrets(place)}
<h2>Certificates ({len(app.certificates)})</h2>{_upload(place)}{_certificates(place)}
<h2>Federated credentials ({len(app.federated_credentials)})</h2>
{_new_federated(place)}{_federated(place)}""",
    )


def _new_secret(place: Place) -> str:
    fields = (
        text_field(place, "description", "Description")
        + select(place, "expires", "Expires", LIFETIMES)
        + text_field(
            place,
            "end",
            "End",
            kind="date",
            hint="With “Custom” only: the last day, at most 24 months from today.",
        )
    )
    added = form(fields, do="add_secret", button="Add")
    return pane(place, "New client secret", added, "description", "expires", "end")


def _secrets(place: Place) -> str:
    rows = []
    for secret in place.app.secrets:
        name = secret.name or "–"
        rows.append(
            (
                escape(name),
                _day(secret.expires_at),
                _value(place, secret),
                code(secret.key_id),
                row_button(
                    "Delete", f"{name} {secret.hint}", do="remove_secret", key=secret.key_id
                ),
            )
        )
    headers = ("Description", "Expires", "Value", "Secret ID", "Change")
    return table("Client secrets", headers, rows, none="No client secrets have been created.")


def _value(place: Place, secret: AppSecret) -> str:
    """The whole value on the first page after it was made, three characters on all later ones."""
    with place.call.state.lock:
        fresh = place.call.state.unshown_secrets
        if secret.key_id not in fresh:
            return code(f"{secret.hint}******************")
        fresh.discard(secret.key_id)
    return (
        f'{copyable("Value", secret.value)}<strong class="hint">Copy the value now: it is shown '
        "only on this page.</strong>"
    )


def add_secret(place: Place) -> Response:
    days, error = _days(place)
    if error:
        return show(
            place.refused(**{"end" if place.value("expires") == "custom" else "expires": error})
        )
    call = place.call
    with call.state.lock:
        secret = place.app.add_secret(expires_at=call.now + days * 86400)
        secret.name = place.value("description")[:120] or None
        secret.added_at = call.now
        call.state.unshown_secrets.add(secret.key_id)
    return place.back("secret")


def _days(place: Place) -> tuple[float, str]:
    """For how many days, or what is wrong with the choice."""
    choice = place.value("expires")
    if choice not in LIFETIMES:
        return 0, "Select one of the lifetimes."
    if choice != "custom":
        return int(choice), ""
    try:
        end = datetime.fromisoformat(place.value("end")).replace(tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        return 0, "Enter the last day, as YYYY-MM-DD."
    days = (end.timestamp() - place.call.now) / 86400
    if days <= 0:
        return 0, "The end must be in the future."
    if days > MOST_DAYS + 1:
        return 0, "A secret lasts at most 24 months."
    return days, ""


def remove_secret(place: Place) -> Response:
    key_id = place.value("key")
    with place.call.state.lock:
        if key_id in [secret.key_id for secret in place.app.secrets]:
            place.app.remove_secret(key_id)
    return place.back("removed")


def _upload(place: Place) -> str:
    fields = text_field(
        place,
        "certificate",
        "Select a file",
        kind="file",
        required=True,
        hint="One of the file types .cer, .pem, .crt.",
    ) + text_field(place, "certificate_description", "Certificate description")
    return pane(
        place,
        "Upload certificate",
        form(fields, do="upload", button="Add", files=True),
        "certificate",
    )


def _certificates(place: Place) -> str:
    rows = [
        (
            code(each.thumbprint),
            escape(each.name or each.certificate.subject.rfc4514_string()),
            _day(each.certificate.not_valid_before_utc.timestamp()),
            _day(each.certificate.not_valid_after_utc.timestamp()),
            code(each.key_id),
            row_button("Delete", each.thumbprint, do="remove_certificate", key=each.key_id),
        )
        for each in place.app.certificates
    ]
    headers = ("Thumbprint", "Description", "Start date", "Expires", "Certificate ID", "Change")
    return table(
        "Certificates", headers, rows, none="No certificates have been added for this application."
    )


def upload(place: Place) -> Response:
    content = place.files.get("certificate", b"")
    if not content:
        return show(place.refused(certificate="Select a file."))
    if b"PRIVATE KEY-----" in content:
        return show(place.refused(certificate=PRIVATE_KEY))
    try:
        place.app.add_certificate(content, name=place.value("certificate_description") or None)
    except ValueError:
        return show(place.refused(certificate=BAD_CERTIFICATE))
    return place.back("certificate")


def remove_certificate(place: Place) -> Response:
    for each in list(place.app.certificates):
        if each.key_id == place.value("key"):
            place.app.remove_certificate(each)
    return place.back("removed")


def _new_federated(place: Place) -> str:
    fields = (
        text_field(place, "issuer", "Issuer", required=True)
        + text_field(place, "subject", "Value (subject)", required=True)
        + text_field(place, "audience", "Audience", value=TOKEN_EXCHANGE, required=True)
    )
    return pane(
        place,
        "Add credential",
        form(fields, do="add_federated", button="Add"),
        *("issuer", "subject", "audience"),
    )


def _federated(place: Place) -> str:
    rows = [
        (
            code(each.subject),
            code(each.issuer),
            code(each.audience),
            row_button("Delete", each.subject, do="remove_federated", key=str(number)),
        )
        for number, each in enumerate(place.app.federated_credentials)
    ]
    return table(
        "Federated credentials",
        ("Value (subject)", "Issuer", "Audience", "Change"),
        rows,
        none="No federated credentials have been added for this application.",
    )


def add_federated(place: Place) -> Response:
    names = ("issuer", "subject", "audience")
    errors = {name: checks.EMPTY for name in names if not place.value(name)}
    issuer, subject, audience = (place.value(name) for name in names)
    if issuer and checks.web_address_error(issuer) == checks.NOT_A_URL:
        errors["issuer"] = checks.NOT_A_URL
    known = {(each.issuer, each.subject) for each in place.app.federated_credentials}
    if (issuer, subject) in known:
        errors["subject"] = "A federated credential with this issuer and subject exists already."
    if errors:
        return show(place.refused(**errors))
    place.app.add_federated_credential(issuer, subject, audience)
    return place.back("federated")


def remove_federated(place: Place) -> Response:
    number = place.value("key")
    known = place.app.federated_credentials
    if number.isascii() and number.isdigit() and int(number) < len(known):
        place.app.remove_federated_credential(known[int(number)])
    return place.back("removed")


def _day(moment: float | None) -> str:
    if moment is None:
        return "–"
    day = datetime.fromtimestamp(moment, UTC)
    return f"{day.month}/{day.day}/{day.year}"
