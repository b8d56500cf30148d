"""User models with an email address instead of a username, and a UUID as their key."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class PersonManager(BaseUserManager["EmailUser"]):
    def create_superuser(self, email: str, password: str | None = None) -> EmailUser:
        person = self.model(email=self.normalize_email(email), is_staff=True)
        person.set_password(password)
        person.save(using=self._db)
        return person


class EmailUser(AbstractBaseUser):
    """Without groups, permissions and names. Who is staff may do everything."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)
    objects = PersonManager()

    USERNAME_FIELD = EMAIL_FIELD = "email"

    class Meta:
        abstract = True

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class Person(EmailUser):
    pass


class Employee(Person):
    """A user with two tables, of which the parent's has the last sign-in."""

    department = models.CharField(max_length=50, default="Sales")


class Visitor(EmailUser):
    """A user whose last sign-in is not stored."""

    last_login = None
