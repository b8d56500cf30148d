from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db


def test_the_newest_key_seals_and_each_purpose_has_its_own(settings):
    from azuread_connections.login.state import sealing

    settings.SECRET_KEY_FALLBACKS = ["old-" * 12]
    sealed = sealing.seal("a", [1], name="n")
    settings.SECRET_KEY_FALLBACKS = []
    assert sealing.unseal("a", sealed, name="n") == [1]
    with pytest.raises(sealing.BrokenSeal):
        sealing.unseal("b", sealed, name="n")
