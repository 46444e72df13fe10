"""Schema keys: signing keys, their private halves, keys that die one by one. Before the release.

Not reversible: going back would destroy every signing key. A backup from before the upgrade is the way back.
"""

from alembic import op

revision = "0001"
down_revision = None

SQL = """
CREATE SCHEMA keys;

CREATE TYPE keys.key_state AS ENUM ('published', 'signing', 'retired', 'destroyed', 'compromised');

-- Signing keys, one row each, through their whole life; their public halves. Writer: keys/keyring. Life: never deleted; a destroyed key
-- keeps its public half, so that what it once signed can still be judged. A few hundred rows a decade; cached in every process.
CREATE TABLE keys.signing_keys (
  kid            text           NOT NULL,   -- RFC 7638 thumbprint
  algorithm      text           NOT NULL,   -- JWS `alg` ('EdDSA' for Ed25519 keys, the ledger's too)
  role           text           NOT NULL,   -- what it may sign, and nothing else
  state          keys.key_state NOT NULL,
  public_jwk     jsonb          NOT NULL,
  published_at   timestamptz    NOT NULL,   -- in the JWKS; at least 2 × 900 s before the first signature
  signing_at     timestamptz,
  retired_at     timestamptz,
  destroyed_at   timestamptz,
  compromised_at timestamptz,
  CONSTRAINT signing_keys_pkey PRIMARY KEY (kid),
  CONSTRAINT signing_keys_algorithm CHECK (algorithm IN ('RS256', 'PS256', 'ES256', 'EdDSA', 'ML-DSA-44')),
  CONSTRAINT signing_keys_role CHECK (role IN ('tokens', 'receipts', 'ledger', 'events', 'federation')),
  CONSTRAINT signing_keys_in_order CHECK (signing_at >= published_at AND retired_at >= signing_at AND destroyed_at >= retired_at)
);
-- One signer for a role and algorithm at any time; two workers that both rotate lose to this index.
CREATE UNIQUE INDEX signing_keys_one_signs ON keys.signing_keys (role, algorithm) WHERE state = 'signing';

-- Their private halves. The worker reads all of them; the doors read those of role `tokens`, through the view, and so can neither sign a
-- checkpoint nor a receipt nor an event. Writer: keys/keyring. Life: gone in the commit that destroys the key (trigger).
CREATE TABLE keys.private_keys (
  kid            text  NOT NULL REFERENCES keys.signing_keys,
  private_sealed bytea,                     -- under a key derived from the master key; null when it lives in an HSM
  hsm_label      text,                      -- its name in the HSM, where it lives in one
  CONSTRAINT private_keys_pkey PRIMARY KEY (kid),
  CONSTRAINT private_keys_somewhere CHECK ((private_sealed IS NULL) = (hsm_label IS NOT NULL))
);
CREATE FUNCTION keys.delete_private_half() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM keys.private_keys WHERE kid = NEW.kid;
  RETURN NULL;
END $$;
CREATE TRIGGER signing_keys_private_gone AFTER UPDATE OF state ON keys.signing_keys
  FOR EACH ROW WHEN (NEW.state = 'destroyed') EXECUTE FUNCTION keys.delete_private_half();
CREATE VIEW keys.token_keys WITH (security_barrier) AS
SELECT p.kid, p.private_sealed, p.hsm_label
  FROM keys.private_keys AS p
  JOIN keys.signing_keys AS s ON s.kid = p.kid
 WHERE s.role = 'tokens';

-- Keys that must die one by one: today one for each batch of old hashes. Every other sealing key (codes, tokens, cookies, links, citizens'
-- keys) is derived (HKDF) from the key store by kind and day or version, and stored nowhere. Writer: keys/keyring. Life: never deleted;
-- `destroyed_at` empties `key_sealed`.
CREATE TABLE keys.data_keys (
  key_no       integer     GENERATED ALWAYS AS IDENTITY,
  label        text        NOT NULL,   -- `legacy-batch/117`
  key_sealed   bytea,                  -- under a key derived from the master key
  created_at   timestamptz NOT NULL,
  destroyed_at timestamptz,
  CONSTRAINT data_keys_pkey PRIMARY KEY (key_no),
  CONSTRAINT data_keys_label UNIQUE (label),
  CONSTRAINT data_keys_gone CHECK ((destroyed_at IS NULL) = (key_sealed IS NOT NULL))
);

GRANT USAGE ON SCHEMA keys TO gapura_web, gapura_worker, gapura_auditor;
-- web sees the private halves of token keys alone, through the view: it can sign neither a checkpoint nor a receipt nor an event.
GRANT SELECT ON keys.signing_keys, keys.data_keys, keys.token_keys TO gapura_web;
GRANT INSERT, UPDATE ON keys.signing_keys, keys.data_keys TO gapura_worker;
GRANT SELECT, INSERT, DELETE ON keys.private_keys TO gapura_worker;
GRANT SELECT ON keys.signing_keys TO gapura_auditor;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
