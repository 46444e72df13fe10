"""Writes malformed and misused JWTs, fresh for one audience and one client.

    python make_jwt.py --aud https://gapura.example.go.id --client vektor-klien --out tokens/

Needs joserfc and cryptography. `jwks.json` (public) is what the test registers for the client; the private key is made
anew on every run. Each token is a file NAME.jwt; expected.json says what a verifier of client assertions must answer.
"""

import argparse
import base64
import hashlib
import hmac
import json
import pathlib
import time
import uuid

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey


def b64(b):
    return base64.urlsafe_b64encode(b).rstrip(b"=").decode()


def raw(header, payload, sig=b""):
    return ".".join((b64(json.dumps(header).encode()), b64(json.dumps(payload).encode()), b64(sig)))


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--aud", required=True)
    a.add_argument("--client", required=True)
    a.add_argument("--out", default="tokens")
    o = a.parse_args()
    out = pathlib.Path(o.out)
    out.mkdir(exist_ok=True)
    now = int(time.time())
    key = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig", "alg": "ES256"})
    other = ECKey.generate_key("P-256", {"kid": "k1"})
    rsa = RSAKey.generate_key(2048, {"kid": "r1", "use": "sig", "alg": "RS256"})

    def claims(**kw):
        c = dict(iss=o.client, sub=o.client, aud=o.aud, iat=now, exp=now + 60, jti=str(uuid.uuid4()))
        c.update(kw)
        return {k: v for k, v in c.items() if v is not ...}

    def sign(c, key=key, **h):
        header = {"alg": "ES256", "kid": "k1"}
        header.update(h)
        header = {k: v for k, v in header.items() if v is not ...}
        return jwt.encode(header, c, key, algorithms=["ES256", "RS256"])

    def sign_raw(header, payload_bytes):  # for what the library rightly refuses to write
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        m = (b64(json.dumps(header).encode()) + "." + b64(payload_bytes)).encode()
        r, s = decode_dss_signature(key.private_key.sign(m, ec.ECDSA(hashes.SHA256())))
        return m.decode() + "." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    pem = key.as_pem(private=False)
    h, p = {"alg": "HS256", "kid": "k1"}, claims()
    signing_input = raw(h, p).rsplit(".", 1)[0]
    T = {
        "good": (sign(claims()), True),
        "alg_none": (raw({"alg": "none"}, claims()), False),
        "alg_None_mixed_case": (raw({"alg": "nOnE"}, claims()), False),
        "hs256_with_public_pem": (
            signing_input + "." + b64(hmac.new(pem, signing_input.encode(), hashlib.sha256).digest()),
            False,
        ),
        "embedded_jwk": (sign(claims(), other, jwk=other.as_dict(private=False)), False),
        "other_key_same_kid": (sign(claims(), other), False),
        "registered_alg_es256_sent_rs256": (sign(claims(), rsa, alg="RS256", kid="r1"), False),
        "crit_unknown": (
            sign_raw(
                {"alg": "ES256", "kid": "k1", "crit": ["x-policy"], "x-policy": "strict"},
                json.dumps(claims()).encode(),
            ),
            False,
        ),
        "crit_empty": (sign_raw({"alg": "ES256", "kid": "k1", "crit": []}, json.dumps(claims()).encode()), False),
        "no_kid": (sign(claims(), kid=...), None),
        "unknown_kid": (sign(claims(), kid="k-lain"), False),
        "aud_token_endpoint": (sign(claims(aud=o.aud + "/token")), None),
        "aud_array_ours_and_other": (sign(claims(aud=[o.aud, "https://lain.example.go.id"])), False),
        "aud_prefix_of_ours": (sign(claims(aud=o.aud[:-1])), False),
        "aud_ours_with_slash": (sign(claims(aud=o.aud + "/")), None),
        "no_aud": (sign(claims(aud=...)), False),
        "no_exp": (sign(claims(exp=...)), False),
        "no_jti": (sign(claims(jti=...)), False),
        "expired_61s": (sign(claims(iat=now - 200, exp=now - 61)), False),
        "iat_future_8s": (sign(claims(iat=now + 8)), True),
        "iat_future_90s": (sign(claims(iat=now + 90, exp=now + 150)), False),
        "exp_in_a_year": (sign(claims(exp=now + 31_536_000)), False),
        "sub_differs": (sign(claims(sub="klien-lain")), False),
        "iss_differs": (sign(claims(iss="klien-lain")), False),
        "typ_at_jwt": (sign(claims(), typ="at+jwt"), False),
        "typ_logout_jwt": (sign(claims(), typ="logout+jwt"), False),
        "payload_is_array": (sign_raw({"alg": "ES256", "kid": "k1"}, b"[]"), False),
        "payload_not_json": (sign_raw({"alg": "ES256", "kid": "k1"}, b"\xff\xfe"), False),
        "two_segments": ("a.b", False),
        "five_segments": ("a.b.c.d.e", False),
        "header_100_kB": (
            sign_raw({"alg": "ES256", "kid": "k1", "x": "A" * 100_000}, json.dumps(claims()).encode()),
            False,
        ),
    }
    for name, (token, _) in T.items():
        (out / f"{name}.jwt").write_text(token if isinstance(token, str) else token.decode())
    (out / "jwks.json").write_text(json.dumps({"keys": [key.as_dict(private=False)]}, indent=1))
    (out / "expected.json").write_text(
        json.dumps(
            {
                n: {True: "accept", False: "401 invalid_client", None: "documented choice, never 500"}[v]
                for n, (_, v) in T.items()
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
