"""One citizen, one `sub` a sector, and back."""

from uuid import UUID

from idp.accounts.subject_identifiers import Sector, find_citizen, previous_sub_of, sid_of, sub_of
from keys.pairwise import Pairwise

PAIRWISE = Pairwise(b"m" * 32)
CITIZEN = UUID("0193a5b0-0000-7000-8000-000000000001")
HEALTH, TAX = Sector("health", 1), Sector("tax", 1)


def test_a_sub_leads_back_in_its_own_sector_only() -> None:
    sub = sub_of(PAIRWISE, CITIZEN, HEALTH)
    assert find_citizen(PAIRWISE, sub, HEALTH) == CITIZEN
    assert find_citizen(PAIRWISE, sub, TAX) != CITIZEN
    assert sub != sub_of(PAIRWISE, CITIZEN, TAX)
    assert sub != sid_of(PAIRWISE, CITIZEN, HEALTH)


def test_after_a_new_key_the_old_sub_is_told_and_still_leads_back() -> None:
    renewed = Sector("health", 2)
    before = sub_of(PAIRWISE, CITIZEN, HEALTH)
    assert previous_sub_of(PAIRWISE, CITIZEN, HEALTH) is None
    assert previous_sub_of(PAIRWISE, CITIZEN, renewed) == before
    assert find_citizen(PAIRWISE, before, renewed) == CITIZEN
    assert find_citizen(PAIRWISE, sub_of(PAIRWISE, CITIZEN, renewed), renewed) == CITIZEN


def test_what_cannot_be_a_sub_of_this_sector_names_nobody() -> None:
    of_the_future = sub_of(PAIRWISE, CITIZEN, Sector("health", 3))
    for sub in ("", "a", "x" * 27, "\ud800", "é" * 27, of_the_future, sub_of(PAIRWISE, CITIZEN, HEALTH).upper()):
        assert find_citizen(PAIRWISE, sub, HEALTH) is None
