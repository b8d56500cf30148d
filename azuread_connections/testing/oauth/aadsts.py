"""Microsoft's error codes with their texts, OAuth errors and HTTP statuses."""

from __future__ import annotations

from dataclasses import dataclass

from ..aadsts_seen import SEEN


@dataclass(frozen=True)
class Aadsts:
    """One code; `redirects` says that authorize answers it on the callback, not on a page."""

    error: str
    text: str
    status: int = 400
    redirects: bool = False
    suberror: str | None = None


def _invalid_client(text: str) -> Aadsts:
    return Aadsts("invalid_client", text, status=401)


def _on_callback(error: str, text: str, suberror: str | None = None) -> Aadsts:
    return Aadsts(error, text, redirects=True, suberror=suberror)


_MFA = (
    "Due to a configuration change made by your administrator, or because you moved to a new "
    "location, you must {action} multi-factor authentication to access '{resource}'."
)
_NO_MATCHING_FEDERATED = (
    "No matching federated identity record found for presented assertion {part}. "
    "Please check your federated identity credential Subject, Audience and Issuer against the "
    "presented assertion. https://docs.microsoft.com/azure/active-directory/develop/"
    "workload-identity-federation"
)

UNKNOWN = Aadsts("invalid_request", "The request could not be completed.")

CATALOGUE: dict[int, Aadsts] = {
    **{code: Aadsts(*fields) for code, fields in SEEN.items()},
    16000: _on_callback(
        "interaction_required",
        "Either multiple user identities are available for the current request or selected "
        "account is not supported for the scenario.",
    ),
    16003: _on_callback(
        "interaction_required", "The user account has not been added to the directory '{tenant}'."
    ),
    28000: Aadsts(
        "invalid_scope",
        "Provided value for the input parameter scope is not valid because it contains more "
        "than one resource. Scope {scope} is not valid.",
    ),
    28002: Aadsts(
        "invalid_scope",
        "Provided value for the input parameter scope '{scope}' is not valid when requesting an "
        "access token. Please specify a valid scope.",
    ),
    28003: Aadsts(
        "invalid_scope",
        "Provided value for the input parameter scope cannot be empty when requesting an access "
        "token using the provided authorization code. Please specify a valid scope.",
    ),
    50001: _on_callback(
        "invalid_resource",
        "The resource principal named {resource} was not found in the tenant named {tenant}.",
    ),
    500011: _on_callback(
        "invalid_resource",
        "The resource principal named {resource} was not found in the tenant named {tenant}. "
        "This can happen if the application has not been installed by the administrator of the "
        "tenant or consented to by any user in the tenant. You might have sent your "
        "authentication request to the wrong tenant.",
    ),
    50011: Aadsts(
        "invalid_request",
        "The redirect URI '{redirect_uri}' specified in the request does not match the redirect "
        "URIs configured for the application '{client_id}'. Make sure the redirect URI sent in "
        "the request matches one added to your application in the Azure portal. Navigate to "
        "https://aka.ms/redirectUriMismatchError to learn more about how to troubleshoot this.",
    ),
    500112: _invalid_client(
        "The reply address '{redirect_uri}' does not match the reply address "
        "'{expected_redirect_uri}' provided when requesting Authorization code."
    ),
    500113: Aadsts("invalid_request", "No reply address is registered for the application."),
    50012: _invalid_client(
        "Client assertion contains an invalid signature. [Reason - The key was not found.]"
    ),
    50020: Aadsts(
        "access_denied",
        "User account '{user}' from identity provider '{idp}' does not exist in tenant "
        "'{tenant}' and cannot access the application '{client_id}'({app_name}) in that tenant. "
        "The account needs to be added as an external user in the tenant first. Sign out and "
        "sign in again with a different Azure Active Directory user account.",
    ),
    50027: Aadsts("invalid_request", "JWT token is invalid or malformed."),
    50034: Aadsts(
        "invalid_grant",
        "The user account {{EUII Hidden}} does not exist in the {tenant} directory. To sign "
        "into this application, the account must be added to the directory.",
    ),
    50053: Aadsts(
        "invalid_grant",
        "The account is locked, you've tried to sign in too many times with an incorrect user ID "
        "or password.",
    ),
    50055: Aadsts("invalid_grant", "The password is expired."),
    50057: Aadsts("invalid_grant", "The user account is disabled."),
    50058: _on_callback(
        "login_required", "A silent sign-in request was sent but no user is signed in."
    ),
    50059: Aadsts(
        "invalid_request",
        "No tenant-identifying information found in either the request or implied by any "
        "provided credentials.",
    ),
    50072: Aadsts(
        "interaction_required", _MFA.replace("{action}", "enroll in"), suberror="basic_action"
    ),
    50074: Aadsts(
        "interaction_required", "Strong Authentication is required.", suberror="basic_action"
    ),
    50076: Aadsts("interaction_required", _MFA.replace("{action}", "use"), suberror="basic_action"),
    50079: Aadsts(
        "interaction_required", _MFA.replace("{action}", "enroll in"), suberror="basic_action"
    ),
    50105: _on_callback(
        "access_denied",
        "Your administrator has configured the application {app_name} ('{client_id}') to block "
        "users unless they are specifically granted ('assigned') access to the application. The "
        "signed in user '{user}' is blocked because they are not a direct member of a group with "
        "access, nor had access directly assigned by an administrator. Please contact your "
        "administrator to assign access to this application.",
    ),
    50126: Aadsts(
        "invalid_grant", "Error validating credentials due to invalid username or password."
    ),
    50131: Aadsts(
        "invalid_grant",
        "Device is not in required device state: {{state}}. Or, the request was blocked due to "
        "suspicious activity, access policy, or security policy decisions.",
    ),
    50146: Aadsts(
        "invalid_request",
        "This application is required to be configured with an application-specific signing "
        "key. It is either not configured with one, or the key has expired or is not yet valid.",
    ),
    50147: _on_callback("invalid_request", "Invalid size of Code_Challenge parameter."),
    501481: Aadsts(
        "invalid_grant",
        "The Code_Verifier does not match the code_challenge supplied in the authorization "
        "request.",
    ),
    501491: Aadsts("invalid_grant", "Invalid size of Code_Verifier parameter."),
    50173: Aadsts(
        "invalid_grant",
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. "
        "The user might have changed or reset their password.",
        suberror="bad_token",
    ),
    50194: _on_callback(
        "invalid_request",
        "Application '{client_id}'({app_name}) is not configured as a multi-tenant application. "
        "Usage of the /common endpoint is not supported for such apps created after "
        "'10/15/2018'. Use a tenant-specific endpoint or configure the application to be "
        "multi-tenant.",
    ),
    50196: Aadsts(
        "invalid_grant",
        "The server terminated an operation because it encountered a client request loop. "
        "Please contact your app vendor.",
    ),
    53000: Aadsts(
        "interaction_required",
        "Device is not in required device state: compliant. Conditional Access policy requires "
        "a compliant device, and the device is not compliant. The user must enroll their device "
        "with an approved MDM provider like Intune.",
        suberror="message_only",
    ),
    53001: Aadsts(
        "interaction_required",
        "Device is not in required device state: domain_joined. Conditional Access policy "
        "requires a domain joined device, and the device is not domain joined.",
        suberror="message_only",
    ),
    53002: Aadsts(
        "interaction_required",
        "Application used is not an approved application for Conditional Access. User needs to "
        "use one of the apps from the list of approved applications to use in order to get "
        "access.",
    ),
    53003: Aadsts(
        "interaction_required",
        "Access has been blocked by Conditional Access policies. The access policy does not "
        "allow token issuance.",
        suberror="message_only",
    ),
    530032: Aadsts(
        "interaction_required", "User blocked due to security policy on tenant.", suberror=None
    ),
    54005: Aadsts(
        "invalid_grant",
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code or "
        "use an existing refresh token.",
    ),
    65001: _on_callback(
        "invalid_grant",
        "The user or administrator has not consented to use the application with ID "
        "'{client_id}' named '{app_name}'. Send an interactive authorization request for this "
        "user and resource.",
        suberror="consent_required",
    ),
    65004: _on_callback("access_denied", "User declined to consent to access the app."),
    65005: _on_callback(
        "invalid_resource",
        "The app's requested resource access is invalid: the resource is not listed or not "
        "available.",
    ),
    650052: _on_callback(
        "invalid_request",
        "The app is trying to access a service '{resource}' that your organization '{tenant}' "
        "lacks a service principal for. Contact your IT Admin to review the configuration of "
        "your service subscriptions or consent to the application in order to create the "
        "required service principal.",
    ),
    650053: _on_callback(
        "invalid_client",
        "The application '{app_name}' asked for scope '{scope}' that doesn't exist on the "
        "resource '{resource}'. Contact the app vendor.",
    ),
    650056: _on_callback(
        "invalid_client",
        "Misconfigured application. This could be due to one of the following: the client has "
        "not listed any permissions in the requested permissions in the client's application "
        "registration. Please contact your admin to fix the configuration or consent on behalf "
        "of the tenant. Client app ID: {client_id}.",
    ),
    650057: _on_callback(
        "invalid_resource",
        "Invalid resource. The client has requested access to a resource which is not listed in "
        "the requested permissions in the client's application registration. Client app ID: "
        "{client_id}({app_name}).",
    ),
    70000: Aadsts("invalid_grant", "Provided grant is invalid or malformed."),
    70001: Aadsts(
        "unauthorized_client",
        "The application named '{client_id}' was not found in the tenant named '{tenant}'.",
    ),
    7000112: Aadsts("unauthorized_client", "Application '{client_id}'({app_name}) is disabled."),
    70002: _invalid_client("Error validating credentials."),
    700003: Aadsts(
        "interaction_required", "Device object was not found in the tenant '{tenant}' directory."
    ),
    70003: Aadsts(
        "unsupported_grant_type", "The app requested an unsupported grant type '{grant_type}'."
    ),
    70005: _on_callback(
        "unsupported_response_type",
        "The app requested an unsupported response type '{response_type}'.",
    ),
    70007: _on_callback(
        "invalid_request",
        "'{response_mode}' is not a supported value of 'response_mode' when requesting a token.",
    ),
    700005: Aadsts(
        "invalid_grant",
        "Provided Authorization Code is intended to use against other tenant, thus rejected.",
    ),
    70008: Aadsts(
        "invalid_grant",
        "The provided authorization code or refresh token has expired due to inactivity. Send a "
        "new interactive authorization request for this user and resource.",
    ),
    700082: Aadsts(
        "invalid_grant",
        "The refresh token has expired due to inactivity. The token was issued on a date more "
        "than 90.00:00:00 ago and was inactive for 90.00:00:00.",
    ),
    700084: Aadsts(
        "invalid_grant",
        "The refresh token was issued to a single page app (SPA), and therefore has a fixed, "
        "limited lifetime of 1.00:00:00, which can't be extended. It is now expired and a new "
        "sign in request must be sent by the SPA to the sign in page.",
    ),
    700016: Aadsts(
        "unauthorized_client",
        "Application with identifier '{client_id}' was not found in the directory '{tenant}'. "
        "This can happen if the application has not been installed by the administrator of the "
        "tenant or consented to by any user in the tenant. You may have sent your "
        "authentication request to the wrong tenant.",
    ),
    7000215: _invalid_client(
        "Invalid client secret provided. Ensure the secret being sent in the request is the "
        "client secret value, not the client secret ID, for a secret added to app '{client_id}'."
    ),
    7000218: _invalid_client(
        "The request body must contain the following parameter: 'client_assertion' or "
        "'client_secret'."
    ),
    7000222: _invalid_client(
        "The provided client secret keys for app '{client_id}' are expired. Visit the Azure "
        "portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider "
        "using certificate credentials for added security: https://aka.ms/certCreds."
    ),
    7000229: Aadsts(
        "unauthorized_client",
        "The client application {client_id} is missing service principal in the tenant {tenant}. "
        "See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
        status=401,
    ),
    700021: _invalid_client(
        "Client assertion application identifier doesn't match 'client_id' parameter."
    ),
    700023: _invalid_client(
        "Client assertion audience claim does not match Realm issuer. Review the documentation "
        "at https://docs.microsoft.com/azure/active-directory/develop/"
        "active-directory-certificate-credentials."
    ),
    700024: _invalid_client("Client assertion is not within its valid time range."),
    700025: _invalid_client(
        "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
    ),
    700027: _invalid_client(
        "The certificate with identifier used to sign the client assertion is not registered on "
        "application. [Reason - {reason}]"
    ),
    70011: _on_callback(
        "invalid_scope",
        "The provided request must include a 'scope' input parameter. The provided value for "
        "the input parameter 'scope' is not valid. The scope {scope} is not valid.",
    ),
    1002012: Aadsts(
        "invalid_scope",
        "The provided value for scope {scope} is not valid. Client credential flows must have a "
        "scope value with /.default suffixed to the resource identifier (application ID URI).",
    ),
    700211: _invalid_client(_NO_MATCHING_FEDERATED.replace("{part}", "issuer")),
    700212: _invalid_client(_NO_MATCHING_FEDERATED.replace("{part}", "audience")),
    700213: _invalid_client(_NO_MATCHING_FEDERATED.replace("{part}", "subject")),
    70043: Aadsts(
        "invalid_grant",
        "The refresh token has expired or is invalid due to sign-in frequency checks by "
        "conditional access.",
        suberror="token_expired",
    ),
    700051: _on_callback(
        "unsupported_response_type", "response_type 'token' is not enabled for the application."
    ),
    700054: _on_callback(
        "unsupported_response_type", "response_type 'id_token' is not enabled for the application."
    ),
    900144: _on_callback(
        "invalid_request", "The request body must contain the following parameter: '{parameter}'."
    ),
    90002: Aadsts(
        "invalid_request",
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are "
        "signing into the correct cloud. Check with your subscription administrator, this may "
        "happen if there are no active subscriptions for the tenant.",
    ),
    90006: Aadsts("temporarily_unavailable", "External server returned a retryable error.", 503),
    90008: Aadsts(
        "invalid_request",
        "The user or administrator has not consented to use the application '{client_id}'. The "
        "application must require access to Windows Azure Active Directory by specifying at "
        "least the 'Sign in and read user profile' permission.",
    ),
    90009: Aadsts(
        "invalid_request",
        "Application '{client_id}' is requesting a token for itself. This scenario is supported "
        "only if resource is specified using the GUID based App Identifier.",
    ),
    90012: Aadsts("temporarily_unavailable", "The request has timed out.", 503),
    90014: _on_callback(
        "invalid_request",
        "The required field '{parameter}' is missing from the credential. Ensure that you have "
        "all the necessary parameters for the login request.",
    ),
    9001023: Aadsts(
        "invalid_request",
        "The grant type is not supported over the /common or /consumers endpoints. Please use "
        "the /organizations or tenant-specific endpoint.",
    ),
    9002313: Aadsts("invalid_request", "Invalid request. Request is malformed or invalid."),
    90023: _on_callback("invalid_request", "Invalid request."),
    9002325: _on_callback(
        "invalid_request",
        "Proof Key for Code Exchange is required for cross-origin authorization code redemption.",
    ),
    9002326: Aadsts(
        "invalid_request",
        "Cross-origin token redemption is permitted only for the 'Single-Page Application' "
        "client-type.",
    ),
    9002327: Aadsts(
        "invalid_request",
        "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via "
        "cross-origin requests.",
    ),
    9002332: _on_callback(
        "unauthorized_client",
        "Application '{client_id}'({app_name}) is configured for use by Azure Active Directory "
        "users only. Please do not use the /consumers endpoint to serve this request.",
    ),
    90024: Aadsts(
        "temporarily_unavailable",
        "The throttled limit of requests for the tenant has been exceeded.",
        429,
    ),
    90033: Aadsts("temporarily_unavailable", "A transient error has occurred. Please try again."),
    90055: Aadsts("temporarily_unavailable", "Server is too busy.", 503),
    90072: _on_callback(
        "interaction_required",
        "User account '{user}' from identity provider '{idp}' does not exist in tenant "
        "'{tenant}' and cannot access the application '{client_id}'({app_name}) in that tenant. "
        "The account needs to be added as an external user in the tenant first. Sign out and "
        "sign in again with a different Azure Active Directory user account.",
    ),
    90093: _on_callback(
        "access_denied", "This operation can only be performed by an administrator."
    ),
    90094: _on_callback("consent_required", "The grant requires administrator permission."),
    90095: _on_callback("consent_required", "Admin consent is required."),
    900971: Aadsts("invalid_request", "No reply address provided."),
    901002: _on_callback("invalid_request", "The 'resource' request parameter is not supported."),
}
