import pytest

from idp.web import permits


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ([], ""),
        (["Nama"], "Nama"),
        (["Nama", "NIK", "Nomor BPJS", "E-mail"], "Nama, NIK, nomor BPJS, e-mail"),
        (["NPWP", "Village"], "NPWP, village"),
    ],
)
def test_labels_are_listed_as_a_sentence_would(labels: list[str], text: str) -> None:
    assert permits.listed(labels) == text


def test_within_a_sentence_only_abbreviations_keep_their_capitals() -> None:
    assert permits.in_sentence(["Nomor HP", "NIK", "E-mail"]) == "nomor HP, NIK, e-mail"
