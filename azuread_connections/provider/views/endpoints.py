"""What clients call themselves: tokens, userinfo, revocation, introspection."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View
from oauth2_provider.utils import parse_bearer_token
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from ...login.web.entry import entry
from ...login.web.error_page import already_logged
from .. import claims, cors, scopes, server, tokens
from ..server import BadRequest, Response

_REALM = 'Basic realm="OAuth client", charset="UTF-8"'


@method_decorator(sensitive_post_parameters(), name="dispatch")
@method_decorator(entry, name="dispatch")
@method_decorator(csrf_exempt, name="dispatch")
class EndpointView(View):
    """An endpoint that a program calls, perhaps a script on another origin."""

    http_method_names = ["post", "options"]

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return cors.preflight(request, ", ".join(self.http_method_names).upper())


class ClientView(EndpointView):
    """An endpoint at which clients authenticate themselves, by a form or as JSON."""

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            parameters = server.posted_parameters(request)
        except BadRequest:
            return _respond(Response(400, json.dumps({"error": "invalid_request"})))
        response = _respond(self.answer(request, parameters))
        cors.allow_client(request, response, dict(parameters).get("client_id", ""))
        return response

    def answer(self, request: HttpRequest, parameters: list[tuple[str, str]]) -> Response:
        """Return the answer. Each endpoint has its own, and authenticates the client."""
        raise NotImplementedError


class TokenView(ClientView):
    """Gives tokens for a code, a refresh token, or the client's own credentials."""

    def answer(self, request: HttpRequest, parameters: list[tuple[str, str]]) -> Response:
        return server.token_response(request, parameters)


class RevokeView(ClientView):
    """Ends a sign-in's tokens (RFC 7009)."""

    def answer(self, request: HttpRequest, parameters: list[tuple[str, str]]) -> Response:
        return server.revocation_response(request, parameters)


class IntrospectView(ClientView):
    """Tells a confidential client whether a token of its own is valid (RFC 7662)."""

    def answer(self, request: HttpRequest, parameters: list[tuple[str, str]]) -> Response:
        try:
            client = server.authenticated_client(request, parameters)
        except OAuth2Error as error:
            return Response(error.status_code, error.json, error.headers)
        if client is None:
            return Response(401, json.dumps({"error": "invalid_client"}))
        token = dict(parameters).get("token", "")
        if not token:
            return Response(400, json.dumps({"error": "invalid_request"}))
        return Response(200, json.dumps(tokens.introspect(client, token)))


class UserinfoView(EndpointView):
    """The claims of the person whose access token this is."""

    http_method_names = ["get", "post", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        token = parse_bearer_token(request.headers.get("Authorization", ""))
        if not token:
            return _bearer_error("", 401)
        authorization = tokens.find_valid(token)
        if authorization is None or authorization.access_token is None:
            return _bearer_error("invalid_token", 401)
        granted = authorization.access_token.scope.split()
        if scopes.OPENID not in granted:
            response = _bearer_error("insufficient_scope", 403)
        else:
            response = JsonResponse(claims.person_claims(authorization, granted))
            response["Cache-Control"] = "no-store"
        cors.allow_client(request, response, authorization.client.client_id)
        return response

    def post(self, request: HttpRequest) -> HttpResponse:
        return self.get(request)


def _respond(answer: Response) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, content_type="application/json")
    # RFC 6749 section 5.1.
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    if "Retry-After" in answer.headers:
        response["Retry-After"] = answer.headers["Retry-After"]
    if answer.status == 401:
        # Section 5.2. oauthlib says "Bearer", which is for access tokens.
        response["WWW-Authenticate"] = _REALM
    return already_logged(response) if answer.status < 500 else response


def _bearer_error(error: str, status: int) -> HttpResponse:
    """RFC 6750 section 3."""
    response = HttpResponse(
        json.dumps({"error": error}) if error else "",
        status=status,
        content_type="application/json",
    )
    response["Cache-Control"] = "no-store"
    response["WWW-Authenticate"] = f'Bearer error="{error}"' if error else "Bearer"
    return already_logged(response)
