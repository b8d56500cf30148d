"""OpenID Connect's userinfo, which Microsoft serves from Graph."""

from __future__ import annotations

from ..graph.service import signed_in
from ..server.call import Call
from ..server.wire import Response, json_response
from . import tokens
from .access import AccessToken


def userinfo(call: Call, token: AccessToken) -> Response:
    """The person's claims without `oid` and `tid`, so clients learn nothing new here."""
    person = signed_in(token)
    claims = {
        "sub": tokens.pairwise_subject(token.app, person),
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.mail,
    }
    return json_response({name: value for name, value in claims.items() if value is not None})
