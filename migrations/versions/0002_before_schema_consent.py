"""Schema consent: catalogues, agreements, notices, consents and their records, disclosures. Before the release.

Not reversible: going back would destroy the record of every consent. A backup from before the upgrade is the way back.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

SQL = """
CREATE SCHEMA consent;

-- The smallest UUIDv7 of a moment: the bound of a partition, or "everything since". A UUIDv7 begins with its
-- millisecond, so an id is also a time, and a table partitioned by its id is partitioned by time.
CREATE FUNCTION consent.uuid_floor(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;

-- What is promised to be append-only says no, whoever asks. Costs nothing on INSERT: it hangs on the other verbs.
CREATE FUNCTION consent.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%.% is append-only: % refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation';
END $$;
-- Catalogues and agreements are small (thousands of rows), cached in every process, and never deleted from.
-- The tables of citizens point to them by number without a foreign key: a key's check locks the parent row, and one
-- popular client's row would be locked by every hop of the country (16 connections, one client: + 21 % CPU, + 27 % time). `gapura database check` counts
-- orphans each night instead.

-- Attributes, one row for a version of one. Writer: migrations and consent/attributes. A changed meaning is a new version.
CREATE TABLE consent.attributes (
  attribute_no     smallint    GENERATED ALWAYS AS IDENTITY,   -- what consents and disclosures carry
  name             text        NOT NULL,   -- `birthdate`, `income_last_year`
  version          smallint    NOT NULL,
  holder_agency_no integer     NOT NULL,   -- who holds the value; idp.agencies
  sensitivity      text        NOT NULL,
  least_ial        smallint    NOT NULL,   -- least assurance to release it
  least_aal        smallint    NOT NULL,
  label            jsonb       NOT NULL,   -- {"id": "Tanggal lahir", "en": "Date of birth"}
  dpv_iri          text,                   -- its class in the Data Privacy Vocabulary
  introduced_at    timestamptz NOT NULL,
  superseded_at    timestamptz,
  CONSTRAINT attributes_pkey PRIMARY KEY (attribute_no),
  CONSTRAINT attributes_version UNIQUE (name, version),
  CONSTRAINT attributes_sensitivity CHECK (sensitivity IN ('public', 'general', 'specific'))   -- UU PDP art. 4
);

-- Statutes and articles that may be cited. Writer: consent/purposes.
CREATE TABLE consent.legal_bases (
  statute_no  smallint GENERATED ALWAYS AS IDENTITY,
  kind        text     NOT NULL,
  citation    text     NOT NULL,           -- law, article, as a lawyer writes it
  text_uri    text,
  CONSTRAINT legal_bases_pkey PRIMARY KEY (statute_no),
  CONSTRAINT legal_bases_kind CHECK (kind IN ('consent', 'contract', 'law', 'vital_interest', 'public_task', 'legitimate_interest'))
);

-- Purposes, one row for a version: a sentence a citizen understands. Writer: consent/purposes. Superseded, never edited.
CREATE TABLE consent.purposes (
  purpose_no     integer     GENERATED ALWAYS AS IDENTITY,
  code           text        NOT NULL,     -- `clinic-queue`
  version        integer     NOT NULL,
  sentence       jsonb       NOT NULL,     -- by language
  dpv_purpose    text        NOT NULL,     -- classifies it, nothing more
  longest_days   integer     NOT NULL,     -- a consent for it ends no later
  introduced_at  timestamptz NOT NULL,
  superseded_at  timestamptz,
  CONSTRAINT purposes_pkey PRIMARY KEY (purpose_no),
  CONSTRAINT purposes_version UNIQUE (code, version)
);

CREATE TYPE consent.agreement_state AS ENUM ('proposed', 'approved', 'refused', 'ended', 'superseded');

-- What an agency may ask, through one client, for one purpose, on which basis (GovStack: data disclosure agreement).
-- One of a client's is its sign-in agreement: `scope` and `claims` of a login are asked under its purpose, all others by RAR or outside a
-- login. Registration lets no client go live without it. Writer: consent/agreements. Life: one row a revision; approved by an operator,
-- superseded by the next, never edited.
CREATE TABLE consent.agreements (
  agreement_no      integer     GENERATED ALWAYS AS IDENTITY,
  agreement_id      uuid        NOT NULL,   -- the same through all revisions
  revision          integer     NOT NULL,
  agency_no         integer     NOT NULL,
  client_no         integer     NOT NULL,
  purpose_no        integer     NOT NULL REFERENCES consent.purposes,
  for_sign_in       boolean     NOT NULL DEFAULT false,
  statute_no        smallint    NOT NULL REFERENCES consent.legal_bases,   -- consent, or the law that needs none
  law_nos           smallint[]  NOT NULL DEFAULT '{}',   -- attributes that rest on `law_statute_no`: shown, not asked, not withdrawable
  law_statute_no    smallint    REFERENCES consent.legal_bases (statute_no),
  required_nos      smallint[]  NOT NULL,   -- attributes without which the service cannot work; none: `openid` alone
  optional_nos      smallint[]  NOT NULL,   -- the citizen may choose; off at first
  justification     jsonb       NOT NULL,   -- for each attribute, why
  retention_days    integer     NOT NULL,   -- how long the agency keeps what it received
  retention_statute smallint    REFERENCES consent.legal_bases (statute_no),
  recipients        text[]      NOT NULL DEFAULT '{}',
  automated_decision boolean    NOT NULL DEFAULT false,
  storage_country   text        NOT NULL,   -- ISO 3166
  if_refused        jsonb       NOT NULL,   -- what refusing costs, and the other way to the service
  state             consent.agreement_state NOT NULL,
  proposed_at       timestamptz NOT NULL,
  decided_at        timestamptz,
  ended_at          timestamptz,
  CONSTRAINT agreements_pkey PRIMARY KEY (agreement_no),
  CONSTRAINT agreements_revision UNIQUE (agreement_id, revision),
  CONSTRAINT agreements_ask_once CHECK (NOT required_nos && optional_nos AND NOT law_nos && (required_nos || optional_nos)),
  CONSTRAINT agreements_law_named CHECK (law_nos = '{}' OR law_statute_no IS NOT NULL)
);
-- One agreement in force for a client and purpose, and one for its sign-in: the hop's question has one answer.
CREATE UNIQUE INDEX agreements_in_force ON consent.agreements (client_no, purpose_no) WHERE state = 'approved';
CREATE UNIQUE INDEX agreements_one_sign_in ON consent.agreements (client_no) WHERE state = 'approved' AND for_sign_in;
CREATE INDEX agreements_of_agency ON consent.agreements (agency_no, state);             -- agency page, operator's queue

-- The words a citizen saw: one row a version and language. Writer: consent/notices. Superseded, never edited (trigger).
CREATE TABLE consent.notices (
  notice_no     integer     GENERATED ALWAYS AS IDENTITY,
  agreement_no  integer     NOT NULL REFERENCES consent.agreements,
  language      text        NOT NULL,      -- BCP 47
  version       integer     NOT NULL,
  words         jsonb       NOT NULL,      -- every sentence of the screen, in order
  words_digest  bytea       NOT NULL,      -- SHA-256 of their canonical form: `notice_hash` of the record
  issued_at     timestamptz NOT NULL,
  CONSTRAINT notices_pkey PRIMARY KEY (notice_no),
  CONSTRAINT notices_version UNIQUE (agreement_no, language, version)
);
CREATE TRIGGER notices_append_only BEFORE UPDATE OR DELETE ON consent.notices FOR EACH ROW EXECUTE FUNCTION consent.refuse_change();

-- Who may decide for whom. Writer: consent/delegation. Life: inserted on evidence, ended by date, by either side or by the
-- registry; never deleted, because disclosures name it. Distributed by the person decided for.
CREATE TABLE consent.delegations (
  citizen_id        uuid        NOT NULL,   -- the person decided for
  delegation_id     uuid        NOT NULL,   -- UUIDv7
  acting_citizen_id uuid        NOT NULL,   -- who decides
  kind              text        NOT NULL,
  purpose_nos       integer[],              -- null: all
  client_nos        integer[],              -- null: all
  evidence          text        NOT NULL,   -- `civil-registry`, `court`, `citizen`, `counter`
  begins_at         timestamptz NOT NULL,
  ends_at           timestamptz,            -- the birthday, for a child; required for a mandate a citizen gave
  ended_at          timestamptz,
  CONSTRAINT delegations_pkey PRIMARY KEY (citizen_id, delegation_id),
  CONSTRAINT delegations_kind CHECK (kind IN ('parent', 'guardian', 'representative', 'helper', 'company_officer', 'estate')),
  CONSTRAINT delegations_not_oneself CHECK (citizen_id <> acting_citizen_id),
  CONSTRAINT delegations_mandate_ends CHECK (kind NOT IN ('representative', 'helper') OR ends_at IS NOT NULL)
);
-- "For whom may I act?" On Citus this asks every shard; it is asked once a login by those who act for others only.
CREATE INDEX delegations_of_acting ON consent.delegations (acting_citizen_id) WHERE ended_at IS NULL;

-- What stands now between one citizen and one client for one purpose: the head of the acts in `records`.
-- Writer: consent/records. Life: inserted with the first act, updated by each later one, never deleted but by
-- erasure; a withdrawn row stays, because "withdrawn" and "never given" are different answers.
-- Every hop reads it, so it holds only what a hop needs: 198 bytes, index included. Partitioning: none on one machine; by citizen on Citus.
-- The row is also the lock: whoever lets data out (token, userinfo, introspection) holds it FOR SHARE until its disclosure is committed,
-- whoever withdraws holds it FOR UPDATE. So no release is ever later than the withdrawal, and an auditor can say so in one query without a
-- tolerance. (A verdict of may-I rests on what was committed when it began.)
CREATE TABLE consent.consents (
  citizen_id    uuid        NOT NULL,
  consent_id    uuid        NOT NULL,  -- UUIDv7 of the giving. A withdrawal ends the id: given again is a new id, so
                                       -- codes, tokens and families of before can never come back to life
  client_no     integer     NOT NULL,  -- who may read; idp.clients
  agency_no     integer     NOT NULL,  -- the controller behind the client; idp.agencies
  purpose_no    integer     NOT NULL,  -- for what; this version of it; consent.purposes
  agreement_no  integer     NOT NULL,  -- the agreement that allowed the asking; consent.agreements
  revision      integer     NOT NULL DEFAULT 1,  -- counts the acts; an act names the revision it saw, and loses if it moved
  given_at      timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,  -- first instant that is no longer covered; there is no endless consent
  paused_at     timestamptz,           -- set: nothing leaves, nothing is asked again; the citizen resumes
  withdrawn_at  timestamptz,           -- set: over, by the citizen, agency, operator or court (the act says which)
  attribute_nos smallint[]  NOT NULL,  -- what may be read; a number names an attribute in one version. The empty set: `openid` alone
  law_nos       smallint[],            -- those of them that rest on the agreement's law (null: none): no act of the citizen takes them out
                                       -- while the consent lives; when it has ended, may-I judges them by the agreement alone
  offered_nos   smallint[]  NOT NULL DEFAULT '{}',  -- what was put to the citizen at the last giving: a declined optional one is not
                                       -- asked again
  CONSTRAINT consents_pkey PRIMARY KEY (citizen_id, client_no, purpose_no),  -- hop, may-I; by citizen: portal, /consents
  CONSTRAINT consents_end_after_start CHECK (expires_at > given_at),
  CONSTRAINT consents_attributes CHECK (cardinality(attribute_nos) <= 200 AND law_nos <@ attribute_nos)
) WITH (fillfactor = 90);  -- room for an amendment on the same page (HOT: no indexed column changes)
CREATE INDEX consents_due ON consent.consents (expires_at) WHERE withdrawn_at IS NULL;   -- what has run out and is to be recorded

CREATE TYPE consent.act AS ENUM (
  'given', 'renewed', 'amended', 'paused', 'resumed', 'refused', 'left', 'expired', 'withdrawn', 'ended', 'struck_down');
CREATE TYPE consent.actor AS ENUM ('self', 'guardian', 'representative', 'assisted', 'agency', 'operator', 'court', 'clock');

-- How controller, application and data sources were called when an act was recorded: a catalogue that grows when one of them is renamed,
-- so that every record can be made again from what stands here. Writer: consent/records. Append-only (trigger).
CREATE TABLE consent.parties (
  parties_digest bytea       NOT NULL,       -- SHA-256 of the RFC 8785 form of `parties`
  parties        jsonb       NOT NULL,       -- {controller, application, sources, issuer}; nothing of a citizen
  first_named_at timestamptz NOT NULL,
  CONSTRAINT parties_pkey PRIMARY KEY (parties_digest)
);
CREATE TRIGGER parties_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent.parties FOR EACH STATEMENT EXECUTE FUNCTION consent.refuse_change();

-- Each act of consent, for good (ISO/IEC TS 27560 `events`). The canonical record is recomputed from these columns
-- and the immutable catalogues; its keyed digest under `salt` is what the ledger holds.
-- Writer: consent/records. Life: inserted with the change of `consents`, never updated or deleted (trigger), but for
-- erasure, which takes the salt and the person out and leaves that there was an act. Kept 5 years after the consent's end.
CREATE TABLE consent.records (
  citizen_id          uuid          NOT NULL,  -- the person the data is about
  record_id           uuid          NOT NULL,  -- UUIDv7
  consent_id          uuid          NOT NULL,  -- the consent this act belongs to
  client_no           integer       NOT NULL,
  agency_no           integer       NOT NULL,
  purpose_no          integer       NOT NULL,
  agreement_no        integer       NOT NULL,
  notice_no           integer,                 -- the words that the consent rests on, in that language; none when nothing was shown
  revision            integer       NOT NULL,  -- of the consent, after this act
  act                 consent.act   NOT NULL,
  actor               consent.actor NOT NULL,
  acting_citizen_id   uuid,                    -- who decided, when not the person; from consent.delegations
  acted_at            timestamptz   NOT NULL,
  expires_at          timestamptz,             -- of the consent, after this act
  attribute_nos       smallint[]    NOT NULL,  -- in force after this act; the empty set after a withdrawal
  law_nos             smallint[],              -- those of them that rest on law
  acr                 text,                    -- how surely the actor was known
  amr                 text[],                  -- by which methods (RFC 8176)
  method              text          NOT NULL,  -- `web-button`, `counter`, `letter`, `clock`
  reason              text,                    -- asked of agencies and operators only; a citizen needs none
  parties_digest      bytea         NOT NULL,  -- how the parties were called: consent.parties
  previous_commitment bytea,                   -- of this consent's act before: a dropped act breaks the citizen's own chain
  commitment          bytea         NOT NULL,  -- HMAC-SHA-256(salt, canonical record): the ledger's `c`
  salt                bytea,                   -- 32 random bytes; gone after erasure, and the commitment then says nothing
  erased_at           timestamptz,
  CONSTRAINT records_pkey PRIMARY KEY (citizen_id, record_id),  -- one citizen's history, newest last
  CONSTRAINT records_commitment_size CHECK (octet_length(commitment) = 32),
  CONSTRAINT records_acting_for CHECK ((actor IN ('guardian', 'representative')) = (acting_citizen_id IS NOT NULL) OR erased_at IS NOT NULL)
);
CREATE FUNCTION consent.allow_only_erasure() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.erased_at IS NULL OR OLD.erased_at IS NOT NULL OR NEW.salt IS NOT NULL
     OR (NEW.citizen_id, NEW.record_id, NEW.consent_id, NEW.client_no, NEW.agency_no, NEW.purpose_no, NEW.agreement_no, NEW.revision,
         NEW.act, NEW.actor, NEW.acted_at, NEW.expires_at, NEW.commitment, NEW.previous_commitment)
        IS DISTINCT FROM
        (OLD.citizen_id, OLD.record_id, OLD.consent_id, OLD.client_no, OLD.agency_no, OLD.purpose_no, OLD.agreement_no, OLD.revision,
         OLD.act, OLD.actor, OLD.acted_at, OLD.expires_at, OLD.commitment, OLD.previous_commitment) THEN
    RAISE EXCEPTION 'consent.records is append-only: only an erasure may touch a row, once' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER records_only_erasure BEFORE UPDATE ON consent.records FOR EACH ROW EXECUTE FUNCTION consent.allow_only_erasure();
CREATE TRIGGER records_no_delete BEFORE DELETE ON consent.records FOR EACH ROW EXECUTE FUNCTION consent.refuse_change();
CREATE TRIGGER records_no_truncate BEFORE TRUNCATE ON consent.records FOR EACH STATEMENT EXECUTE FUNCTION consent.refuse_change();

CREATE TYPE consent.channel AS ENUM (
  'id_token', 'userinfo', 'introspection', 'evaluation', 'credential', 'reported', 'officer');
CREATE TYPE consent.reason AS ENUM (  -- consent/decision.Reason; members are added, never renamed
  'consent_given', 'law_names_it', 'contract', 'vital_interest', 'public_task',      -- permits
  'not_asked_yet', 'not_in_consent', 'refused', 'expired', 'withdrawn', 'paused', 'used_up', 'agreement_missing',      -- denials
  'purpose_unknown', 'step_up_required', 'application_suspended', 'account_closed');

-- Who received, or was refused, what about whom, when, on which basis: "who looked".
-- Writer: consent/disclosures. Life: one row a release, inserted in the statement that releases; never updated (trigger);
-- leaves with its whole partition, detached and dropped when the retention (default 5 years) is over.
-- Partitioned by time through its id, a month each. Where a month's index outgrows what is touched between two checkpoints, the
-- current month is kept in days (0.9 KB of log a row instead of 5.1) and merged into its month when it is over.
CREATE TABLE consent.disclosures (
  citizen_id        uuid            NOT NULL,
  disclosure_id     uuid            NOT NULL DEFAULT uuidv7(),  -- its first 48 bits are the time, in ms
  consent_id        uuid,                     -- the consent it rests on; none when it rests on law, or on nothing (denied)
  client_no         integer         NOT NULL, -- who received
  purpose_no        integer         NOT NULL,
  channel           consent.channel NOT NULL, -- by which door
  reason            consent.reason  NOT NULL, -- permits and denials alike
  source_agency_no  integer,                  -- the data provider that asked, or reported, or whose officer looked
  acting_citizen_id uuid,                     -- on whose behalf the session acted, when not the person's own
  shown_after       date,                     -- lawful delay: hidden from the citizen until then (never without `statute_no`)
  statute_no        smallint,                 -- the legal basis that allows the delay, or the release without consent
  attribute_nos     smallint[]      NOT NULL, -- what was released, or would have been
  disclosed_at      timestamptz GENERATED ALWAYS AS (uuid_extract_timestamp(disclosure_id)) VIRTUAL,
  CONSTRAINT disclosures_pkey PRIMARY KEY (citizen_id, disclosure_id),  -- a citizen's list, newest first; one entry of it
  CONSTRAINT disclosures_delay_has_statute CHECK (shown_after IS NULL OR statute_no IS NOT NULL)
) PARTITION BY RANGE (disclosure_id);
CREATE TRIGGER disclosures_append_only BEFORE UPDATE OR DELETE ON consent.disclosures FOR EACH ROW EXECUTE FUNCTION consent.refuse_change();

-- Disclosures go into the log by citizen and day: the root of a tree over a citizen's rows of one day (UTC) is one leaf, so the hop adds
-- none, and a row that changes or vanishes no longer fits its day. A day is closed once no transaction that could still write into it is
-- open; the citizen's copy of the page carries root and salt. Writer: consent/disclosures (job). Life: with the disclosures: a partition a
-- month, never updated (trigger), dropped after 5 years.
CREATE TABLE consent.disclosure_days (
  citizen_id uuid    NOT NULL,
  day_on     date    NOT NULL,
  rows_seen  integer NOT NULL,
  root       bytea   NOT NULL,           -- over the day's rows in canonical form, ordered by disclosure_id (RFC 9162 §2.1)
  salt       bytea   NOT NULL,           -- 32 random bytes: the leaf's `c` is HMAC-SHA-256(salt, canonical form of this row)
  CONSTRAINT disclosure_days_pkey PRIMARY KEY (citizen_id, day_on)
) PARTITION BY RANGE (day_on);
CREATE TRIGGER disclosure_days_append_only BEFORE UPDATE OR DELETE ON consent.disclosure_days FOR EACH ROW EXECUTE FUNCTION consent.refuse_change();

GRANT USAGE ON SCHEMA consent TO gapura_web, gapura_worker, gapura_auditor;
-- Nobody but the owner may touch what is written for good: no UPDATE, no DELETE on notices, disclosures, their days; on records only an erasure.
GRANT SELECT ON consent.attributes, consent.legal_bases, consent.purposes, consent.agreements, consent.notices, consent.delegations,
                consent.consents, consent.parties, consent.records, consent.disclosures, consent.disclosure_days TO gapura_web;
GRANT INSERT ON consent.parties, consent.records, consent.disclosures, consent.notices TO gapura_web;
GRANT UPDATE (salt, erased_at, acting_citizen_id, reason) ON consent.records TO gapura_web;      -- erasure; the trigger says when
GRANT INSERT, UPDATE ON consent.consents, consent.agreements, consent.delegations, consent.purposes, consent.attributes, consent.legal_bases TO gapura_web;
GRANT INSERT ON consent.disclosure_days TO gapura_worker;
-- auditor: the rules and the counts; no citizen's row.
GRANT SELECT ON consent.attributes, consent.purposes, consent.legal_bases, consent.agreements, consent.notices, consent.parties TO gapura_auditor;
GRANT SELECT (act, actor, acted_at, client_no, purpose_no, agreement_no, notice_no, commitment, erased_at) ON consent.records TO gapura_auditor;
GRANT SELECT (day_on, rows_seen) ON consent.disclosure_days TO gapura_auditor;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
