"""Schema idp: installation, agencies and clients, citizens, sessions, what the protocols keep, the trail. Before the release.

The schema itself is made by `env.py`, because the table of versions lies in it. Not reversible: going back would destroy every account and the trail. A backup from before the upgrade is the way back.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

SQL = r"""
CREATE TYPE idp.mode AS ENUM ('production', 'sandbox', 'demo');

-- What this database is: one row, written by the first migration run from GAPURA_MODE, changed by nobody (trigger). A process of another
-- mode refuses to start, so no person, secret or switch of the demo can wake up in production. Writer: migrations.
CREATE TABLE idp.installation (
  only_row   boolean     NOT NULL DEFAULT true,
  mode       idp.mode    NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT installation_pkey PRIMARY KEY (only_row),
  CONSTRAINT installation_one_row CHECK (only_row)
);
CREATE TRIGGER installation_written_once BEFORE UPDATE OR DELETE OR TRUNCATE ON idp.installation FOR EACH STATEMENT EXECUTE FUNCTION consent.refuse_change();

-- The one number every process asks for each 300 ms; moved in the transaction that changes clients, keys or agreements. A row and not a
-- sequence: its new value must not be seen before the change is. Writer: idp/invalidation.
CREATE TABLE idp.generation (
  only_row   boolean NOT NULL DEFAULT true,
  generation bigint  NOT NULL,
  CONSTRAINT generation_pkey PRIMARY KEY (only_row),
  CONSTRAINT generation_one_row CHECK (only_row)
) WITH (fillfactor = 50);
INSERT INTO idp.generation (generation) VALUES (1);

-- ---- agencies and clients: thousands of rows, reference tables on Citus; metadata cached in every process, `state` asked at each use ----

CREATE TYPE idp.agency_state AS ENUM ('registered', 'verified', 'suspended', 'dissolved');

-- Public bodies. Writer: idp/clients/agencies. Life: never deleted; a dissolved agency keeps its history.
CREATE TABLE idp.agencies (
  agency_no     integer          GENERATED ALWAYS AS IDENTITY,
  agency_code   text             NOT NULL,    -- the government's own code, stable for ever
  name          jsonb            NOT NULL,    -- by language
  state         idp.agency_state NOT NULL,
  dpo_contact   text             NOT NULL,    -- data protection officer; complaints and overdue deletions go there
  domains       text[]           NOT NULL DEFAULT '{}',   -- proven by DNS: where its redirect addresses may live
  successor_no  integer          REFERENCES idp.agencies (agency_no),   -- who took over at a merger
  created_at    timestamptz      NOT NULL,
  state_at      timestamptz      NOT NULL,
  CONSTRAINT agencies_pkey PRIMARY KEY (agency_no),
  CONSTRAINT agencies_code UNIQUE (agency_code),
  CONSTRAINT agencies_state UNIQUE (agency_no, state)            -- what its clients copy
);

-- Which citizen acts for which agency, or for Gapura itself (agency 0), in which role. Writer: idp/clients/memberships.
-- Life: ended, never deleted: the audit trail names it.
CREATE TABLE idp.memberships (
  agency_no      integer     NOT NULL REFERENCES idp.agencies,
  citizen_id     uuid        NOT NULL,
  role           text        NOT NULL,
  invited_by_id  uuid        NOT NULL,
  began_at       timestamptz NOT NULL,
  ended_at       timestamptz,
  CONSTRAINT memberships_pkey PRIMARY KEY (agency_no, citizen_id, role, began_at),       -- an agency's people
  CONSTRAINT memberships_role CHECK (role IN ('owner', 'developer', 'dpo', 'officer', 'reader', 'operator', 'auditor'))
);
CREATE INDEX memberships_of_citizen ON idp.memberships (citizen_id) WHERE ended_at IS NULL;   -- which doors open at sign-in

-- Sectors: clients of one sector see the same `sub`, which begins with the letter of its key's version. One an agency by default; a
-- narrower one for some of its clients (health, social); never a wider, and not by redirect host. Writer: idp/clients/agencies. Never deleted.
CREATE TABLE idp.sectors (
  sector_no            integer  GENERATED ALWAYS AS IDENTITY,
  agency_no            integer  NOT NULL REFERENCES idp.agencies,
  label                text     NOT NULL,            -- the pairwise key is derived from it; never used again for another
  narrowed_for         text,                         -- null: the agency's default
  key_version          smallint NOT NULL DEFAULT 1,  -- 1 is `a`
  previous_key_version smallint,                     -- `previous_sub` is given until `previous_until`
  previous_until       timestamptz,
  CONSTRAINT sectors_pkey PRIMARY KEY (sector_no),
  CONSTRAINT sectors_label UNIQUE (label),
  CONSTRAINT sectors_of_agency UNIQUE (agency_no, sector_no),
  CONSTRAINT sectors_key_version CHECK (key_version BETWEEN 1 AND 26 AND previous_key_version < key_version)
);
CREATE UNIQUE INDEX sectors_one_default ON idp.sectors (agency_no) WHERE narrowed_for IS NULL;

CREATE TYPE idp.client_profile AS ENUM ('standard', 'classic', 'native', 'fapi2', 'machine');
CREATE TYPE idp.client_state AS ENUM ('draft', 'sandbox', 'live', 'suspended', 'closed');

-- Applications on the wire. What every hop asks has a column; the rest of RFC 7591 is `metadata`.
-- Writer: idp/clients/registration. Life: never deleted (a closed client stays the name in the citizen's history); an
-- application that moves to another agency is a new client. Caches of its metadata are right within a second; both states
-- are asked by every statement that lets something out. `sandbox`: signs in only where the installation's mode is not production.
CREATE TABLE idp.clients (
  client_no          integer            GENERATED ALWAYS AS IDENTITY,  -- in the house: 4 bytes in every citizen's row
  client_id          text               NOT NULL,   -- on the wire; [A-Za-z0-9_-], or an https URL (CIMD, sandbox only)
  agency_no          integer            NOT NULL,
  agency_state       idp.agency_state   NOT NULL,   -- the agency's own, kept equal by the foreign key: one look judges both (12 us a statement
                                                    -- instead of 23), and whoever suspends an agency suspends its clients in that commit
  sector_no          integer            NOT NULL,   -- one of its agency's
  previous_sector_no integer            REFERENCES idp.sectors (sector_no),   -- where its `previous_sub` comes from: before a move, or
  previous_sub_until timestamptz,                                             -- of the client before a merger
  profile            idp.client_profile NOT NULL,
  state              idp.client_state   NOT NULL,
  name               jsonb              NOT NULL,   -- by language; from review, never from a request
  auth_method        text               NOT NULL,
  redirect_uris      text[]             NOT NULL,   -- compared byte for byte
  post_logout_uris   text[]             NOT NULL DEFAULT '{}',
  scopes             text[]             NOT NULL,
  id_token_alg       text               NOT NULL DEFAULT 'RS256',
  backchannel_logout_uri text,
  metadata           jsonb              NOT NULL,   -- every other member, as registered
  catalogue          jsonb,                         -- life event, search words, needs sign-in; null: not in the portal
  revision           integer            NOT NULL DEFAULT 1,
  created_at         timestamptz        NOT NULL,
  live_at            timestamptz,
  state_at           timestamptz        NOT NULL,
  CONSTRAINT clients_pkey PRIMARY KEY (client_no),
  CONSTRAINT clients_client_id UNIQUE (client_id),
  CONSTRAINT clients_agency FOREIGN KEY (agency_no, agency_state) REFERENCES idp.agencies (agency_no, state) ON UPDATE CASCADE,
  CONSTRAINT clients_sector FOREIGN KEY (agency_no, sector_no) REFERENCES idp.sectors (agency_no, sector_no),
  CONSTRAINT clients_auth_method CHECK (auth_method IN ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt',
    'tls_client_auth', 'self_signed_tls_client_auth')),
  CONSTRAINT clients_fapi2_has_key CHECK (profile <> 'fapi2' OR auth_method IN ('private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth')),
  CONSTRAINT clients_live_has_address CHECK (state <> 'live' OR profile = 'machine' OR cardinality(redirect_uris) > 0)
);
CREATE INDEX clients_of_agency ON idp.clients (agency_no, state);                 -- agency page; the copy of its state

-- Secrets, at most two alive, so that one can be replaced without a gap: the slot is the promise.
-- Writer: idp/clients/registration. Life: replaced by overwriting a slot, or deleted; the audit trail keeps when.
CREATE TABLE idp.client_secrets (
  client_no     integer     NOT NULL REFERENCES idp.clients,
  slot          smallint    NOT NULL,
  secret_digest bytea       NOT NULL,     -- SHA-256 of 256 random bits
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz,
  used_on       date,                     -- last day of use, written once a day, for "may I remove the old one?"
  CONSTRAINT client_secrets_pkey PRIMARY KEY (client_no, slot),
  CONSTRAINT client_secrets_two CHECK (slot IN (1, 2))
);

-- Keys of clients fetched from their jwks_uri, shared by all workers. Writer: idp/clients/jwks. Replaced at each fetch.
CREATE TABLE idp.client_keys (
  client_no   integer     NOT NULL REFERENCES idp.clients,
  jwks        jsonb       NOT NULL,
  fetched_at  timestamptz NOT NULL,       -- again after 300 s, or for an unknown kid, at most once in 30 s
  failed_at   timestamptz,
  CONSTRAINT client_keys_pkey PRIMARY KEY (client_no)
);

-- ---- citizens -----------------------------------------------------------------------------------------------

CREATE TYPE idp.account_state AS ENUM ('pending', 'active', 'locked', 'suspended', 'closed', 'deceased', 'erased');

-- A citizen's account: its state and how surely we know the person. Small, because every hop reads it.
-- Writer: idp/accounts/enrolment. Life: inserted at enrolment, never deleted; the same person re-activated is the same row.
CREATE TABLE idp.accounts (
  citizen_id    uuid              NOT NULL,   -- UUIDv7, never leaves the house; each sector sees its permutation (keys/pairwise)
  state         idp.account_state NOT NULL,
  ial           smallint          NOT NULL,   -- identity assurance level, 0 (nothing proved) to 3
  created_at    timestamptz       NOT NULL,
  state_at      timestamptz       NOT NULL,   -- since when in this state
  locked_until  timestamptz,                  -- only with `locked`; the state ends by itself
  CONSTRAINT accounts_pkey PRIMARY KEY (citizen_id),
  CONSTRAINT accounts_ial CHECK (ial BETWEEN 0 AND 3),
  CONSTRAINT accounts_lock_ends CHECK ((state = 'locked') = (locked_until IS NOT NULL))
) WITH (fillfactor = 95);

-- The data key of each citizen, sealed under a key derived from the key store's. Destroying the row is the erasure.
-- Writer: idp/accounts/profile. Life: with the account, until erased. A base backup with its WAL is sealed as a whole under a key of its
-- own in the key store, destroyed after 35 days: from then on an erased citizen's key is nowhere.
CREATE TABLE idp.citizen_keys (
  citizen_id uuid  NOT NULL,
  key_sealed bytea NOT NULL,              -- 1 byte version of the wrapping key (re-sealed when it moves), 12 nonce, 32 key, 16 tag
  CONSTRAINT citizen_keys_pkey PRIMARY KEY (citizen_id)
);

-- The attributes we hold ourselves, sealed as one document under the citizen's key.
-- Writer: idp/accounts/profile. Life: with the account; replaced as a whole, deleted at erasure.
CREATE TABLE idp.profiles (
  citizen_id     uuid        NOT NULL,
  profile_sealed bytea       NOT NULL,    -- AES-256-GCM of a JSON document, 0.5 to 4 KB
  revision       integer     NOT NULL DEFAULT 1,
  updated_at     timestamptz NOT NULL,    -- the claim `updated_at`
  CONSTRAINT profiles_pkey PRIMARY KEY (citizen_id)
);
ALTER TABLE idp.profiles ALTER COLUMN profile_sealed SET STORAGE EXTERNAL;  -- sealed bytes do not compress: do not try

CREATE TYPE idp.identifier_kind AS ENUM ('nik', 'email', 'phone');

-- What a citizen types to say who they are, as keyed digest. One NIK, one e-mail, one phone: one account.
-- Writer: idp/accounts/profile. Life: inserted when proved, deleted when given up or erased.
-- The one table of citizens whose unique index cannot contain citizen_id: finding the citizen is its job. On Citus it is
-- distributed by `digest`; a login is then one more hop between machines, and enrolment a two-phase commit. Never on the hop.
CREATE TABLE idp.identifiers (
  digest      bytea               NOT NULL,  -- HMAC-SHA-256(derived key, kind ‖ normal form), 32 bytes
  kind        idp.identifier_kind NOT NULL,
  citizen_id  uuid                NOT NULL,
  verified_at timestamptz         NOT NULL,  -- a code was answered, or the registry vouched; unproved ones stay in the profile
  CONSTRAINT identifiers_pkey PRIMARY KEY (digest, kind),        -- login
  CONSTRAINT identifiers_digest_size CHECK (octet_length(digest) = 32)
);
CREATE INDEX identifiers_of_citizen ON idp.identifiers (citizen_id);   -- account page; erasure

-- Passwords, and the account's memory of wrong proofs: of its password, and of its second factor (a stranger spends the one, only who
-- knows the password the other). Writer: idp/accounts/passwords. Life: one a citizen, replaced; deleted when given up or erased.
CREATE TABLE idp.passwords (
  citizen_id      uuid        NOT NULL,
  hash            text        NOT NULL,      -- argon2id in PHC form
  set_at          timestamptz NOT NULL,
  failures        integer     NOT NULL DEFAULT 0,   -- in a row, since the last success
  failed_at       timestamptz,
  refused_until   timestamptz,               -- the time the page names; recovery and passkeys stay open
  factor_failures      integer NOT NULL DEFAULT 0,
  factor_failed_at     timestamptz,
  factor_refused_until timestamptz,
  CONSTRAINT passwords_pkey PRIMARY KEY (citizen_id)
) WITH (fillfactor = 80);  -- the failure counter is a HOT update

CREATE TYPE idp.audience AS ENUM ('citizen', 'agency', 'operator');
CREATE TYPE idp.session_end AS ENUM ('logged_out', 'expired', 'idle', 'ended_by_citizen', 'ended_by_operator', 'account_suspended', 'account_closed', 'credential_changed', 'recovery');

-- A citizen signed in on one browser, for one audience: the citizen's own pages and applications, /agency, or /operator; each has its own
-- cookie, and no row serves another audience than its own. The cookie is sealed and carries citizen_id, session_id and a secret, so the
-- read is one primary-key lookup on the citizen's own shard.
-- Writer: idp/accounts/sessions. Life: inserted at login; touched at most once a minute, and when a
-- client joins (the token statement embeds the touch that sessions lends); deleted by the worker 30 days
-- after its end, in batches.
CREATE TABLE idp.sessions (
  citizen_id       uuid            NOT NULL,
  session_id       uuid            NOT NULL,  -- UUIDv7; the claim `sid` is its keyed permutation per sector
  secret_digest    bytea           NOT NULL,  -- SHA-256 of the cookie's secret: a stolen sealing key alone signs nobody in
  started_at       timestamptz     NOT NULL,
  authenticated_at timestamptz     NOT NULL,  -- the claim `auth_time`; moves with re-authentication
  seen_at          timestamptz     NOT NULL,  -- to within a minute; the token statement touches it, authorize never writes
  expires_at       timestamptz     NOT NULL,  -- absolute end
  idle_seconds     integer         NOT NULL,  -- idle end: seen_at + idle_seconds (900 on a shared device)
  ended_at         timestamptz,
  ended_because    idp.session_end,
  audience         idp.audience    NOT NULL DEFAULT 'citizen',
  aal              smallint        NOT NULL,  -- of the authenticators used
  amr              text[]          NOT NULL,  -- RFC 8176 names: {pwd,otp}
  client_nos       integer[]       NOT NULL DEFAULT '{}',  -- clients that took part, in order of joining: whom a logout must tell, and
                                              -- "continue where I was". Joining is in the token statement, and is a condition of it
  acting_for_id    uuid,                      -- the citizen this session acts for, by a delegation
  device_sealed    bytea,                     -- browser and place in words, for "where am I signed in", under the citizen's key
  CONSTRAINT sessions_pkey PRIMARY KEY (citizen_id, session_id),  -- hop; a citizen's devices; end all of them
  CONSTRAINT sessions_aal CHECK (aal BETWEEN 1 AND 3),
  CONSTRAINT sessions_of_staff_are_short CHECK (audience = 'citizen' OR
    (aal >= 2 AND idle_seconds <= 900 AND expires_at <= started_at + interval '12 hours')),
  CONSTRAINT sessions_end_has_reason CHECK ((ended_at IS NULL) = (ended_because IS NULL))
) WITH (fillfactor = 80);  -- touching is a HOT update

-- Codes presented. A code is sealed, not stored; that it works once is the promise of this primary key.
-- Writer: idp/authorization/codes. Life: one row a code presented, whether it worked or not; a partition an hour, dropped
-- after 24 hours. A code lives 60 s and its id is a UUIDv7 made when it was sealed, so it can only fall in the partition
-- of its birth: there is no second place where it could be new. A missing partition is an error, not a second chance.
CREATE TABLE idp.redeemed_codes (
  code_id      uuid        NOT NULL,      -- UUIDv7; also the family_id of everything that descends from the code
  citizen_id   uuid        NOT NULL,
  client_no    integer     NOT NULL,      -- who presented it
  session_id   uuid        NOT NULL,
  presented_at timestamptz NOT NULL,
  replayed_at  timestamptz,               -- the first second use; the token's statement revokes the family with it
  replays      smallint    NOT NULL DEFAULT 0,
  CONSTRAINT redeemed_codes_pkey PRIMARY KEY (code_id, citizen_id)   -- first column is time-ordered: inserts stay on the last page
) PARTITION BY RANGE (code_id);

CREATE TYPE idp.family_end AS ENUM (
  'code_replayed', 'token_reused', 'revoked_by_client', 'consent_ended', 'session_ended', 'account_suspended', 'account_closed', 'credential_changed');

-- All refresh tokens that descend from one code. A token is sealed and carries citizen, family and generation, so its
-- successor can be given again: nothing is stored per token.
-- Writer: idp/tokens/refresh_families. Life: inserted with the token answer when a refresh token is due; updated by each
-- rotation; deleted by the worker 30 days after its end, in batches.
CREATE TABLE idp.refresh_families (
  citizen_id       uuid        NOT NULL,
  family_id        uuid        NOT NULL,   -- the code's id (or the device's, or the CIBA request's)
  client_no        integer     NOT NULL,
  consent_id       uuid        NOT NULL,   -- given again is another id: an old family stays dead without being found
  purpose_no       integer     NOT NULL,
  session_id       uuid,                   -- set: dies with the session (no offline_access)
  generation       integer     NOT NULL DEFAULT 0,
  started_at       timestamptz NOT NULL,
  rotated_at       timestamptz NOT NULL,   -- start of the grace in which the previous generation gets the same answer
  rotated_before_at timestamptz,           -- the rotation before: when the generation two back was superseded
  expires_at       timestamptz NOT NULL,   -- absolute; idle end is rotated_at + 30 days
  ended_at         timestamptz,
  ended_because    idp.family_end,
  key_thumbprint   text,                   -- `jkt` a public client is bound to (RFC 9449 §5)
  scope            text        NOT NULL,   -- as given; a refresh may ask for less
  request_details  jsonb,                  -- what did not fit into a token (RAR, claims), copied from authorization_requests
  CONSTRAINT refresh_families_pkey PRIMARY KEY (citizen_id, family_id),  -- refresh; end all of a citizen's, a client's, a session's
  CONSTRAINT refresh_families_end_has_reason CHECK ((ended_at IS NULL) = (ended_because IS NULL))
) WITH (fillfactor = 80);  -- rotation is a HOT update

-- Tokens that must not work although they are not expired: one row for a token, or for all of a code's.
-- Writer: idp/tokens/refresh_families. Life: until the last such token is expired (10 minutes), then deleted by the worker.
-- Holds a handful of rows, so asking it costs one page in memory.
CREATE TABLE idp.revoked_tokens (
  citizen_id uuid           NOT NULL,
  revoked_id uuid           NOT NULL,     -- the token's own id, or its family_id
  revoked_at timestamptz    NOT NULL,
  because    idp.family_end NOT NULL,
  expires_at timestamptz    NOT NULL,     -- when the worker may forget it
  CONSTRAINT revoked_tokens_pkey PRIMARY KEY (citizen_id, revoked_id)
);

-- Signals that must leave the house, in the transaction of their cause, in order per client.
-- Writer: idp/signals/outbox. Life: deleted once handed to delivery; seconds when all is well.
CREATE TABLE idp.outbox (
  signal_id    uuid        NOT NULL,      -- UUIDv7: the order of leaving
  client_no    integer     NOT NULL,      -- to whom
  citizen_id   uuid        NOT NULL,      -- about whom; the receiver's own sub is computed when it is sent
  kind         text        NOT NULL,
  detail       jsonb       NOT NULL DEFAULT '{}',  -- numbers and ids only; no personal datum
  caused_at    timestamptz NOT NULL,
  CONSTRAINT outbox_pkey PRIMARY KEY (signal_id, citizen_id),            -- the worker takes the oldest, SKIP LOCKED
  CONSTRAINT outbox_kind CHECK (kind IN ('backchannel_logout', 'session-revoked', 'token-claims-change', 'credential-change',
    'assurance-level-change', 'account-disabled', 'account-enabled', 'account-purged', 'identifier-changed', 'consent-withdrawn', 'grant-ended'))
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- The clock an agency is on after a withdrawal: withdrawn → told → acknowledged → deleted; overdue is shown.
-- Writer: idp/signals/delivery (inserted by revocation/consent through a lent statement). Life: kept as long as the record.
CREATE TABLE idp.withdrawals (
  citizen_id       uuid        NOT NULL,
  consent_id       uuid        NOT NULL,
  client_no        integer     NOT NULL,
  withdrawn_at     timestamptz NOT NULL,
  due_at           timestamptz NOT NULL,    -- withdrawn_at + 3 × 24 hours
  told_at          timestamptz,
  acknowledged_at  timestamptz,
  deleted_at       timestamptz,             -- the agency's word that it deleted
  kept_under       text,                    -- the statute that makes it keep the data instead
  CONSTRAINT withdrawals_pkey PRIMARY KEY (citizen_id, consent_id),            -- the citizen's clock
  CONSTRAINT withdrawals_in_order CHECK (deleted_at IS NULL OR acknowledged_at IS NOT NULL)
);
CREATE INDEX withdrawals_open ON idp.withdrawals (due_at, client_no) WHERE deleted_at IS NULL AND kept_under IS NULL;  -- overdue; an agency's page
-- ---- authenticators and recovery ------------------------------------------------------------------------------

-- TOTP secrets. Writer: idp/accounts/totp. Life: until removed. A step works once: the row keeps the last one used,
-- and `UPDATE … WHERE last_step < $step` decides a race.
CREATE TABLE idp.totp_secrets (
  citizen_id    uuid        NOT NULL,
  totp_id       uuid        NOT NULL,
  secret_sealed bytea       NOT NULL,       -- 160 bits, under the citizen's key
  label_sealed  bytea,
  last_step     bigint      NOT NULL DEFAULT 0,    -- 30-second steps since 1970
  confirmed_at  timestamptz,                -- unconfirmed ones are deleted after a day
  created_at    timestamptz NOT NULL,
  CONSTRAINT totp_secrets_pkey PRIMARY KEY (citizen_id, totp_id)
) WITH (fillfactor = 80);

-- Printed recovery codes. Writer: idp/accounts/recovery. Life: a set of ten, replaced as a whole. `used_at` once: UPDATE … WHERE used_at IS NULL.
CREATE TABLE idp.recovery_codes (
  citizen_id  uuid        NOT NULL,
  code_digest bytea       NOT NULL,         -- keyed digest; the codes have 60 bits
  made_at     timestamptz NOT NULL,
  used_at     timestamptz,
  CONSTRAINT recovery_codes_pkey PRIMARY KEY (citizen_id, code_digest)
);

CREATE TYPE idp.recovery_state AS ENUM ('waiting', 'opened', 'completed', 'cancelled', 'expired');
CREATE TYPE idp.proof AS ENUM (
  'recovery_code', 'passkey', 'known_device',
  'channel',                                -- confirmed e-mail, phone, or both: one stolen phone holds both
  'counter', 'letter', 'trusted_contact');

-- The slow way back into an account: two proofs, and 72 hours unless one of them is a recovery code, a passkey or a counter.
-- Writer: idp/accounts/recovery. Kept 2 years. For 24 hours after `completed` the account is `basic`.
CREATE TABLE idp.recoveries (
  citizen_id    uuid        NOT NULL,
  recovery_id   uuid        NOT NULL,       -- UUIDv7
  cause         text        NOT NULL,
  first_proof   idp.proof   NOT NULL,
  second_proof  idp.proof,
  state         idp.recovery_state NOT NULL,
  asked_at      timestamptz NOT NULL,
  opens_at      timestamptz NOT NULL,       -- a retry does not move it
  cancel_digest bytea       NOT NULL,       -- of the handle in the warning: cancelling needs no sign-in
  cancelled_by  text,                       -- two by one channel freeze that channel and send both to the counter
  state_at      timestamptz NOT NULL,
  CONSTRAINT recoveries_pkey PRIMARY KEY (citizen_id, recovery_id),
  CONSTRAINT recoveries_cause CHECK (cause IN ('forgot_password', 'number_changed', 'phone_lost', 'somebody_else')),
  CONSTRAINT recoveries_two_proofs CHECK (first_proof <> second_proof
    AND NOT (first_proof IN ('passkey', 'known_device') AND second_proof IN ('passkey', 'known_device'))
    AND (second_proof IS NOT NULL OR state NOT IN ('opened', 'completed'))),
  CONSTRAINT recoveries_wait CHECK (opens_at >= asked_at + interval '72 hours'
    OR first_proof IN ('recovery_code', 'passkey', 'counter') OR coalesce(second_proof IN ('recovery_code', 'passkey', 'counter'), false)),
  CONSTRAINT recoveries_cancelled CHECK ((state = 'cancelled') = (cancelled_by IS NOT NULL)),
  CONSTRAINT recoveries_cancelled_by CHECK (cancelled_by IN ('email', 'phone', 'session', 'counter')),
  CONSTRAINT recoveries_seen_face_to_face CHECK (NOT coalesce(cancelled_by IN ('email', 'phone'), false)
    OR (first_proof NOT IN ('counter', 'letter') AND coalesce(second_proof NOT IN ('counter', 'letter'), true)))
);
CREATE UNIQUE INDEX recoveries_one_open ON idp.recoveries (citizen_id) WHERE state IN ('waiting', 'opened');

-- Codes and links sent to a channel: second factor, proof of a new address, recovery. Writer: idp/accounts/recovery.
-- Life: 10 or 30 minutes, then deleted by the worker. The link carries citizen_id sealed.
CREATE TABLE idp.sent_codes (
  citizen_id  uuid        NOT NULL,
  sent_id     uuid        NOT NULL,
  use         text        NOT NULL,
  code_digest bytea       NOT NULL,
  destination_digest bytea NOT NULL,        -- a code proves only the address it was sent to
  tries_left  smallint    NOT NULL,
  sent_at     timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  used_at     timestamptz,
  CONSTRAINT sent_codes_pkey PRIMARY KEY (citizen_id, sent_id),
  CONSTRAINT sent_codes_use CHECK (use IN ('second_factor', 'verify_email', 'verify_phone', 'recovery')),
  CONSTRAINT sent_codes_tries CHECK (tries_left >= 0)
);

-- Letters and counters that bring an account to life. Writer: idp/accounts/enrolment. Life: 60 days, 5 tries, once; then deleted.
-- Found by the digest of what is in the letter, before there is a session: like identifiers, distributed by its digest.
CREATE TABLE idp.activations (
  letter_digest bytea       NOT NULL,       -- keyed digest of NIK ‖ code
  citizen_id    uuid        NOT NULL,       -- made with the letter; the same person again gets the same
  vouched_by_no integer,                    -- agency whose counter saw the person
  tries_left    smallint    NOT NULL,
  issued_at     timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  used_at       timestamptz,
  CONSTRAINT activations_pkey PRIMARY KEY (letter_digest)
);

-- Evidence behind an identity assurance level. Writer: idp/accounts/enrolment. Append-only (trigger); gone at erasure with the account's key.
CREATE TABLE idp.assurance_events (
  citizen_id  uuid        NOT NULL,
  event_id    uuid        NOT NULL,
  ial         smallint    NOT NULL,
  method      text        NOT NULL,         -- `letter`, `counter`, `agency`, `registry`
  vouched_by_no integer,
  evidence_sealed bytea,
  at          timestamptz NOT NULL,
  CONSTRAINT assurance_events_pkey PRIMARY KEY (citizen_id, event_id)
);
CREATE TRIGGER assurance_events_append_only BEFORE UPDATE ON idp.assurance_events FOR EACH ROW EXECUTE FUNCTION consent.refuse_change();

-- ---- authorization: requests under way --------------------------------------------------------------------------

-- Requests of known clients: pushed ones (PAR), and what does not fit a code (RAR, `claims`, long nonces): one handle, one row.
-- Writer: idp/authorization/pushed. Life: 300 s pushed, 60 s more when a code carries the handle; a partition a day by its id,
-- dropped after 2 days. What a family still needs then was copied into it.
CREATE TABLE idp.authorization_requests (
  request_id     uuid        NOT NULL,      -- UUIDv7; the handle on the wire is 256 random bits sealed with it
  handle_digest  bytea       NOT NULL,
  client_no      integer     NOT NULL,
  parameters     jsonb       NOT NULL,
  parameters_sealed bytea,                  -- login_hint and what else is personal
  made_at        timestamptz NOT NULL,
  expires_at     timestamptz NOT NULL,
  completed_at   timestamptz,               -- a pushed request dies when the authorization completes, not when a page loads
  CONSTRAINT authorization_requests_pkey PRIMARY KEY (request_id)
) PARTITION BY RANGE (request_id);

-- Stories interrupted by a screen that do not fit 2 KB sealed in our URL; a hop with session and consent stores nothing. Anybody can cause
-- a row, so it must not fill a disk: UNLOGGED partitions an hour, dropped when over; a network's rows are budgeted by idp/web/rate_limits.
-- Writer: idp/authorization/code_flow. Life: 30 min, bound to the browser; a crash of the server loses them, and the citizen starts again.
CREATE TABLE idp.unfinished_authorizations (
  request_id        uuid        NOT NULL,   -- UUIDv7; the handle on the wire is 256 random bits sealed with it
  handle_digest     bytea       NOT NULL,
  browser_digest    bytea       NOT NULL,   -- the browser it is bound to
  parameters_sealed bytea       NOT NULL,
  expires_at        timestamptz NOT NULL,
  CONSTRAINT unfinished_authorizations_pkey PRIMARY KEY (request_id),
  CONSTRAINT unfinished_authorizations_size CHECK (octet_length(parameters_sealed) <= 65536)
) PARTITION BY RANGE (request_id);

-- ---- signals: delivery to clients; notifications to citizens -----------------------------------------------------

-- What was sent, or waits to be polled. Writer: idp/signals/delivery. Deleted on acknowledgement, or 30 days after it was given up.
CREATE TABLE idp.deliveries (
  delivery_id     uuid        NOT NULL,     -- UUIDv7, the `jti`; order per client
  client_no       integer     NOT NULL,
  citizen_id      uuid        NOT NULL,
  kind            text        NOT NULL,
  token_sealed    bytea       NOT NULL,     -- the signed logout token or SET
  attempts        smallint    NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL,
  given_up_at     timestamptz,              -- shown in the console
  last_answer     text,                     -- status and error code only
  CONSTRAINT deliveries_pkey PRIMARY KEY (delivery_id)
);
CREATE INDEX deliveries_due ON idp.deliveries (next_attempt_at) WHERE given_up_at IS NULL;       -- the worker's next
CREATE INDEX deliveries_of_client ON idp.deliveries (client_no, delivery_id);                    -- poll; console

-- What citizens were told. Writer: idp/signals/notifications. Deleted after 2 years.
CREATE TABLE idp.notifications (
  citizen_id      uuid        NOT NULL,
  notification_id uuid        NOT NULL,     -- UUIDv7: newest last
  kind            text        NOT NULL,     -- names the template; the words are made when read, in today's language
  detail          jsonb       NOT NULL DEFAULT '{}',   -- numbers and ids only
  sent_by         text[]      NOT NULL DEFAULT '{}',   -- `email`, `sms`, `page`
  read_at         timestamptz,
  CONSTRAINT notifications_pkey PRIMARY KEY (citizen_id, notification_id)
) WITH (fillfactor = 90);

-- ---- complaints, audit, replay, throttling -----------------------------------------------------------------------

-- The security trail: who did what to what. No personal datum, no secret. Writer: idp/audit.
-- Append-only (trigger, privileges). A partition a month by its id; detached and archived after 2 years.
CREATE TABLE idp.audit_events (
  event_id    uuid        NOT NULL DEFAULT uuidv7(),
  actor_id    uuid,                          -- citizen_id of citizen, member or operator
  actor_no    integer,                       -- client_no, when a machine
  action      text        NOT NULL,          -- `token.code_replayed`, `client.suspended`
  object_id   text        NOT NULL,
  outcome     text        NOT NULL,
  request_id  text,                          -- the incident number on the error page
  detail      jsonb       NOT NULL DEFAULT '{}',
  at          timestamptz GENERATED ALWAYS AS (uuid_extract_timestamp(event_id)) VIRTUAL,
  CONSTRAINT audit_events_pkey PRIMARY KEY (event_id),
  CONSTRAINT audit_events_outcome CHECK (outcome IN ('done', 'refused', 'failed'))
) PARTITION BY RANGE (event_id);
CREATE INDEX audit_events_of_object ON idp.audit_events (object_id, event_id);
CREATE INDEX audit_events_of_actor ON idp.audit_events (actor_id, event_id) WHERE actor_id IS NOT NULL;
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON idp.audit_events FOR EACH ROW EXECUTE FUNCTION consent.refuse_change();

-- The trail's head, one a minute: a chain over its rows, and one leaf in the log. Writer: idp/audit (job). Append-only (trigger). Never deleted.
CREATE TABLE idp.audit_heads (
  minute_at timestamptz NOT NULL,
  rows_seen bigint      NOT NULL,
  head      bytea       NOT NULL,        -- SHA-256(head before ‖ rows of the minute in canonical form, ordered by event_id)
  salt      bytea       NOT NULL,        -- the leaf's `c` is HMAC-SHA-256(salt, canonical form of this row)
  CONSTRAINT audit_heads_pkey PRIMARY KEY (minute_at)
);
CREATE TRIGGER audit_heads_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON idp.audit_heads FOR EACH STATEMENT EXECUTE FUNCTION consent.refuse_change();

-- Values that work once: jti of client assertions and DPoP proofs. Writer: idp/replay.
-- The partition is chosen by the end that is signed into the value itself, so the same bytes always meet the same index.
-- A partition ten minutes, dropped when over: nothing is ever vacuumed. (A client that signs a new assertion with an old
-- jti meets another partition; `NOT EXISTS` over the few live ones refuses that too.)
CREATE TABLE idp.used_once (
  value_digest bytea       NOT NULL,         -- SHA-256(use ‖ client_no or key thumbprint ‖ jti)
  expires_at   timestamptz NOT NULL,         -- assertion: exp + 60 s; DPoP: iat + 360 s
  CONSTRAINT used_once_pkey PRIMARY KEY (value_digest, expires_at)
) PARTITION BY RANGE (expires_at);

-- How often, by address, account and client: one row a key, GCRA. Writer: idp/web/rate_limits.
-- UNLOGGED: a crash forgives everybody at once, and costs no WAL. Failed passwords are counted in idp.passwords, durably.
CREATE UNLOGGED TABLE idp.rate_limits (
  key_digest bytea       NOT NULL,           -- limit's name ‖ address, account or client, keyed
  empty_at   timestamptz NOT NULL,           -- theoretical arrival time: when the bucket is empty again
  failures   integer     NOT NULL DEFAULT 0, -- of an identifier that nobody has: wrong guesses in a row, forgotten at `empty_at`
  CONSTRAINT rate_limits_pkey PRIMARY KEY (key_digest)
) WITH (fillfactor = 50);

-- ---- legacy: the old logins of 27,000 applications ---------------------------------------------------------------

-- ============================================================================================================
-- Partitions by time. Called by the worker, as `gapura_worker`; owner rights, because only an owner may make or drop a table.
-- A hop whose partition is missing fails: so make them a week ahead, and the operator's page is red below three days.
-- ============================================================================================================
CREATE FUNCTION consent.make_partition(parent regclass, begins timestamptz, ends timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  space text; stem text; child text; by_id boolean;
BEGIN
  SELECT n.nspname, c.relname INTO space, stem FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = parent;
  IF space || '.' || stem NOT IN ('consent.disclosures', 'consent.disclosure_days', 'idp.redeemed_codes', 'idp.used_once',
      'idp.authorization_requests', 'idp.unfinished_authorizations', 'idp.audit_events') THEN
    RAISE EXCEPTION '% is not partitioned by time', parent;
  END IF;
  by_id := stem NOT IN ('used_once', 'disclosure_days');
  child := stem || to_char(begins AT TIME ZONE 'UTC', '_YYYYMMDD_HH24MI');
  EXECUTE format('CREATE %s TABLE IF NOT EXISTS %I.%I PARTITION OF %I.%I FOR VALUES FROM (%L) TO (%L)',
    CASE WHEN stem = 'unfinished_authorizations' THEN 'UNLOGGED' END, space, child, space, stem,
    CASE WHEN by_id THEN consent.uuid_floor(begins)::text WHEN stem = 'disclosure_days' THEN (begins AT TIME ZONE 'UTC')::date::text ELSE begins::text END,
    CASE WHEN by_id THEN consent.uuid_floor(ends)::text WHEN stem = 'disclosure_days' THEN (ends AT TIME ZONE 'UTC')::date::text ELSE ends::text END);
  IF stem IN ('disclosures', 'disclosure_days', 'audit_events') THEN   -- TRUNCATE is not inherited from the parent's triggers
    EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE TRUNCATE ON %I.%I FOR EACH STATEMENT EXECUTE FUNCTION consent.refuse_change()', child || '_no_truncate', space, child);
  END IF;
  RETURN space || '.' || child;
END $$;

-- Drops a partition that lies wholly before `older_than`. For disclosures and the trail, older_than is checked against the law's floor.
CREATE FUNCTION consent.drop_partition(child regclass, older_than timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  parent regclass; ends text; ends_at timestamptz; least interval;
BEGIN
  SELECT i.inhparent::regclass, substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''(.*)''\)') INTO parent, ends
    FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.oid = child;
  least := CASE parent::text WHEN 'consent.disclosures' THEN interval '5 years' WHEN 'consent.disclosure_days' THEN interval '5 years'
                             WHEN 'idp.audit_events' THEN interval '2 years' WHEN 'idp.unfinished_authorizations' THEN interval '1 hour'
                             WHEN 'idp.redeemed_codes' THEN interval '24 hours' WHEN 'idp.authorization_requests' THEN interval '2 days'
                             WHEN 'idp.used_once' THEN interval '10 minutes' END;
  IF least IS NULL THEN RAISE EXCEPTION '% is not partitioned by time', parent; END IF;
  ends_at := CASE WHEN parent::text IN ('idp.used_once', 'consent.disclosure_days') THEN ends::timestamptz ELSE uuid_extract_timestamp(ends::uuid) END;
  IF ends_at > older_than OR older_than > now() - least THEN
    RAISE EXCEPTION '% ends %, kept at least %', child, ends_at, least USING ERRCODE = 'restrict_violation';
  END IF;
  EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', parent, child);
  EXECUTE format('DROP TABLE %s', child);
END $$;

REVOKE EXECUTE ON FUNCTION consent.make_partition, consent.drop_partition FROM PUBLIC;
GRANT USAGE ON SCHEMA idp TO gapura_web, gapura_worker, gapura_auditor;
-- web: the doors. Writes what doors write; cannot rewrite the trail, nor say what this installation is.
GRANT SELECT ON idp.installation, idp.generation, idp.agencies, idp.memberships, idp.sectors, idp.clients, idp.client_secrets,
                idp.client_keys, idp.accounts, idp.citizen_keys, idp.profiles, idp.identifiers, idp.passwords, idp.sessions,
                idp.redeemed_codes, idp.refresh_families, idp.revoked_tokens, idp.outbox, idp.withdrawals, idp.totp_secrets,
                idp.recovery_codes, idp.recoveries, idp.sent_codes, idp.activations, idp.assurance_events,
                idp.authorization_requests, idp.unfinished_authorizations, idp.deliveries, idp.notifications, idp.audit_events,
                idp.audit_heads, idp.used_once, idp.rate_limits TO gapura_web;
GRANT INSERT ON idp.agencies, idp.memberships, idp.sectors, idp.clients, idp.client_secrets, idp.client_keys, idp.accounts,
                idp.citizen_keys, idp.profiles, idp.identifiers, idp.passwords, idp.sessions, idp.redeemed_codes,
                idp.refresh_families, idp.revoked_tokens, idp.outbox, idp.withdrawals, idp.totp_secrets, idp.recovery_codes,
                idp.recoveries, idp.sent_codes, idp.activations, idp.assurance_events, idp.authorization_requests,
                idp.unfinished_authorizations, idp.deliveries, idp.notifications, idp.audit_events, idp.used_once,
                idp.rate_limits TO gapura_web;
GRANT UPDATE ON idp.generation, idp.agencies, idp.memberships, idp.sectors, idp.clients, idp.client_secrets, idp.client_keys,
                idp.accounts, idp.citizen_keys, idp.profiles, idp.identifiers, idp.passwords, idp.sessions, idp.redeemed_codes,
                idp.refresh_families, idp.revoked_tokens, idp.outbox, idp.withdrawals, idp.totp_secrets, idp.recovery_codes,
                idp.recoveries, idp.sent_codes, idp.activations, idp.authorization_requests, idp.unfinished_authorizations,
                idp.deliveries, idp.notifications, idp.rate_limits TO gapura_web;
GRANT DELETE ON idp.citizen_keys, idp.profiles, idp.identifiers, idp.passwords, idp.totp_secrets, idp.recovery_codes, idp.client_secrets,
                idp.deliveries TO gapura_web;
-- worker: as web, and deletes what has run out; makes and drops partitions through the functions.
GRANT INSERT ON idp.audit_heads TO gapura_worker;
GRANT DELETE ON idp.sessions, idp.refresh_families, idp.revoked_tokens, idp.outbox, idp.sent_codes, idp.activations, idp.notifications,
                idp.rate_limits, idp.recoveries TO gapura_worker;
GRANT EXECUTE ON FUNCTION consent.make_partition, consent.drop_partition TO gapura_worker;
-- auditor: the trail and the counts; no citizen's row, nothing sealed.
GRANT SELECT ON idp.alembic_version TO gapura_web, gapura_worker, gapura_auditor;
GRANT SELECT ON idp.installation, idp.agencies, idp.clients, idp.sectors, idp.audit_events, idp.audit_heads TO gapura_auditor;
"""


def upgrade() -> None:
    """The mode comes from whoever upgrades (`idp.schema`); it is written here once and never changed."""
    mode = op.get_context().config.attributes["mode"]  # type: ignore[union-attr]
    op.get_bind().exec_driver_sql(SQL)
    op.get_bind().exec_driver_sql("INSERT INTO idp.installation (mode) VALUES (%s)", (mode,))
