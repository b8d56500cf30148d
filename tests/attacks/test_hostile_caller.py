"""Tokens that an API must not take, by name. After each, the valid token is still taken."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from azuread_connections.models import Event
from tests.attacks import forging
from tests.attacks.catalogue import Attacker, attack
from tests.attacks.forging import Scene, compact, segment
from tests.company import Company
from tests.rest_framework.conftest import Call, persons_token

pytestmark = [
    pytest.mark.django_db,
    attack(
        who=Attacker.CALLER,
        wants="call the API by a token that is not for it, or not valid",
        stopped_by="validation of access tokens",
    ),
]

#: Makes a token. The scene: Contoso, whose API is called, and Fabrikam.
Forge = Callable[[Scene], str]


def claims(**changed: Any) -> Forge:
    return lambda scene: persons_token(scene.target, **changed)


def parts(scene: Scene, **changed: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    token = persons_token(scene.target, **changed)
    header, body = (
        json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        for part in token.split(".")[:2]
    )
    return header, body


def forged(forge: forging.Forge) -> Forge:
    """A forgery of tests/attacks/forging.py, which signs what it returns itself."""

    def make(scene: Scene) -> str:
        header, body = parts(scene)
        made = forge(scene, header, body)
        assert isinstance(made, str)
        return made

    return make


def with_header(**members: Any) -> Forge:
    def make(scene: Scene) -> str:
        header, body = parts(scene)
        key = scene.target.microsoft.private_key(header["kid"])
        return compact(
            {**header, **members},
            body,
            lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA256()),
        )

    return make


def id_token(scene: Scene) -> str:
    target = scene.target
    return target.microsoft.mint_id_token(
        target.directory, target.app, target.person, version="v2.0", nonce="n" * 20
    )


def id_token_with_roles(scene: Scene) -> str:
    """Without a nonce, as from another flow: it has roles, as an application's own token."""
    target = scene.target
    return target.microsoft.mint_id_token(
        target.directory, target.app, target.person, version="v2.0", roles=["Files.Read.All"]
    )


def of_fabrikam(scene: Scene) -> str:
    return persons_token(scene.other)


def other_directory(scene: Scene) -> str:
    return persons_token(
        scene.target,
        tid=scene.other.directory.tenant_id,
        iss=f"https://sts.windows.net/{scene.other.directory.tenant_id}/",
    )


def issuer_alone(scene: Scene) -> str:
    there = scene.other.directory.tenant_id
    return persons_token(scene.target, iss=f"https://sts.windows.net/{there}/")


def other_version(scene: Scene) -> str:
    """The issuer of v2.0 in a token that says v1.0."""
    target = scene.target
    issuer = f"{target.microsoft.url}/{target.directory.tenant_id}/v2.0"
    return persons_token(target, iss=issuer)


def key_of_another_directory(scene: Scene) -> str:
    """Signed by the key of personal accounts, which the key document names for those alone."""
    target = scene.target
    target.app.access_token_version = "v2.0"
    header, body = parts(scene)
    ring = target.microsoft._state.keys
    return compact({**header, "kid": ring.personal.kid}, body, ring.personal.sign)


def tampered(scene: Scene) -> str:
    header, body = parts(scene)
    signature = persons_token(scene.target).rpartition(".")[2]
    return f"{segment(header)}.{segment({**body, 'scp': 'Everything'})}.{signature}"


def an_apps_token_of_a_person(scene: Scene) -> str:
    """Without its scopes, as if it were an application's own."""
    return persons_token(scene.target, scp=None, roles=["Files.Read.All"])


REFUSED: dict[str, tuple[Forge, str]] = {
    "expired": (claims(exp=int(time.time()) - 121), "expired"),
    "not yet valid": (claims(nbf=int(time.time()) + 3600), "not valid yet"),
    "issued in the future": (claims(iat=int(time.time()) + 3600), "in the future"),
    "for another audience": (claims(aud="api://00001111-aaaa-2222-bbbb-3333cccc4444"), "(aud)"),
    "for an address that looks like ours": (claims(aud="https://testserver/api"), "(aud)"),
    "for several audiences": (claims(aud=["a", "b"]), "(aud)"),
    "of another directory": (other_directory, "directory"),
    "with the issuer of another directory": (issuer_alone, "(iss)"),
    "with the issuer of another cloud": (
        claims(iss="https://sts.chinacloudapi.cn/11112222-bbbb-3333-cccc-4444dddd5555/"),
        "(iss)",
    ),
    "with the issuer of another version": (other_version, "(iss)"),
    "of a third version": (claims(ver="3.0"), "(ver)"),
    "without an algorithm": (forged(forging.unsigned("none")), "algorithm"),
    "HS256 by the public key": (forged(forging.hs256_with_the_public_key), "algorithm"),
    "HS256 by the secret": (forged(forging.hs256_with_the_secret), "algorithm"),
    "RS384": (forged(forging.another_algorithm), "algorithm"),
    "by the attacker's key": (forged(forging.by_the_attackers_key()), "signature"),
    "by the key in its header": (
        forged(forging.by_the_attackers_key(jwk=forging.attackers_jwk())),
        "signature",
    ),
    "by an unknown key": (with_header(kid="unknown"), "(kid)"),
    "by the key of another directory": (key_of_another_directory, r"\(kid\)|this directory"),
    "changed after signing": (tampered, "signature"),
    "without a signature": (forged(forging.signature_cut_off), "not well-formed|signature"),
    "a token for Graph": (claims(aud="https://graph.microsoft.com"), "Microsoft Graph"),
    "a token for Graph by its ID": (
        claims(aud="00000003-0000-0000-c000-000000000000"),
        "Microsoft Graph",
    ),
    "a token with Graph's header": (with_header(nonce="n"), "Microsoft Graph"),
    "an ID token": (id_token, "ID token"),
    "an ID token with roles": (id_token_with_roles, "ID token"),
    "a token with a nonce": (claims(nonce="n"), "ID token"),
    "without its scopes": (an_apps_token_of_a_person, "nor is it an application's own"),
    "with empty scopes": (claims(scp=" "), "(scp)"),
    "of an application, with scopes": (claims(idtyp="app"), "(scp)"),
    "bound to another caller's key": (claims(cnf={"kid": "key"}), "bound to a key"),
    "without a client": (claims(appid=None), "azp or appid"),
    "of another registration": (of_fabrikam, "has not signed in|not enabled"),
    "opaque": (lambda scene: "1.AXkA" + "x" * 900, "not a signed JWT"),
    "empty parts": (lambda scene: "..", "not well-formed"),
    "not base64": (lambda scene: "a!.b!.c!", "not well-formed"),
    "too long": (lambda scene: "a" * 65_537, "too long"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_token_that_is_refused(name: str, api: Company, fabrikam: Company, call: Call) -> None:
    forge, why = REFUSED[name]
    scene = Scene(api, fabrikam)
    response = call(forge(scene), "any")
    assert response.status_code == 401, response.content
    header = response["WWW-Authenticate"]
    assert 'error="invalid_token"' in header
    assert re.search(why, header), header
    assert Event.objects.filter(kind=Event.Kind.API_REFUSED).count() == 1
    api.app.access_token_version = "v1.0"
    assert call(persons_token(api), "any").status_code == 200


def test_a_graph_token_sent_by_mistake_is_named_in_the_log(api: Company, call: Call) -> None:
    call(persons_token(api, aud="https://graph.microsoft.com"))
    assert Event.objects.get(kind=Event.Kind.API_REFUSED).code == "graph_token"


@attack(wants="errors of the server, which alarm its administrators, by a forged token")
@pytest.mark.parametrize("moment", [-(10**400), -1e300, -62_135_596_900, 10**400])
@pytest.mark.parametrize("name", ["iat", "exp", "nbf"])
def test_a_forged_token_with_a_time_that_is_no_date(
    name: str, moment: float, api: Company, call: Call
) -> None:
    header, body = parts(Scene(api, api))
    response = call(compact(header, {**body, name: moment}, forging.by_attacker))
    assert response.status_code == 401, response.content
    assert f"its time {name} is out of range" in response["WWW-Authenticate"]


@attack(wants="learn from an answer who has an account here")
def test_a_forged_token_says_nothing_about_whom_this_site_knows(api: Company, call: Call) -> None:
    """The answer is the same for a person who has signed in and for one who has not."""
    answers = set()
    for person in (api.person, api.directory.add_person("Megan Bowen")):
        header, body = parts(Scene(api, api), oid=person.object_id)
        forged_token = compact(header, body, forging.by_attacker)
        response = call(forged_token)
        answers.add((response.status_code, response["WWW-Authenticate"], response.content))
    assert len(answers) == 1
