"""A code fits an address whatever is in it, and carries back what was put in."""

from uuid import uuid4

from idp.authorization import codes
from idp.authorization.codes import NONCE_INSIDE, Code
from idp.claims.catalogue import BARE_SCOPES, CLAIMS_OF_ATTRIBUTE, SCOPES
from keys.sealing import Sealer
from tests.builders import NOW

SEALER = Sealer(b"m" * 32, "https://masuk.gapura.example", "production")


def test_the_fullest_code_is_no_longer_than_a_kilobyte() -> None:
    """protocol.md §5: every scope, every attribute twice, the longest nonce that stays inside."""
    numbers = tuple(range(1, len(CLAIMS_OF_ATTRIBUTE) + 1))
    fullest = Code(
        code_id=uuid4(), citizen_id=uuid4(), session_id=uuid4(), client_no=99_999, purpose_no=999,
        consent_id=uuid4(), redirect_digest=codes.digest_of("https://a.example/cb"), challenge="c" * 43,
        nonce="n" * NONCE_INSIDE, scope=" ".join([*BARE_SCOPES, *SCOPES]), userinfo_nos=numbers,
        id_token_nos=numbers, stored=uuid4(),
    )  # fmt: skip
    sealed = codes.seal(SEALER, fullest, NOW)
    assert len(sealed) <= 1024
    assert codes.open_sealed(SEALER, sealed, NOW) == fullest
