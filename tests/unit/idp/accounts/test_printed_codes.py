"""Codes that people can read out, write down and type."""

import pytest

from idp.accounts.printed_codes import ALPHABET, grouped, new_code, read_code


def test_no_sign_is_mistaken_for_another() -> None:
    assert not set("0O1IL") & set(ALPHABET)
    assert len(set(ALPHABET)) == 31


def test_a_new_code_is_printed_in_fours_and_read_back() -> None:
    code = new_code(12)
    assert len(code) == 12
    assert grouped("7K2M94QDXH3T") == "7K2M-94QD-XH3T"
    assert read_code(grouped(code), 12) == code
    assert new_code(12) != code


@pytest.mark.parametrize(
    "typed",
    [
        "7K2M-94QD-XH3T",
        "7k2m94qdxh3t",
        " 7k2m 94qd xh3t ",
        "７Ｋ２Ｍ－９４ＱＤ－ＸＨ３Ｔ",
        "7K2M\u201394QD\u2011XH3T\n",
        "\u202a7K2M-94QD-XH3T\u202c",
    ],
)
def test_any_case_and_any_spacing_will_do(typed: str) -> None:
    assert read_code(typed, 12) == "7K2M94QDXH3T"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "7K2M-94QD-XH3",
        "7K2M-94QD-XH3TT",
        "OK2M-94QD-XH3T",
        "1K2M-94QD-XH3T",
        "7К2M-94QD-XH3T",
        "7" * 5000,
        "\ud800",
    ],
)
def test_what_cannot_have_been_printed_is_none(typed: str) -> None:
    assert read_code(typed, 12) is None
