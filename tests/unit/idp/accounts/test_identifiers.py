"""One canonical form for what a citizen types; what only looks like one is refused."""

import pytest

from idp.accounts.identifiers import (
    Fault,
    Identifier,
    Kind,
    Unreadable,
    digest,
    normalise,
    read_email,
    read_nik,
    read_phone,
)

NIK = "3273010101900001"


@pytest.mark.parametrize(
    ("typed", "kind", "normal"),
    [
        pytest.param(NIK, Kind.NIK, NIK, id="a NIK as printed"),
        pytest.param(" 3273 0101-0190.0001 ", Kind.NIK, NIK, id="spaces, hyphens and dots between digits"),
        pytest.param("3273\u00a00101\u202f0190\u20110001", Kind.NIK, NIK, id="non-breaking spaces and hyphens"),
        pytest.param("３２７３０１０１０１９００００１", Kind.NIK, NIK, id="full-width digits"),
        pytest.param(
            "\u202a3273010101900001\u202c", Kind.NIK, NIK, id="the marks that copying from a chat brings along"
        ),
        pytest.param("3273014101900001", Kind.NIK, "3273014101900001", id="a woman's NIK has 40 added to the day"),
        pytest.param("9988010101900001", Kind.NIK, "9988010101900001", id="an unknown region is a new province"),
        pytest.param(
            "9171010101900001", Kind.NIK, "9171010101900001", id="a NIK from Papua exceeds 2 to the 53rd"
        ),
        pytest.param("081234567890", Kind.PHONE, "+6281234567890", id="a mobile number with 0"),
        pytest.param("0812-3456-7890", Kind.PHONE, "+6281234567890", id="a mobile number with hyphens"),
        pytest.param("6281234567890", Kind.PHONE, "+6281234567890", id="a mobile number with 62"),
        pytest.param("+62 812 3456 7890", Kind.PHONE, "+6281234567890", id="a mobile number with +62"),
        pytest.param(
            "＋６２８１２３４５６７８９０", Kind.PHONE, "+6281234567890", id="a full-width mobile number"
        ),
        pytest.param(
            "6281010101900001", Kind.NIK, "6281010101900001", id="16 digits are a NIK, whatever they begin with"
        ),
        pytest.param("Budi@Example.ID", Kind.EMAIL, "budi@example.id", id="an address in upper case"),
        pytest.param("  budi@example.id\t", Kind.EMAIL, "budi@example.id", id="an address with spaces around it"),
        pytest.param(
            "bu\u200bdi@example.id", Kind.EMAIL, "budi@example.id", id="an address with a zero-width space in it"
        ),
        pytest.param("ｂｕｄｉ＠ｅｘａｍｐｌｅ．ｉｄ", Kind.EMAIL, "budi@example.id", id="a full-width address"),
        pytest.param("a+tag@x.museum", Kind.EMAIL, "a+tag@x.museum", id="a tag and a long top-level domain"),
    ],
)
def test_each_spelling_has_one_canonical_form(typed: str, kind: Kind, normal: str) -> None:
    """(C064, row 87)"""
    assert normalise(typed) == Identifier(kind, normal)


@pytest.mark.parametrize(
    ("typed", "finding"),
    [
        pytest.param("", Unreadable(Fault.EMPTY), id="nothing"),
        pytest.param(" \u200b\u00a0", Unreadable(Fault.EMPTY), id="nothing that can be seen"),
        pytest.param("budi", Unreadable(Fault.NOT_RECOGNISED), id="a name"),
        pytest.param("327301010190001", Unreadable(Fault.NIK_LENGTH, 16, 15), id="a NIK with 15 digits"),
        pytest.param("32730101019000012", Unreadable(Fault.NIK_LENGTH, 16, 17), id="a NIK with 17 digits"),
        pytest.param("3,27301E+15", Unreadable(Fault.NOT_DIGITS), id="a NIK that a spreadsheet has rounded"),
        pytest.param("327301010190000l", Unreadable(Fault.NOT_DIGITS), id="an l for a 1"),
        pytest.param("٣273010101900001", Unreadable(Fault.NOT_DIGITS), id="an Arabic digit among ours"),
        pytest.param("3273013201900001", Unreadable(Fault.NIK_DATE), id="a day 32"),
        pytest.param("3273014001900001", Unreadable(Fault.NIK_DATE), id="a day 40"),
        pytest.param("3273010113900001", Unreadable(Fault.NIK_DATE), id="a month 13"),
        pytest.param("3273010101900000", Unreadable(Fault.NIK_SERIAL), id="the serial 0000"),
        pytest.param("0812345", Unreadable(Fault.PHONE_LENGTH, 9, 6), id="a mobile number too short"),
        pytest.param("+6281234567890123", Unreadable(Fault.PHONE_LENGTH, 13, 14), id="a mobile number too long"),
        pytest.param("021 5678 9012", Unreadable(Fault.PHONE_NOT_MOBILE), id="a fixed line"),
        pytest.param("+60123456789", Unreadable(Fault.PHONE_ABROAD), id="another country's number"),
        pytest.param("budi@example", Unreadable(Fault.EMAIL_SHAPE), id="a domain without a dot"),
        pytest.param("a@b@example.id", Unreadable(Fault.EMAIL_SHAPE), id="two @"),
        pytest.param("@example.id", Unreadable(Fault.EMAIL_SHAPE), id="nobody at a domain"),
        pytest.param("budi@example..id", Unreadable(Fault.EMAIL_SHAPE), id="an empty label"),
        pytest.param("budi budi@example.id", Unreadable(Fault.EMAIL_SHAPE), id="a space inside"),
        pytest.param("bud\u0456@example.id", Unreadable(Fault.EMAIL_LETTERS), id="a Cyrillic look-alike"),
        pytest.param("budi\x00@example.id", Unreadable(Fault.EMAIL_LETTERS), id="a zero byte"),
        pytest.param("bu\ud800di@example.id", Unreadable(Fault.EMAIL_LETTERS), id="half a surrogate pair"),
        pytest.param("a" * 250 + "@x.id", Unreadable(Fault.TOO_LONG, 254, 255), id="an address of 255 characters"),
        pytest.param("9" * 100_000, Unreadable(Fault.TOO_LONG, 320, 100_000), id="a hundred thousand digits"),
    ],
)
def test_what_is_no_identifier_is_refused_with_its_numbers(typed: str, finding: Unreadable) -> None:
    """(row 87)"""
    assert normalise(typed) == finding


def test_where_only_a_nik_is_asked_a_mobile_number_is_a_short_nik() -> None:
    assert read_nik("081234567890") == Unreadable(Fault.NIK_LENGTH, 16, 12)
    assert read_nik(NIK) == Identifier(Kind.NIK, NIK)


def test_where_only_one_channel_is_asked_the_other_is_refused() -> None:
    assert read_phone("budi@example.id") == Unreadable(Fault.NOT_DIGITS)
    assert read_email("081234567890") == Unreadable(Fault.EMAIL_SHAPE)


def test_a_digest_depends_on_key_kind_and_value() -> None:
    one = Identifier(Kind.NIK, NIK)
    digests = {
        digest(b"k" * 32, one),
        digest(b"l" * 32, one),
        digest(b"k" * 32, Identifier(Kind.PHONE, NIK)),
        digest(b"k" * 32, Identifier(Kind.NIK, NIK[:-1] + "2")),
    }
    assert len(digests) == 4
    assert {len(one) for one in digests} == {32}


def test_an_identifier_shows_nothing_of_itself_in_a_traceback() -> None:
    assert NIK not in repr(Identifier(Kind.NIK, NIK))
