"""Applications: which one a sign-in is for, where it may end, and who may enter."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from django.views.generic import View

from azuread_connections.decorators import ApplicationRequiredMixin, application_required
from azuread_connections.login.web.views import SignInView
from azuread_connections.models import Application, EnabledConnection
from azuread_connections.testing import next_address
from tests.company import Company, error_code, query_of
from tests.factories import ApplicationFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@application_required("portal")
def portal_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"portal of {request.user.get_username()}")


@application_required("portal")
async def async_portal_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("async portal")


class PortalView(ApplicationRequiredMixin, View):
    application = "portal"

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("class portal")


urlpatterns = [
    path("login/", include("azuread_connections.urls")),
    path("portal/login/", SignInView.as_view(application="portal")),
    path("portal/", portal_page),
    path("portal/async/", async_portal_page),
    path("portal/class/", PortalView.as_view()),
    path("password/", HttpResponse, name="password_login"),
    path("", HttpResponse, name="home"),
]


@pytest.fixture
def portal(db: None) -> Application:
    application: Application = ApplicationFactory.create(slug="portal", name="Portal")
    return application


def only_for(application: Application) -> None:
    EnabledConnection.objects.update(application=application)


# Which application


def test_the_view_comes_before_the_parameter_the_host_and_the_setting(
    contoso: Company, portal: Application, client: Client
) -> None:
    only_for(portal)
    page = client.get("/portal/login/?application=default").content.decode()
    assert "Sign in to Portal" in page
    assert 'href="/login/contoso/?application=portal"' in page


def test_the_parameter_comes_before_the_host(
    contoso: Company, portal: Application, client: Client
) -> None:
    portal.set_hosts(["testserver"])
    assert "Continue with" not in client.get("/login/").content.decode()
    assert "Continue with" in client.get("/login/?application=default").content.decode()


@pytest.mark.parametrize("named", [" ", "nobody", "\t"])
def test_an_application_that_there_is_none_of_is_not_the_default_one(
    contoso: Company, client: Client, named: str
) -> None:
    """To MariaDB a blank is as good as nothing."""
    response = client.get("/login/contoso/", {"application": named})
    assert (response.status_code, error_code(response)) == (403, "connection_disabled")


@pytest.mark.parametrize("named", ["", "\x00"])
def test_no_name_is_no_application_named(contoso: Company, client: Client, named: str) -> None:
    assert client.get("/login/contoso/", {"application": named}).status_code == 302


def test_the_host_comes_before_the_setting(
    contoso: Company, portal: Application, client: Client, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    portal.set_hosts(["portal.example.com"])
    only_for(portal)
    there = {"host": "portal.example.com"}
    assert 'href="/login/contoso/"' in client.get("/login/", headers=there).content.decode()
    url = client.get("/login/contoso/", headers=there)["Location"]
    assert query_of(url)["redirect_uri"] == "http://portal.example.com/login/callback"
    assert client.get("/login/contoso/").status_code == 403


def test_a_sign_in_for_one_application_opens_no_other(
    contoso: Company, portal: Application, client: Client
) -> None:
    contoso.sign_in(client)
    response = client.get("/portal/")
    assert (response.status_code, response["Location"]) == (
        302,
        "/login/?application=portal&next=%2Fportal%2F",
    )


# Types and grants


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"application_type": "machine_to_machine"}, "signs in no people"),
        ({"grant_types": ["implicit"]}, "“Authorization Code” is not ticked"),
        ({"grant_types": []}, "“Authorization Code” is not ticked"),
    ],
)
def test_an_application_that_signs_nobody_in_offers_nothing_and_says_why(
    contoso: Company, client: Client, change: dict[str, Any], why: str
) -> None:
    url = contoso.start(client)
    Application.objects.update(**change)
    page = client.get("/login/").content.decode()
    assert why in page
    assert "Continue with" not in page
    assert client.get("/login/contoso/").status_code == 403
    assert client.post("/login/", {"email": "a@contoso.com"}).status_code == 200
    response = contoso.come_back(client, url)
    assert (response.status_code, error_code(response)) == (403, "connection_disabled")


@pytest.mark.parametrize("kind", ["native", "spa", "regular_web"])
def test_other_types_sign_people_in(contoso: Company, client: Client, kind: str) -> None:
    Application.objects.update(application_type=kind)
    assert contoso.sign_in(client).status_code == 302


# Where it may end


def test_an_allowed_callback_url_is_a_destination_to_the_letter(
    contoso: Company, client: Client
) -> None:
    allowed = "https://other.example.com/welcome?from=here"
    Application.objects.update(allowed_callback_urls=[allowed])
    assert contoso.sign_in(client, next=allowed)["Location"] == allowed
    for other in (f"{allowed}&x=1", "https://other.example.com/", allowed.upper()):
        assert contoso.sign_in(Client(), next=other)["Location"] == "/"


def test_an_url_allowed_for_one_application_is_not_allowed_for_another(
    contoso: Company, portal: Application, client: Client
) -> None:
    portal.allowed_callback_urls = ["https://portal.example.com/"]
    portal.save()
    assert contoso.sign_in(client, next="https://portal.example.com/")["Location"] == "/"


@pytest.mark.parametrize(
    ("asked", "arrived"),
    [
        ("https://other.example.com/bye", "https://other.example.com/bye"),
        ("https://evil.example.net/", "/"),
        ("//evil.example.net/", "/"),
        ("/goodbye/", "/goodbye/"),
        ("", "/"),
    ],
)
def test_signing_out_leads_where_it_may(
    contoso: Company, client: Client, asked: str, arrived: str
) -> None:
    Application.objects.update(allowed_logout_urls=["https://other.example.com/bye"])
    contoso.sign_in(client)
    assert next_address(client.post("/login/logout", {"next": asked})) == arrived


# Who may enter


@pytest.mark.parametrize("page", ["/portal/", "/portal/async/", "/portal/class/"])
def test_who_signed_in_for_it_may_enter(
    contoso: Company, portal: Application, client: Client, page: str
) -> None:
    only_for(portal)
    response = client.get(page)
    assert response["Location"].startswith("/login/?application=portal&next=")
    contoso.sign_in(client, application="portal")
    assert client.get(page).status_code == 200


def test_any_of_a_sessions_connections_opens_the_door(
    contoso: Company, fabrikam: Company, portal: Application, client: Client
) -> None:
    EnabledConnection.objects.filter(connection=fabrikam.connection).update(application=portal)
    person = fabrikam.person
    fabrikam.sign_in(client, person, application="portal")
    assert client.get("/portal/").status_code == 200


def test_a_disabled_connection_closes_the_door(
    contoso: Company, portal: Application, client: Client
) -> None:
    only_for(portal)
    contoso.sign_in(client, application="portal")
    EnabledConnection.objects.all().delete()
    assert client.get("/portal/").status_code == 302


def test_a_password_session_enters_only_where_the_application_lets_it(
    portal: Application, client: Client
) -> None:
    client.force_login(UserFactory.create())
    assert client.get("/portal/").status_code == 302
    portal.allow_password_sessions = True
    portal.save()
    assert client.get("/portal/").status_code == 200


def test_whoever_may_not_enter_finds_a_page_and_no_circle(
    contoso: Company, portal: Application, client: Client
) -> None:
    client.force_login(UserFactory.create(username="somebody"))
    response = client.get("/portal/", follow=True)
    assert [url for url, _ in response.redirect_chain] == [
        "/login/?application=portal&next=%2Fportal%2F"
    ]
    page = response.content.decode()
    assert "You are signed in as somebody." in page


def test_login_required_everywhere_still_asks_for_the_right_application(
    portal: Application, client: Client, settings: Any
) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    assert "application=portal" in client.get("/portal/")["Location"]
    assert "application=portal" in client.get("/portal/class/")["Location"]


def test_the_mixin_needs_an_application() -> None:
    class Nameless(ApplicationRequiredMixin, View):
        pass

    with pytest.raises(TypeError, match="needs an application"):
        Nameless.as_view()


def test_async_views_stay_async(portal: Application, rf: Any) -> None:
    from django.contrib.auth.models import AnonymousUser

    request = rf.get("/portal/async/")
    request.user = AnonymousUser()
    assert async_to_sync(async_portal_page)(request).status_code == 302
