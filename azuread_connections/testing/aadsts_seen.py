"""Further error codes that occur in practice, with our own texts: OAuth error, text, HTTP status,
whether authorize returns the error to the app, suberror."""

from __future__ import annotations

_NOT_A_GUEST = (
    "User account '{user}' from identity provider '{idp}' is unknown in tenant '{tenant}', so it "
    "cannot use the application '{client_id}'."
)
_PASSING = "Something passing went wrong. Try the request again."

Seen = tuple[str, str, int, bool, str | None]


def _interaction(text: str, suberror: str | None = "message_only") -> Seen:
    return "interaction_required", text, 400, False, suberror


def _grant(text: str, suberror: str | None = None) -> Seen:
    return "invalid_grant", text, 400, False, suberror


def _passing(text: str = _PASSING) -> Seen:
    return "temporarily_unavailable", text, 400, True, None


def _told(error: str, text: str) -> Seen:
    return error, text, 400, True, None


def _assertion(text: str) -> Seen:
    return "invalid_client", text, 401, False, None


SEEN: dict[int, Seen] = {
    50000: ("server_error", "No token could be issued.", 400, True, None),
    50033: _passing(),
    50087: _passing(),
    90030: _passing(),
    90090: _passing(),
    90091: _passing(),
    50078: _interaction("The second factor was presented too long ago.", "basic_action"),
    50088: _interaction("Too many calls for second factors were made.", None),
    50158: _interaction("The other vendor's second factor was not passed.", "additional_action"),
    54008: _interaction("This credential cannot be the first factor.", None),
    500121: _interaction("The second factor was declined or not answered.", None),
    50097: _interaction("The device has to prove itself.", "additional_action"),
    50129: _interaction("The device is not joined."),
    50155: _interaction("The device could not prove itself."),
    53005: _interaction("An app with a protection policy is required."),
    53008: _interaction("This browser is not allowed."),
    53009: _interaction("An app with a protection policy is required."),
    53010: _interaction("The second factor cannot be set up from here."),
    53011: _interaction("The home directory has blocked the user."),
    530003: _interaction("A managed device is required."),
    530004: _interaction("Compliant devices of other directories are not accepted."),
    530031: _interaction("The policy does not let tokens be issued."),
    530035: _interaction("Security defaults have blocked the sign-in."),
    50132: _grant("The session is over.", "bad_token"),
    50133: _grant("The session is over, because the password changed.", "bad_token"),
    50135: _grant("The password has to be changed, because the account is at risk."),
    50142: _grant("The password has to be changed, by a policy."),
    50144: _grant("The password of the organization's own directory has expired."),
    70044: _grant("The session is older than the sign-in frequency allows.", "token_expired"),
    500341: _grant("The user account was deleted from the {tenant} directory."),
    500571: _grant("The guest account is disabled."),
    50177: _told("interaction_required", _NOT_A_GUEST),
    50178: _told("invalid_request", _NOT_A_GUEST),
    500200: _told("access_denied", "Personal account '{user}' cannot use this application."),
    500211: _told("access_denied", _NOT_A_GUEST),
    90135: _told("access_denied", "The user went no further."),
    90096: _told("consent_required", "A request for approval was sent to an administrator."),
    900941: _told("consent_required", "An administrator has to consent to this risky app."),
    90099: _told("unauthorized_client", "The customer's tenant '{tenant}' lacks the app."),
    7000116: ("unauthorized_client", "Application '{client_id}' is deactivated.", 400, False, None),
    7000117: ("unauthorized_client", "The resource is deactivated.", 400, False, None),
    5000225: ("invalid_request", "The tenant is blocked, as nobody uses it.", 400, False, None),
    50013: _assertion("The assertion is not valid: it failed the validation of its signature."),
    700022: _assertion("The scopes belong to several resources."),
    7000213: _assertion("The certificate's chain does not lead to a trusted root."),
    7000214: _assertion("The certificate was revoked."),
    7002138: _assertion("The subject differs from the federated credential's in its case."),
    9002324: _assertion("The request has two credentials."),
    900384: _assertion("The client assertion's signature does not verify."),
    7000226: _assertion("No federated credential has this subject or issuer."),
    7000227: _assertion("No federated credential has this audience."),
}
