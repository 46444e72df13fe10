from typing import Any

import pytest
from flask import Flask

from idp.web.masking import Shown, shown


@pytest.mark.parametrize(
    ("name", "value", "text", "spoken"),
    [
        ("nik", "3273004505900004", "•••• •••• •••• 0004", "berakhir 0 0 0 4"),
        ("bpjs_number", "0001234565512", "••••• •••• 5512", "berakhir 5 5 1 2"),
        ("npwp", "012345678901000", "••• •••• •••• 1000", "berakhir 1 0 0 0"),
        ("phone_number", "+628123451234", "+62 ••• •••• 1234", "berakhir 1 2 3 4"),
        ("email", "siti@gmail.com", "s•••@g•••.com", "dimulai dengan s, di g … com"),
        ("birthdate", "1990-05-05", "1990", None),
        ("address", {"street_address": "Jalan Melati 7", "village": "Sukamaju Kidul"}, "Sukamaju Kidul", None),
        ("address", {"formatted": "Jalan Melati 7"}, "tercatat", None),
        ("address", "Jalan Melati 7", "tercatat", None),
        ("name", "O", "O", None),
        ("gender", "female", "perempuan", None),
        ("locale", "id-ID", "Indonesia", None),
        ("locale", "en", "Inggris", None),
        ("locale", "klingon", "klingon", None),
        ("name", "Nur 'Aini", "Nur 'Aini", None),
        ("age_over_18", True, "ya", None),
        ("age_over_17", False, "tidak", None),
        ("nationalities", ["ID", "NL"], "ID, NL", None),
        ("email", None, "belum ada", None),
        ("email", "", "belum ada", None),
    ],
)
def test_a_citizens_own_value_is_shown_enough_to_recognise_it(
    app: Flask, name: str, value: Any, text: str, spoken: str | None
) -> None:
    with app.test_request_context():
        assert shown(name, value) == Shown(text, spoken)


def test_nothing_of_a_number_but_its_last_four_figures_is_in_the_text(app: Flask) -> None:
    with app.test_request_context():
        masked = shown("nik", "9171004112900001")
        assert "9171" not in masked.text + str(masked.spoken)
