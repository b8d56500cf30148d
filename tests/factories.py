from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import factory
from django.contrib.auth import get_user_model
from django.utils import timezone
from factory.django import DjangoModelFactory

from azuread_connections.models import (
    Application,
    Connection,
    Credential,
    EnabledConnection,
    Identity,
    SetupLink,
    SetupSession,
)
from tests.keys import key_pair


class UserFactory(DjangoModelFactory):
    class Meta:
        model = get_user_model()

    username = factory.Sequence("user{}".format)


class ApplicationFactory(DjangoModelFactory):
    class Meta:
        model = Application

    name = factory.Sequence("Portal {}".format)
    slug = factory.Sequence("portal-{}".format)


class ConnectionFactory(DjangoModelFactory):
    class Meta:
        model = Connection

    name = factory.Sequence("contoso-{}".format)
    domain = "contoso.com"
    client_id = factory.LazyFunction(lambda: str(uuid.uuid4()))


class CredentialFactory(DjangoModelFactory):
    class Meta:
        model = Credential

    connection = factory.SubFactory(ConnectionFactory)
    value = factory.Sequence("Abc8Q~secret-{}".format)


class CertificateFactory(DjangoModelFactory):
    class Meta:
        model = Credential

    connection = factory.SubFactory(ConnectionFactory)
    kind = Credential.Kind.CERTIFICATE
    value = factory.LazyFunction(lambda: key_pair().private_key)
    certificate = factory.LazyFunction(lambda: key_pair().certificate)


class FederatedFactory(DjangoModelFactory):
    class Meta:
        model = Credential

    connection = factory.SubFactory(ConnectionFactory)
    kind = Credential.Kind.FEDERATED


class EnabledConnectionFactory(DjangoModelFactory):
    class Meta:
        model = EnabledConnection

    application = factory.SubFactory(ApplicationFactory)
    connection = factory.SubFactory(ConnectionFactory)


class IdentityFactory(DjangoModelFactory):
    class Meta:
        model = Identity

    user = factory.SubFactory(UserFactory)
    cloud = Connection.Cloud.GLOBAL
    tenant_id = factory.LazyFunction(lambda: str(uuid.uuid4()))
    object_id = factory.LazyFunction(lambda: str(uuid.uuid4()))


class SetupLinkFactory(DjangoModelFactory):
    class Meta:
        model = SetupLink
        skip_postgeneration_save = True

    connection = factory.SubFactory(ConnectionFactory)
    connection_name = factory.SelfAttribute("connection.name")
    reference = factory.Sequence("ref{}".format)
    token_hash = factory.Sequence("{:064x}".format)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=5))

    @factory.post_generation
    def applications(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        self.applications.set(extracted or ())


class SetupSessionFactory(DjangoModelFactory):
    class Meta:
        model = SetupSession

    link = factory.SubFactory(SetupLinkFactory)
    key_hash = factory.Sequence("{:064x}".format)
    opened_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=5))
