"""Length and a list, nothing else."""

import pytest

from idp.accounts.password_rules import Refusal, Weakness, find_refusal, normal_form

PERSONAL = ("3273010101900001", "+6281234567890", "budi.santoso@example.id", "Budi Santoso Wijaya")


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("kuda lumping dan hujan", id="a phrase"),
        pytest.param("correct horse and staple", id="a phrase in another language"),
        pytest.param("kkkjjjhhhggqq", id="13 letters and no digit, sign or capital"),
        pytest.param("845920175836", id="12 digits that are no row"),
        pytest.param("x845920175836", id="a letter and 12 digits"),
        pytest.param("ééééabcüüüüx", id="12 code points"),
        pytest.param("katakunciku yang panjang sekali " * 8, id="256 code points"),
        pytest.param("sayangku minum kopi", id="common words in a row of several"),
        pytest.param("日本語のパスワードは長い方がいい", id="another script"),
    ],
)
def test_what_is_long_and_not_obvious_is_accepted(password: str) -> None:
    """(row 85)"""
    assert find_refusal(password, personal=PERSONAL, second_factor=True) is None


@pytest.mark.parametrize(
    ("password", "weakness"),
    [
        pytest.param("password1234", Weakness.COMMON, id="a common word with digits"),
        pytest.param("PASSWORD!!!2026", Weakness.COMMON, id="a common word with capitals, signs and a year"),
        pytest.param("passwordpassword", Weakness.COMMON, id="a common word twice"),
        pytest.param("bismillahirrahmanirrahim", Weakness.COMMON, id="what half the country would try first"),
        pytest.param("Indonesia1945", Weakness.COMMON, id="the country and its year"),
        pytest.param("qwertyuiop[]", Weakness.COMMON, id="a row of the keyboard"),
        pytest.param("mnbvcxzlkjhgfdsa", Weakness.COMMON, id="rows of the keyboard backwards"),
        pytest.param("1qaz2wsx3edc4rfv", Weakness.COMMON, id="columns of the keyboard"),
        pytest.param("123456789012", Weakness.COMMON, id="digits in order"),
        pytest.param("098765432109876", Weakness.COMMON, id="digits in order, backwards"),
        pytest.param("111111111111", Weakness.COMMON, id="one digit"),
        pytest.param("!!!!!!!!!!!!!!!", Weakness.COMMON, id="one sign"),
        pytest.param("!@#$%^&*()_+", Weakness.COMMON, id="the upper row with shift"),
        pytest.param("482482482482482", Weakness.COMMON, id="three digits again and again"),
        pytest.param("gapuragapura", Weakness.OUR_NAME, id="our name"),
        pytest.param("G A P U R A 2026 !", Weakness.OUR_NAME, id="our name, spread out"),
        pytest.param("3273010101900001", Weakness.PERSONAL, id="the NIK"),
        pytest.param("3273-0101-0190-0001", Weakness.PERSONAL, id="the NIK with hyphens"),
        pytest.param("081234567890", Weakness.PERSONAL, id="the mobile number as people say it"),
        pytest.param("+6281234567890", Weakness.PERSONAL, id="the mobile number as we keep it"),
        pytest.param("Budi.Santoso@example.id", Weakness.PERSONAL, id="the address"),
        pytest.param("budisantoso99", Weakness.PERSONAL, id="the address before its @, and a number"),
        pytest.param("budi santoso wijaya", Weakness.PERSONAL, id="the name"),
    ],
)
def test_what_anyone_would_try_first_is_refused_with_the_reason(password: str, weakness: Weakness) -> None:
    """(row 85)"""
    assert find_refusal(password, personal=PERSONAL, second_factor=True) == Refusal(weakness)


def test_twelve_with_a_second_factor_and_fifteen_without() -> None:
    assert find_refusal("x" * 5 + "kjhiuy", personal=(), second_factor=True) == Refusal(Weakness.TOO_SHORT, 12, 11)
    fourteen = "pohon mangga 7"
    assert find_refusal(fourteen, personal=(), second_factor=True) is None
    assert find_refusal(fourteen, personal=(), second_factor=False) == Refusal(Weakness.TOO_SHORT, 15, 14)


def test_more_than_256_code_points_are_refused_not_cut() -> None:
    assert find_refusal("xq7" * 86, personal=(), second_factor=True) == Refusal(Weakness.TOO_LONG, 256, 258)


def test_a_letter_with_its_accent_is_counted_once_however_it_was_typed() -> None:
    """(row 86)"""
    composed, decomposed = "\u00e9" * 11, "e\u0301" * 11
    assert normal_form(composed) == normal_form(decomposed)
    assert find_refusal(decomposed, personal=(), second_factor=True) == Refusal(Weakness.TOO_SHORT, 12, 11)
