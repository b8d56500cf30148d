from __future__ import annotations

from django.apps import AppConfig


class DjangoScim2SiteConfig(AppConfig):
    name = "benchmarks.peers.django_scim2"
    label = "django_scim2_site"
    default_auto_field = "django.db.models.BigAutoField"
