"""Who is admitted to views of one application."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from django.views.generic import View

from azuread_connections.decorators import ApplicationRequiredMixin, application_required
from azuread_connections.models import Application, EnabledConnection
from tests.company import Company
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
    # Nobody is signed in there at all.
    assert Client().get("/portal/").status_code == 302


def test_a_refused_user_sees_a_page_without_a_redirect_loop(
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


def test_a_sign_in_for_one_application_does_not_admit_to_another(
    contoso: Company, portal: Application, client: Client
) -> None:
    contoso.sign_in(client)
    response = client.get("/portal/")
    assert (response.status_code, response["Location"]) == (
        302,
        "/login/?application=portal&next=%2Fportal%2F",
    )


@pytest.mark.parametrize(
    "wrong", [{"max_age": -1}, {"max_age": "600"}, {"acr": "mfa"}, {"acr": "c100"}]
)
def test_a_step_up_that_is_none_is_named_when_the_view_is_defined(wrong: Any) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} must be"):
        application_required("portal", **wrong)

    class Wrong(ApplicationRequiredMixin, View):
        application = "portal"

    with pytest.raises(ValueError, match=f"{name} must be"):
        Wrong.as_view(**wrong)
