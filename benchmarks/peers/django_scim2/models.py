"""Users and groups with django-scim2's mixins, which it needs, and a token."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class Group(AbstractSCIMGroupMixin):
    name: Any = models.CharField(max_length=254, unique=True)


class User(AbstractSCIMUserMixin, AbstractUser):
    scim_groups: Any = models.ManyToManyField(Group, related_name="user_set")


class Token(models.Model):
    """A bearer token of a user that a directory has. Only its digest is stored."""

    user: Any = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    digest: Any = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return f"of {self.user}"
