from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from azuread_connections.testing import Directory
from tests.keys import key_pair
from tests.testing.contoso import Contoso, fields, get, post

EVENTUAL = {"ConsistencyLevel": "eventual"}


class Graph:
    """Graph as a person or an app of Contoso calls it."""

    def __init__(self, contoso: Contoso) -> None:
        self.contoso = contoso

    def persons_token(self, **changes: str | None) -> str:
        return str(self.contoso.redeem(self.contoso.code(**changes)).json()["access_token"])

    def apps_token(self, directory: Directory | None = None) -> str:
        path = self.contoso.path("token")
        if directory:
            path = path.replace(self.contoso.directory.tenant_id, directory.tenant_id)
        form = {
            "grant_type": "client_credentials",
            "client_id": self.contoso.app.client_id,
            "client_secret": self.contoso.app.secrets[0].value,
            "scope": "https://graph.microsoft.com/.default",
        }
        return str(post(path, form).json()["access_token"])

    def get(
        self, path: str, token: str | None = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        url = path if path.startswith("http") else f"{self.contoso.entra.graph_url}/v1.0{path}"
        bearer = {"Authorization": f"Bearer {token or self.persons_token()}"}
        return get(url, headers=bearer | (headers or {}))

    def post(self, path: str, body: Any, token: str | None = None) -> requests.Response:
        bearer = {"Authorization": f"Bearer {token or self.persons_token()}"}
        url = f"{self.contoso.entra.graph_url}/v1.0{path}"
        return requests.post(url, json=body, headers=bearer, timeout=10)


@pytest.fixture
def graph(contoso: Contoso) -> Graph:
    return Graph(contoso)


def error(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def names(answer: requests.Response) -> list[str]:
    return [item["displayName"] for item in answer.json()["value"]]


# --- Authentication and permissions ---------------------------------------------------------------


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer made-up", "Basic x"])
def test_a_forged_token_is_refused(contoso: Contoso, header: str) -> None:
    answer = get(f"{contoso.entra.graph_url}/v1.0/me", headers={"Authorization": header})
    assert error(answer) == (401, "InvalidAuthenticationToken")
    assert answer.json()["error"]["innerError"].keys() == {
        "date",
        "request-id",
        "client-request-id",
    }


def test_a_token_expires(contoso: Contoso, graph: Graph) -> None:
    token = graph.persons_token()
    contoso.entra.clock = lambda: time.time() + 5400
    assert error(graph.get("/me", token)) == (401, "InvalidAuthenticationToken")


def test_a_token_of_v1_is_for_graph_only_where_graph_was_asked(
    contoso: Contoso, graph: Graph
) -> None:
    for resource, status in (("https://graph.microsoft.com", 200), (None, 401)):
        code = contoso.code("v1.0", resource=resource)
        token = contoso.redeem(code, "v1.0").json()["access_token"]
        assert graph.get("/me", token).status_code == status


def test_without_the_permission_it_is_denied(contoso: Contoso, graph: Graph) -> None:
    contoso.app = contoso.directory.add_app(
        redirect_uris=contoso.app.redirect_uris, delegated=["Mail.Read"]
    )
    assert error(graph.get("/me")) == (403, "Authorization_RequestDenied")
    assert error(graph.get("/users", graph.apps_token())) == (403, "Authorization_RequestDenied")


def test_an_unknown_segment_is_a_bad_request(graph: Graph) -> None:
    assert error(graph.get("/sites/root")) == (400, "BadRequest")


@pytest.mark.parametrize("endpoint", ["me", "groups"])
def test_throttling_on_order_has_graphs_body(contoso: Contoso, graph: Graph, endpoint: str) -> None:
    contoso.entra.fault(endpoint, status=429, headers={"Retry-After": "3"})
    answer = graph.get("/me" if endpoint == "me" else "/me/memberOf")
    assert error(answer) == (429, "TooManyRequests")
    assert answer.headers["Retry-After"] == "3"
    contoso.entra.fault(endpoint, status=400, error="Directory_ResultSizeLimitExceeded")
    answer = graph.get("/me" if endpoint == "me" else "/me/memberOf")
    assert error(answer) == (400, "Directory_ResultSizeLimitExceeded")


# --- /me ------------------------------------------------------------------------------------------


def test_me_has_the_default_properties_and_no_others(contoso: Contoso, graph: Graph) -> None:
    contoso.person.graph |= {"jobTitle": "Retail Manager", "department": "Retail"}
    document = graph.get("/me").json()
    assert document.pop("@odata.context").endswith("/graph/v1.0/$metadata#users/$entity")
    assert document == {
        "businessPhones": [],
        "displayName": "Adele Vance",
        "givenName": "Adele",
        "id": contoso.person.object_id,
        "jobTitle": "Retail Manager",
        "mail": "adele.vance@contoso.com",
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": "Vance",
        "userPrincipalName": "adele.vance@contoso.com",
    }
    assert contoso.entra.count("me") == 1


def test_the_rest_is_selected(contoso: Contoso, graph: Graph) -> None:
    contoso.person.graph |= {"department": "Retail"}
    document = graph.get("/me?$select=department,userType,accountEnabled").json()
    assert document["department"] == "Retail"
    assert document["userType"] == "Member"
    assert document["accountEnabled"] is True
    assert "displayName" not in document
    assert error(graph.get("/me?$select=departmnet")) == (400, "BadRequest")


def test_me_is_for_people(graph: Graph) -> None:
    answer = graph.get("/me", graph.apps_token())
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == (
        "/me request is only valid with delegated authentication flow."
    )


def test_a_property_that_graph_does_not_have_is_a_mistake(contoso: Contoso) -> None:
    with pytest.raises(ValueError, match="no property 'title'"):
        contoso.directory.add_person("Alex Wilber", graph={"title": "x"})


# --- Memberships ----------------------------------------------------------------------------------


@pytest.fixture
def member(contoso: Contoso) -> Contoso:
    """Adele in Retail, which is in Everybody; and she is a User Administrator."""
    directory = contoso.directory
    everybody = directory.add_group("Everybody")
    retail = directory.add_group("Retail", members=[contoso.person], parents=[everybody])
    retail.add(everybody)
    directory.add_group("Club", security=False, members=[contoso.person])
    directory.add_group("Legal")
    directory.add_role("User Administrator", members=[contoso.person])
    contoso.app.grant(directory, delegated=["Directory.Read.All"])
    return contoso


def test_direct_and_nested_memberships(member: Contoso, graph: Graph) -> None:
    direct = graph.get("/me/memberOf")
    assert names(direct) == ["Retail", "Club", "User Administrator"]
    assert [item["@odata.type"] for item in direct.json()["value"]] == [
        "#microsoft.graph.group",
        "#microsoft.graph.group",
        "#microsoft.graph.directoryRole",
    ]
    cast = "/me/transitiveMemberOf/microsoft.graph.group"
    assert names(graph.get(cast)) == ["Retail", "Club", "Everybody"]
    assert names(graph.get(f"/users/{member.person.upn}/memberOf/microsoft.graph.group")) == [
        "Retail",
        "Club",
    ]
    assert member.entra.count("groups") == 3
    assert [group.name for group in member.person.all_groups] == ["Retail", "Club", "Everybody"]


def test_without_leave_to_read_groups_only_ids_come(contoso: Contoso, graph: Graph) -> None:
    group = contoso.directory.add_group("Retail", members=[contoso.person])
    [item] = graph.get("/me/memberOf?$select=id,displayName,securityEnabled").json()["value"]
    assert item == {
        "@odata.type": "#microsoft.graph.group",
        "id": group.object_id,
        "displayName": None,
        "securityEnabled": None,
    }


def test_memberships_come_in_pages(contoso: Contoso, graph: Graph) -> None:
    for number in range(230):
        contoso.directory.add_group(f"Group {number}", members=[contoso.person])
    token = graph.persons_token()
    path, sizes, ids = "/me/memberOf/microsoft.graph.group?$select=id", [], set()
    while path:
        document = graph.get(path, token).json()
        sizes.append(len(document["value"]))
        ids |= {item["id"] for item in document["value"]}
        path = document.get("@odata.nextLink", "")
        assert not path or path.startswith(f"{contoso.entra.graph_url}/v1.0/me/memberOf/")
    assert sizes == [100, 100, 30]
    assert len(ids) == 230
    assert len(graph.get("/me/memberOf?$top=999", token).json()["value"]) == 230
    for top in ("1000", "0", "x"):
        answer = graph.get(f"/me/memberOf?$top={top}", token)
        assert error(answer) == (400, "Request_BadRequest")
    broken = graph.get("/me/memberOf?$skiptoken=junk", token)
    assert error(broken) == (400, "Directory_ExpiredPageToken")


def test_counting_needs_the_header_on_every_page(member: Contoso, graph: Graph) -> None:
    path = "/me/memberOf?$count=true&$top=2"
    assert error(graph.get(path)) == (400, "Request_BadRequest")
    first = graph.get(path, headers=EVENTUAL).json()
    assert first["@odata.count"] == 3
    assert graph.get(first["@odata.nextLink"]).status_code == 400
    second = graph.get(first["@odata.nextLink"], headers=EVENTUAL).json()
    assert len(second["value"]) == 1
    assert "@odata.count" not in second
    assert graph.get("/me/memberOf/$count", headers=EVENTUAL).text == "3"


def test_filtering_memberships_needs_header_and_count(member: Contoso, graph: Graph) -> None:
    path = "/me/memberOf/microsoft.graph.group?$filter=securityEnabled eq true"
    assert error(graph.get(path)) == (400, "Request_UnsupportedQuery")
    assert error(graph.get(path, headers=EVENTUAL)) == (400, "Request_UnsupportedQuery")
    assert names(graph.get(f"{path}&$count=true", headers=EVENTUAL)) == ["Retail"]


def test_member_objects_come_as_ids_in_one_piece(member: Contoso, graph: Graph) -> None:
    ids = {group.name: group.object_id for group in member.directory.groups}
    security = graph.post("/me/getMemberGroups", {"securityEnabledOnly": True}).json()["value"]
    assert set(security) == {ids["Retail"], ids["Everybody"]}
    everything = graph.post("/me/getMemberObjects", {"securityEnabledOnly": False}).json()["value"]
    assert len(everything) == 4
    asked = {"groupIds": [ids["Everybody"], ids["Legal"]]}
    assert graph.post("/me/checkMemberGroups", asked).json()["value"] == [ids["Everybody"]]
    assert graph.post("/me/checkMemberGroups", {"groupIds": ["x"] * 21}).status_code == 400


def test_groups_can_be_looked_up(member: Contoso, graph: Graph) -> None:
    member.app.grant(member.directory, application=["GroupMember.Read.All"])
    token = graph.apps_token()
    assert names(graph.get('/groups?$search="displayName:ret"', token, EVENTUAL)) == ["Retail"]
    group = member.directory.find_group("Legal")
    assert group
    assert graph.get(f"/groups/{group.object_id}", token).json()["displayName"] == "Legal"
    assert graph.get(f"/groups/{member.person.object_id}", token).status_code == 404


# --- /users ---------------------------------------------------------------------------------------


@pytest.fixture
def reader(contoso: Contoso, graph: Graph) -> Callable[..., requests.Response]:
    """GET with the app's own token, which may read all users."""
    contoso.app.grant(contoso.directory, application=["User.Read.All"])
    for name in ("Alex Wilber", "Megan Bowen", "Diego Siciliani", "Miriam O'Alexis Graham"):
        contoso.directory.add_person(name)
    token = graph.apps_token()
    return lambda path, headers=None: graph.get(path, token, headers)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("$filter=startswith(displayName,'a')", ["Adele Vance", "Alex Wilber"]),
        ("$filter=startswith(surname,'O''Al')", ["Miriam O'Alexis Graham"]),
        ("$filter=mail eq 'MEGAN.bowen@contoso.com'", ["Megan Bowen"]),
        (
            "$filter=startswith(displayName,'m') and givenName eq 'Megan' or surname eq 'Wilber'",
            ["Alex Wilber", "Megan Bowen"],
        ),
        ("$filter=accountEnabled eq false", []),
        ("$orderby=displayName desc&$top=2", ["Miriam O'Alexis Graham", "Megan Bowen"]),
    ],
)
def test_users_are_filtered_and_ordered(
    reader: Callable[..., requests.Response], query: str, found: list[str]
) -> None:
    assert names(reader(f"/users?{query}")) == found


def test_users_by_their_ids(reader: Callable[..., requests.Response], contoso: Contoso) -> None:
    ids = "','".join(person.object_id for person in contoso.directory.people[:2])
    assert names(reader(f"/users?$filter=id in ('{ids}')")) == ["Adele Vance", "Alex Wilber"]


def test_users_are_searched_by_words(reader: Callable[..., requests.Response]) -> None:
    path = '/users?$search="displayName:alex" OR "mail:megan"'
    assert error(reader(path)) == (400, "Request_UnsupportedQuery")
    assert names(reader(path, EVENTUAL)) == [
        "Alex Wilber",
        "Megan Bowen",
        "Miriam O'Alexis Graham",
    ]
    counted = reader(f"{path}&$count=true&$top=1", EVENTUAL).json()
    assert counted["@odata.count"] == 3
    assert len(counted["value"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        *("$search=alex", '$search="title:x"', "$filter=displayName like 'x'", "$orderby=title"),
        *("$filter=title eq 'x'", "$frobnicate=1", "$select=title"),
        *("$filter=displayName eq 'a' 'b'", "$filter=endswith(mail,'x')"),
    ],
)
def test_a_bad_query_of_users_is_refused(
    reader: Callable[..., requests.Response], query: str
) -> None:
    answer = reader(f"/users?{query}", EVENTUAL)
    assert answer.status_code == 400


def test_one_user_by_id_or_name(reader: Callable[..., requests.Response], contoso: Contoso) -> None:
    guest = contoso.directory.add_person("Joni Sherman", upn="joni@fabrikam.com", guest=True)
    for key in (guest.object_id, guest.upn.replace("#", "%23")):
        assert reader(f"/users/{key}?$select=userType").json()["userType"] == "Guest"
    answer = reader("/users/nobody@contoso.com")
    assert error(answer) == (404, "Request_ResourceNotFound")
    assert "'nobody@contoso.com' does not exist" in answer.json()["error"]["message"]


# --- Applications and the directory ---------------------------------------------------------------


def test_an_app_reads_its_secrets_dates_at_home_only(contoso: Contoso, graph: Graph) -> None:
    app = contoso.app
    secret = app.secrets[0]
    secret.expires_at = 1_800_000_000
    app.multi_tenant = True
    fabrikam = contoso.entra.add_directory("fabrikam.com")
    for directory in (contoso.directory, fabrikam):
        app.grant(directory, application=["Application.Read.All"])
    by_id = f"/applications(appId='{app.client_id}')?$select=passwordCredentials"
    listed = f"/applications?$filter=appId eq '{app.client_id}'"
    at_home = graph.apps_token()
    [shown] = graph.get(by_id, at_home).json()["passwordCredentials"]
    assert shown["endDateTime"] == "2027-01-15T08:00:00Z"
    assert shown["hint"] == secret.hint
    assert shown["keyId"] == secret.key_id
    assert shown["secretText"] is None
    assert len(graph.get(listed, at_home).json()["value"]) == 1
    elsewhere = graph.apps_token(fabrikam)
    assert error(graph.get(by_id, elsewhere)) == (404, "Request_ResourceNotFound")
    assert graph.get(listed, elsewhere).json()["value"] == []
    assert contoso.entra.count("applications") == 4


def test_an_app_reads_its_certificates_and_their_keys_only_if_selected(
    contoso: Contoso, graph: Graph
) -> None:
    app = contoso.app
    registered = app.add_certificate(key_pair().certificate, name="portal")
    app.grant(contoso.directory, application=["Application.Read.All"])
    token = graph.apps_token()
    by_id = f"/applications(appId='{app.client_id}')"
    [shown] = graph.get(f"{by_id}?$select=keyCredentials", token).json()["keyCredentials"]
    assert shown["customKeyIdentifier"] == registered.thumbprint
    assert shown["keyId"] == registered.key_id
    assert shown["displayName"] == "portal"
    assert shown["key"] == registered.content
    [whole] = graph.get(by_id, token).json()["keyCredentials"]
    assert whole["key"] is None


def test_the_organization_names_its_domains(contoso: Contoso, graph: Graph) -> None:
    [shown] = graph.get("/organization").json()["value"]
    assert shown["id"] == contoso.directory.tenant_id
    assert [domain["name"] for domain in shown["verifiedDomains"]] == [
        "contoso.com",
        "contoso.net",
        "contoso.onmicrosoft.com",
    ]


# --- The app's own token --------------------------------------------------------------------------


def test_without_a_service_principal_there_is_no_token(contoso: Contoso) -> None:
    contoso.app.multi_tenant = True
    fabrikam = contoso.entra.add_directory("fabrikam.com")
    form = {
        "grant_type": "client_credentials",
        "client_id": contoso.app.client_id,
        "client_secret": contoso.app.secrets[0].value,
        "scope": f"{contoso.entra.graph_url}/.default",
    }
    url = contoso.path("token").replace(contoso.directory.tenant_id, fabrikam.tenant_id)
    answer = post(url, form)
    assert (answer.status_code, answer.json()["error_codes"]) == (401, [7000229])
    contoso.app.grant(fabrikam)
    assert post(url, form).status_code == 200
    contoso.app.revoke(fabrikam)
    assert post(url, form).status_code == 401


def test_an_unknown_resource_has_no_token(contoso: Contoso) -> None:
    form = contoso.token_form("", grant_type="client_credentials", scope="api://nobody/.default")
    assert post(contoso.path("token"), form).json()["error_codes"] == [500011]


def test_a_permission_that_graph_does_not_have_is_a_mistake(contoso: Contoso) -> None:
    with pytest.raises(ValueError, match=r"no permission 'User.Reed'"):
        contoso.app.grant(contoso.directory, delegated=["User.Reed"])
    with pytest.raises(ValueError, match=r"no permission 'User.Read'"):
        contoso.directory.add_app(application=["User.Read"])


def test_the_scope_may_name_graph_in_three_ways(contoso: Contoso) -> None:
    for prefix in ("", "https://graph.microsoft.com/", f"{contoso.entra.graph_url}/"):
        callback = contoso.entra.sign_in(
            contoso.authorize_url(scope=f"openid {prefix}User.Read"), contoso.person
        )
        answer = contoso.redeem(fields(callback)["code"]).json()
        assert answer["scope"] == f"openid {prefix}User.Read"
