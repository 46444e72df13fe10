import pytest

from consent.attributes import Attribute
from idp.claims import notice_words


def attribute(name: str, sensitivity: str = "specific") -> Attribute:
    return Attribute(1, name, 1, 0, sensitivity, 1, 1, {"id": name}, None)


@pytest.mark.parametrize(
    ("offered", "warning"),
    [
        ([attribute("name", "general")], ""),
        ([attribute("bpjs_number"), attribute("name", "general")], "Ini data kesehatan."),
        ([attribute("npwp")], "Ini data keuangan."),
        ([attribute("bpjs_number"), attribute("npwp")], "Sebagian data ini peka."),
        ([attribute("of_a_later_catalogue")], "Sebagian data ini peka."),
    ],
)
def test_specific_data_are_called_by_their_kind(offered: list[Attribute], warning: str) -> None:
    assert notice_words.warning_of(offered) == warning
