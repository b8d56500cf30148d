from __future__ import annotations

import pytest

from azuread_connections.models import Connection, GroupMapping

pytestmark = pytest.mark.django_db

GUID = "11112222-bbbb-3333-cccc-4444dddd5555"


def test_what_is_in_no_connections_groups_admits_nobody_where_groups_are_off(contoso, client):
    GroupMapping.objects.create(connection=contoso.connection, directory_group_id=GUID, admits=True)
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError):
        Connection.objects.get().full_clean()
    mapping = GroupMapping(connection=contoso.connection, directory_group_id=GUID.upper())
    mapping.full_clean()
    assert mapping.directory_group_id == GUID
