"""The site with an API of its own, in Django REST framework."""

from __future__ import annotations

from django.urls import path

from tests.provider.urls import urlpatterns as site
from tests.rest_framework.urls import WhoAmI, WithApps

urlpatterns = [
    *site,
    path("api/me", WhoAmI.as_view()),
    path("api/any", WhoAmI.as_view(authentication_classes=[WithApps])),
]
