"""The pairwise `sub`: one citizen, one sector, one spelling; reversible by us alone."""

import re
from uuid import UUID, uuid4

import pytest

from keys.pairwise import Pairwise

PAIRWISE = Pairwise(bytes(32))
CITIZEN = UUID("01928f3e-5f6a-7c3b-8a10-0123456789ab")


def test_a_sub_is_a_letter_and_lower_case_base32() -> None:
    subjects = {PAIRWISE.subject(uuid4(), "health", 1) for _ in range(500)}
    assert len(subjects) == 500
    assert all(re.fullmatch("a[a-z2-7]{26}", subject) for subject in subjects)
    assert PAIRWISE.subject(CITIZEN, "health", 26).startswith("z")


def test_a_sub_never_changes_since_clients_keep_it() -> None:
    assert PAIRWISE.subject(CITIZEN, "health", 1) == "ac7dody6othenur4izft5y4af2a"
    assert PAIRWISE.session(CITIZEN, "health", 1) == "a3mcygvkrj3bu5ziol4wz7irwoy"


def test_it_leads_back_to_the_citizen_in_every_version() -> None:
    for version in (1, 2, 26):
        assert PAIRWISE.citizen(PAIRWISE.subject(CITIZEN, "health", version), "health") == CITIZEN


def test_sectors_versions_uses_and_installations_see_different_names() -> None:
    seen = {
        PAIRWISE.subject(CITIZEN, "health", 1)[1:],
        PAIRWISE.subject(CITIZEN, "health", 2)[1:],
        PAIRWISE.subject(CITIZEN, "social", 1)[1:],
        PAIRWISE.session(CITIZEN, "health", 1)[1:],
        Pairwise(bytes([1]) * 32).subject(CITIZEN, "health", 1)[1:],
    }
    assert len(seen) == 5


def test_another_sector_does_not_learn_whom_a_sub_names() -> None:
    assert PAIRWISE.citizen(PAIRWISE.subject(CITIZEN, "health", 1), "social") != CITIZEN


SUBJECT = PAIRWISE.subject(CITIZEN, "health", 1)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("", id="nothing"),
        pytest.param(SUBJECT.upper(), id="folded to upper case"),
        pytest.param(SUBJECT[:-1], id="cut short"),
        pytest.param(SUBJECT + "a", id="too long"),
        pytest.param("1" + SUBJECT[1:], id="no version letter"),
        pytest.param("é" + SUBJECT[1:], id="a letter of another alphabet"),
        pytest.param(SUBJECT[0] + "1" + SUBJECT[2:], id="a digit outside base32"),
        pytest.param(SUBJECT[:-1] + "=", id="padding"),
        pytest.param(SUBJECT[:-1] + chr(ord(SUBJECT[-1]) + 1), id="another spelling of the same bytes"),
        pytest.param("aſ" + SUBJECT[2:], id="a letter that folds to s"),
        pytest.param(SUBJECT[:-1] + "\n", id="a line end"),
    ],
)
def test_what_cannot_be_a_sub_names_nobody(sent: str) -> None:
    assert PAIRWISE.citizen(sent, "health") is None


@pytest.mark.parametrize("version", [0, 27, -1])
def test_there_are_26_versions(version: int) -> None:
    with pytest.raises(ValueError):
        PAIRWISE.subject(CITIZEN, "health", version)
