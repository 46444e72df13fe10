"""Our JWK Set shows public members only."""

import json

from keys import jwks, public_keys
from keys.keyring import Keyring
from keys.rotation import State
from tests.unit.keys.conftest import MakeKey


def test_the_set_lists_what_may_verify_and_nothing_else(make_key: MakeKey) -> None:
    """(row 70)"""
    by_state = {state: make_key("ES256", state=state) for state in State}
    others = [
        make_key("EdDSA", role="ledger"),
        make_key("ES256", role="receipts"),
        make_key("ES256", role="events"),
    ]
    body, _ = jwks.document(Keyring((*by_state.values(), *others)))
    kids = [key["kid"] for key in json.loads(body)["keys"]]
    assert kids == [by_state[state].kid for state in (State.SIGNING, State.PUBLISHED, State.RETIRED)]


def test_no_private_member_shows(make_key: MakeKey) -> None:
    """(row 69)"""
    keyring = Keyring(tuple(make_key(algorithm) for algorithm in ("RS256", "ES256", "EdDSA")))
    for key in json.loads(jwks.document(keyring)[0])["keys"]:
        assert {"kty", "use", "alg", "kid"} <= set(key) <= {"kty", "use", "alg", "kid", "n", "e", "crv", "x", "y"}
        assert key["use"] == "sig"


def test_a_private_member_in_the_row_would_not_show_either(make_key: MakeKey) -> None:
    """(row 69)"""
    key = make_key("EdDSA")
    key.public_jwk["d"] = "secret"
    assert b"secret" not in jwks.document(Keyring((key,)))[0]


def test_the_etag_changes_with_the_set(make_key: MakeKey) -> None:
    first, second = make_key("ES256"), make_key("EdDSA")
    assert jwks.document(Keyring((first,))) == jwks.document(Keyring((first,)))
    etags = {jwks.document(Keyring(keys))[1] for keys in ((first,), (second,), (first, second))}
    assert len(etags) == 3
    assert all(etag.startswith('"') and etag.endswith('"') for etag in etags)


def test_our_own_set_can_be_read_as_any_other(make_key: MakeKey) -> None:
    keyring = Keyring(tuple(make_key(algorithm) for algorithm in ("RS256", "ES256", "EdDSA")))
    good, bad = public_keys.read_set(json.loads(jwks.document(keyring)[0]))
    assert [key.kid for key in good] == [key.kid for key in keyring.verifiers("tokens")]
    assert bad == []
