"""What must not be read from a replica, on the running site, while the replica stands still.

Each step goes through the load balancer, which sends it to another server than the step before.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import dataclass
from typing import Any

import requests

from ci.load import LoadFailed, code_of, get

_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@dataclass
class Site:
    """The site, a directory, and its connection ``contoso``."""

    url: str
    microsoft: Any
    directory: Any

    def sign_in(self, person: Any) -> requests.Session:
        """Return a browser in which the person is signed in."""
        browser = requests.Session()
        answer = get(browser, self.back(browser, person))
        expect(answer.status_code == 302, f"signed in, not {code_of(answer)}")
        return browser

    def back(self, browser: requests.Session, person: Any) -> str:
        """Begin a sign-in; return the address to which Microsoft sends the browser back."""
        start = get(browser, f"{self.url}/login/contoso/")
        expect(start.status_code == 302, f"a sign-in has begun, not {code_of(start)}")
        return str(self.microsoft.sign_in(start.headers["Location"], person))

    def knows(self, browser: requests.Session, person: Any) -> bool:
        """Whether each server knows who is signed in. Raises ``LoadFailed`` if they differ."""
        answers = [get(browser, f"{self.url}/login/profile") for _server in range(2)]
        found = {answer.json().get("object_id") for answer in answers}
        expect(found in ({person.object_id}, {None}), f"the servers know the same, not {found}")
        return found != {None}

    def reads(self) -> list[dict[str, Any]]:
        """What each server reads where."""
        return [get(requests.Session(), f"{self.url}/reads").json() for _server in range(2)]


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise LoadFailed(f"Expected: {what}")


def both_servers_answer(site: Site) -> None:
    """The load balancer uses both, and each reads from the replica what it can."""
    found = site.reads()
    expect(len({each["server"] for each in found}) == 2, "two servers")
    expect({each["entries_from"] for each in found} == {"replica"}, "reads from the replica")


def a_new_person_signs_in_and_out(site: Site) -> None:
    person = site.directory.add_person("Joni Sherman")
    browser = site.sign_in(person)
    expect(site.knows(browser, person), "signed in on both servers at once")
    for each in site.reads():
        expect(each["users_on_replica"] < each["users"], "a replica that stands still")
    page = browser.get(f"{site.url}/", timeout=60)
    _post(browser, f"{site.url}/login/logout", page)
    expect(not site.knows(browser, person), "signed out on both servers at once")


def a_callback_counts_once(site: Site) -> None:
    person = site.directory.add_person("Lidia Holloway")
    browser, again = requests.Session(), requests.Session()
    back = site.back(browser, person)
    again.cookies.update(browser.cookies)
    expect(get(browser, back).status_code == 302, "signed in")
    repeated = get(again, back)
    expect(code_of(repeated) == "transaction_expired", f"refused, not {code_of(repeated)}")


def a_revocation_ends_sessions(site: Site) -> None:
    from azuread_connections.models import Connection, Revocation

    person = site.directory.add_person("Grady Archie")
    browser = site.sign_in(person)
    expect(site.knows(browser, person), "signed in")
    Revocation.everybody(Connection.objects.get(name="contoso"))
    expect(not site.knows(browser, person), "signed out by an administrator")


def a_connection_is_switched_off(site: Site) -> None:
    from azuread_connections.login.lookup.start_cache import START_CACHE_TTL
    from azuread_connections.models import Application, Connection, EnabledConnection

    person = site.directory.add_person("Nestor Wilke")
    browser, under_way = site.sign_in(person), requests.Session()
    back = site.back(under_way, person)
    EnabledConnection.objects.all().delete()
    expect(not site.knows(browser, person), "signed out by the connection's end")
    expect(code_of(get(under_way, back)) == "connection_disabled", "no sign-in under way")
    # A server has cached it for its starts: until then it sends people to Microsoft in vain.
    time.sleep(START_CACHE_TTL)
    for _server in range(2):
        start = get(requests.Session(), f"{site.url}/login/contoso/")
        expect(code_of(start) == "connection_disabled", "no new sign-in")
    Connection.objects.get(name="contoso").applications.add(Application.objects.get(slug="default"))
    site.sign_in(person)


def a_credential_is_replaced(site: Site) -> None:
    """The one that a replica knows no longer works at Microsoft."""
    from azuread_connections.models import Connection

    app = site.directory.apps[0]
    connection = Connection.objects.get(name="contoso")
    old = app.secrets[0]
    new = app.add_secret()
    connection.credentials.create(value=new.value)
    connection.credentials.order_by("pk")[0].delete()
    app.remove_secret(old)
    site.sign_in(site.directory.add_person("Megan Bowen"))


def a_set_up_link_opens_as_often_as_it_may(site: Site) -> None:
    from azuread_connections.models import Application
    from azuread_connections.setup.links import create_link, revoke

    application = Application.objects.get(slug="default")
    made = create_link(name="Fabrikam", applications=[application], max_openings=1)
    address = f"{site.url}{made.path}"
    browser, second = requests.Session(), requests.Session()
    page, other = get(browser, address), get(second, address)
    opened = _post(browser, address, page)
    expect(opened.status_code == 302, f"an open link, not {opened.status_code}")
    step = f"{site.url}{opened.headers['Location']}"
    expect(get(browser, step).status_code == 200, "the first step")
    expect(_post(second, address, other).status_code == 404, "no second opening")
    revoke(made.link)
    for _server in range(2):
        expect(get(browser, step).status_code != 200, "no step of a revoked link")


def a_person_is_deprovisioned(site: Site) -> None:
    from azuread_connections.models import Connection
    from azuread_connections.scim import tokens

    _token, value = tokens.create(Connection.objects.get(name="contoso"))
    person = site.directory.add_person("Patti Fernandez")
    created = _scim(
        *(site, value, "POST", "Users"),
        schemas=["urn:ietf:params:scim:schemas:core:2.0:User"],
        userName=person.upn,
        externalId=person.object_id,
        active=True,
        displayName=person.name,
    )
    expect(created.status_code == 201, f"a person, not {created.text}")
    browser = site.sign_in(person)
    version = created.headers.get("ETag")
    path = f"Users/{created.json()['id']}"
    off = {"op": "Replace", "path": "active", "value": False}
    schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    ended = _scim(site, value, "PATCH", path, schemas=schemas, Operations=[off])
    expect(ended.status_code in {200, 204}, f"deactivated, not {ended.text}")
    expect(not site.knows(browser, person), "signed out by the directory")
    refused = get(again := requests.Session(), site.back(again, person))
    expect(code_of(refused) == "user_refused", f"refused, not {code_of(refused)}")
    for _server in range(2):
        found = _scim(site, value, "GET", path)
        expect(found.json()["active"] is False, "deactivated on both servers")
        expect(version is None or found.headers.get("ETag") != version, "another version")


def an_address_that_a_browser_claims_is_not_logged(site: Site) -> None:
    from azuread_connections.models import Event

    browser = requests.Session()
    browser.headers["X-Forwarded-For"] = "203.0.113.9"
    get(browser, site.back(browser, site.directory.add_person("Lynne Robbins")))
    expect(not Event.objects.filter(address="203.0.113.9").exists(), "the load balancer's address")
    expect(Event.objects.filter(address="127.0.0.1").exists(), "the browser's address")


FLOWS = (
    both_servers_answer,
    a_new_person_signs_in_and_out,
    a_callback_counts_once,
    a_revocation_ends_sessions,
    a_connection_is_switched_off,
    a_credential_is_replaced,
    a_set_up_link_opens_as_often_as_it_may,
    a_person_is_deprovisioned,
    an_address_that_a_browser_claims_is_not_logged,
)


def _post(browser: requests.Session, address: str, page: requests.Response) -> requests.Response:
    """Send the form of a page, which has no fields."""
    found = _CSRF.search(page.text)
    expect(found is not None, f"a form on {page.url}")
    form = {"csrfmiddlewaretoken": found[1] if found else ""}
    headers = {"Referer": address}
    return browser.post(address, form, headers=headers, allow_redirects=False, timeout=60)


def _scim(site: Site, token: str, method: str, path: str, **content: Any) -> requests.Response:
    return requests.request(
        method,
        f"{site.url}/scim/contoso/v2/{path}",
        data=json.dumps(content) if content else None,
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/scim+json",
            "X-Request-Id": str(uuid.uuid4()),
        },
        timeout=60,
    )
