"""First and last name from a display name."""

from __future__ import annotations

from time import perf_counter

import pytest

from azuread_connections.login.users.names import split_name
from tests.field_cases import case

F17 = case("F17")["no given_name and family_name"]


@pytest.mark.parametrize(("name", "given", "family"), F17, ids=[row[0] for row in F17])
def test_a_name_of_the_field_is_split_as_people_read_it(name: str, given: str, family: str) -> None:
    assert split_name(name) == (given, family.partition(" (or:")[0])


@pytest.mark.parametrize(
    ("name", "given", "family"),
    [
        ("", "", ""),
        ("Adele", "Adele", ""),
        ("Adele Vance", "Adele", "Vance"),
        ("  Adele   Vance ", "Adele", "Vance"),
        ("Mary Ann Vance", "Mary Ann", "Vance"),
        ("Megan van der Bowen", "Megan", "van der Bowen"),
        ("Adele Vance (EXT)", "Adele", "Vance"),
        ("Adele Vance [Contoso] (EXT)", "Adele", "Vance"),
        ("Vance, Adele (IT) - Contoso", "Adele", "Vance"),
        ("Vance, Adele | Contoso", "Adele", "Vance"),
        ("de Jong, Jan", "Jan", "de Jong"),
        ("de la Cruz, María José", "María José", "de la Cruz"),
        ("Adele Vance, PhD", "Adele", "Vance"),
        ("Vance, Adele, Jr.", "Adele", "Vance"),
        ("Vance, Adele, Sales", "", ""),
        ("Vance,", "Vance", ""),
        (", Adele", "Adele", ""),
        (",", "", ""),
        (",,,", "", ""),
        ("PhD", "PhD", ""),
        ("(EXT)", "(EXT)", ""),
        ("山田\u3000太郎", "山田", "太郎"),
        ("Vance-Wilber, Adele", "Adele", "Vance-Wilber"),
    ],
)
def test_a_display_name_is_split(name: str, given: str, family: str) -> None:
    assert split_name(name) == (given, family)


@pytest.mark.parametrize("piece", ["(", ")", "()", "[ ", " - ", ", ", "a ", " "])
def test_a_name_of_any_length_costs_next_to_nothing(piece: str) -> None:
    began = perf_counter()
    split_name(piece * 20_000)
    split_name((piece * 300)[:300])
    assert perf_counter() - began < 0.2
