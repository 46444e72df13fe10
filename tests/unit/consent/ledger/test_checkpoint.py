"""The signed note against the vectors of the specification, and against what strangers may send."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from consent.ledger import checkpoint
from consent.ledger.checkpoint import BadNote, Checkpoint, Signer, VerifierKey

ORIGIN = "ledger.gapura.example/2026"
ROOT = bytes.fromhex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
EIGHT = Checkpoint(ORIGIN, 8, ROOT)
EXAMPLE = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
WITNESS_LINE = (
    "ITPKjgAAAABpJIEAaN0to0dnc7eYuKM/YmTj+oEpQV0qbE3xdNf/CaMQ18hbA4viGZhgMyPhKYR5dBJ0ZEzG+6WlwuD1r2yoeFevCQ=="
)


def a_signer(seed: bytes, name: str = ORIGIN) -> Signer:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return Signer(name, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), key.sign)


LOG = a_signer(bytes(range(0x20)))
WITNESS_SEED = bytes(range(0x20, 0x40))
WITNESS = VerifierKey("witness.ombudsman.example/w1", checkpoint.COSIGNATURE, a_signer(WITNESS_SEED).public)
NOTE = checkpoint.sign(EIGHT, LOG)
COSIGNED = NOTE + f"— {WITNESS.name} {WITNESS_LINE}\n"


def test_the_verifier_key_is_that_of_the_vector() -> None:
    written = "ledger.gapura.example/2026+e6cc766a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    assert str(LOG.verifier) == written
    assert VerifierKey.parse(written) == LOG.verifier


def test_the_checkpoint_signs_as_the_vector_does() -> None:
    line = NOTE.splitlines()[-1]
    assert NOTE.startswith(f"{ORIGIN}\n8\n{base64.b64encode(ROOT).decode()}\n\n")
    assert line == (
        f"— {ORIGIN} 5sx2amu6tnOPs76e7/rYxwH/6tjGUy1MFpyM4oxXvA6KGVjzTqV6KHcnmzTyHF+bcvtL40XPDGoW8gPHBNElOYqGHAk="
    )


def test_a_signed_checkpoint_verifies() -> None:
    assert checkpoint.verify(NOTE, [LOG.verifier]) == EIGHT


def test_the_cosignature_of_the_vector_verifies() -> None:
    text, signed = checkpoint.open_note(COSIGNED, [LOG.verifier, WITNESS])
    assert text == EIGHT.text()
    assert signed == [LOG.verifier, WITNESS]


def test_the_note_of_the_specification_opens() -> None:
    """C2SP signed-note, its own example."""
    key = VerifierKey.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    note = f"This is an example message.\n\n— example.com/foo {EXAMPLE}\n"
    assert checkpoint.open_note(note, [key]) == ("This is an example message.\n", [key])


def test_a_signature_of_an_unknown_key_is_ignored() -> None:
    assert checkpoint.verify(COSIGNED, [LOG.verifier]) == EIGHT


def test_sixteen_unknown_signatures_are_no_obstacle() -> None:
    stranger = a_signer(b"s" * 32, "stranger.example")
    line = checkpoint.signature_line(stranger.verifier, stranger.sign(b"anything"))
    assert checkpoint.verify(NOTE + line * 16, [LOG.verifier]) == EIGHT


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(NOTE.replace("\n8\n", "\n9\n"), id="another size"),
        pytest.param(
            COSIGNED.replace(WITNESS_LINE[:12], WITNESS_LINE[:8] + "AAAB"), id="a witness's time changed"
        ),
        pytest.param(NOTE.replace("ledger.", "other.", 1), id="another origin under the same signature"),
        pytest.param(NOTE[:-1], id="no newline at the end"),
        pytest.param(EIGHT.text(), id="no signature"),
        pytest.param(EIGHT.text() + "\n", id="no signature line"),
        pytest.param(NOTE.replace("—", "-"), id="a hyphen for the dash"),
        pytest.param(NOTE + "\x07", id="a control character"),
        pytest.param(NOTE.replace("— ledger", "— a+b/ledger"), id="a plus in a name"),
        pytest.param(NOTE[:-4] + "!!=\n", id="not base64"),
        pytest.param(NOTE + "— x AAAA\n", id="a signature too short"),
        pytest.param("x" * 200_000, id="endless"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_spoiled_note_is_refused(note: str) -> None:
    with pytest.raises(BadNote):
        checkpoint.verify(note, [LOG.verifier, WITNESS])


def test_a_note_that_no_known_key_signed_is_refused() -> None:
    with pytest.raises(BadNote, match="no known key"):
        checkpoint.verify(NOTE, [a_signer(b"o" * 32).verifier])


def test_a_witness_alone_makes_no_checkpoint() -> None:
    alone = EIGHT.text() + f"\n— {WITNESS.name} {WITNESS_LINE}\n"
    with pytest.raises(BadNote, match="the log itself"):
        checkpoint.verify(alone, [WITNESS])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{ORIGIN}\n08\n{'A' * 43}=\n", id="a leading zero"),
        pytest.param(f"{ORIGIN}\n-1\n{'A' * 43}=\n", id="a sign"),
        pytest.param(f"{ORIGIN}\n٣\n{'A' * 43}=\n", id="another script's digit"),
        pytest.param(f"{ORIGIN}\n{'9' * 5000}\n{'A' * 43}=\n", id="an endless number"),
        pytest.param(f"{ORIGIN}\n8\nAAAA\n", id="a short root"),
        pytest.param(f"\n8\n{'A' * 43}=\n", id="no origin"),
        pytest.param(f"{ORIGIN}\n8\n{'A' * 43}=\nextension\n", id="an extension line"),
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "written",
    [
        "ledger.gapura.example/2026+00000000+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "ledger.gapura.example/2026+e6cc766a+AwOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "a name+e6cc766a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "nonsense",
        "",
    ],
)
def test_a_malformed_verifier_key_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        VerifierKey.parse(written)
