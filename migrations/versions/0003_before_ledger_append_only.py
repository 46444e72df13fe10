"""The ledger: leaves that wait, entries, tiles, head, checkpoints, cosignatures. Before the release.

Not reversible: going back would destroy the proof that no record was rewritten. A backup from before the upgrade is the way back.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

SQL = """
-- Leaves waiting for their place: one a consent version, one a citizen's day of disclosures, one a minute of the audit trail, and fillers
-- that nobody can tell from them. Writer: consent/ledger/log inserts, in the transaction of the act, without a lock;
-- consent/ledger/sequencer deletes, in the transaction that numbers them. Life: a checkpoint or two, 10 s each; a receipt promises 24 h,
-- and the operator's page is red long before. An id is not an order.
CREATE TABLE consent.ledger_intake (
  leaf_id bigint      GENERATED ALWAYS AS IDENTITY,
  entry   bytea       NOT NULL,         -- RFC 8785 bytes {"c":…,"v":1}: no kind, person, agency, purpose or time
  made_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ledger_intake_pkey PRIMARY KEY (leaf_id)          -- the sequencer takes the oldest 65,536
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
-- The entries of the log, in order, for good: what the tiles /ledger/tile/entries/… are read from. Within a checkpoint they are ordered by
-- their own bytes, which are random: position tells no order of acts, and a leaf's position is found by bisection, without an index,
-- in the checkpoints signed after its act.
-- Writer: consent/ledger/sequencer. Life: for ever; update, delete, truncate refused (trigger), and no role holds the right.
-- Partitioned by position, 2^24 entries each, made ahead by the worker: a full one never changes again, so it is copied once.
CREATE TABLE consent.ledger_entries (
  position bigint NOT NULL,              -- 0, 1, 2 … without a gap
  entry    bytea  NOT NULL,
  CONSTRAINT ledger_entries_pkey PRIMARY KEY (position)          -- entry tiles; the log is not distributed: one sequence, one node
) PARTITION BY RANGE (position);
CREATE TABLE consent.ledger_entries_0 PARTITION OF consent.ledger_entries FOR VALUES FROM (0) TO (16777216);
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE ON consent.ledger_entries FOR EACH ROW EXECUTE FUNCTION consent.refuse_change();
CREATE TRIGGER ledger_entries_no_truncate BEFORE TRUNCATE ON consent.ledger_entries_0 FOR EACH STATEMENT EXECUTE FUNCTION consent.refuse_change();

-- Full tiles of hashes, 256 × 32 bytes, by level; the partial ones at the right edge are computed from the level below.
-- Writer: consent/ledger/sequencer. Life: for ever. 32 bytes an entry and a 255th of that above it.
CREATE TABLE consent.ledger_tiles (
  level   smallint NOT NULL,             -- 0: of leaves
  tile_no bigint   NOT NULL,
  hashes  bytea    NOT NULL,
  CONSTRAINT ledger_tiles_pkey PRIMARY KEY (level, tile_no),
  CONSTRAINT ledger_tiles_full CHECK (octet_length(hashes) = 8192)
);
ALTER TABLE consent.ledger_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;   -- hashes do not compress
CREATE TRIGGER ledger_tiles_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent.ledger_tiles FOR EACH STATEMENT EXECUTE FUNCTION consent.refuse_change();

-- Where the log stands: one row, and the lock that makes the sequencer one. Writer: consent/ledger/sequencer.
CREATE TABLE consent.ledger_head (
  origin text    NOT NULL,               -- `ledger.gapura.example/2026`; after a restore from backup a new origin is begun by a person
  size   bigint  NOT NULL,
  edge   bytea[] NOT NULL,               -- for each level the hashes of its unfinished tile, so that a tick reads nothing back
  published_size bigint NOT NULL DEFAULT 0,   -- the newest checkpoint that the standby has confirmed: doors and witnesses see no other
  CONSTRAINT ledger_head_pkey PRIMARY KEY (origin),
  CONSTRAINT ledger_head_published CHECK (published_size <= size)
) WITH (fillfactor = 50);

-- Every checkpoint, one each 10 s; in production each has at least 32 new leaves, so that neither its time nor its size tells of an act.
-- Writer: consent/ledger/sequencer. Life: for ever (trigger). One root for one size is the promise of the primary key. Its transaction
-- commits with synchronous_commit = remote_apply; a wait that was broken off leaves it committed here and unconfirmed, so it is shown only
-- when a commit of this kind has come back after it (`published_size`).
CREATE TABLE consent.ledger_checkpoints (
  origin    text        NOT NULL,
  size      bigint      NOT NULL,
  root      bytea       NOT NULL,
  note      text        NOT NULL,        -- C2SP signed note, ready to be served
  signed_at timestamptz NOT NULL,
  CONSTRAINT ledger_checkpoints_pkey PRIMARY KEY (origin, size),                 -- newest; consistency from any size
  CONSTRAINT ledger_checkpoints_root CHECK (octet_length(root) = 32)
);
CREATE INDEX ledger_checkpoints_signed ON consent.ledger_checkpoints (origin, signed_at);     -- from the time of an act to its leaf
CREATE TRIGGER ledger_checkpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent.ledger_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION consent.refuse_change();

-- What witnesses signed. Writer: consent/ledger/checkpoint. Life: for ever.
CREATE TABLE consent.ledger_cosignatures (
  origin      text        NOT NULL,
  size        bigint      NOT NULL,
  witness     text        NOT NULL,
  line        text        NOT NULL,      -- verified before it is kept
  received_at timestamptz NOT NULL,
  CONSTRAINT ledger_cosignatures_pkey PRIMARY KEY (origin, size, witness),
  CONSTRAINT ledger_cosignatures_checkpoint FOREIGN KEY (origin, size) REFERENCES consent.ledger_checkpoints
);

CREATE FUNCTION consent.make_ledger_partition(part_no integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  child text := 'ledger_entries_' || part_no;
BEGIN
  EXECUTE format('CREATE TABLE consent.%I PARTITION OF consent.ledger_entries FOR VALUES FROM (%s) TO (%s)',
    child, part_no::bigint << 24, (part_no::bigint + 1) << 24);
  EXECUTE format('CREATE TRIGGER ledger_entries_no_truncate BEFORE TRUNCATE ON consent.%I FOR EACH STATEMENT EXECUTE FUNCTION consent.refuse_change()', child);
END $$;

REVOKE EXECUTE ON FUNCTION consent.make_ledger_partition FROM PUBLIC;
GRANT EXECUTE ON FUNCTION consent.make_ledger_partition TO gapura_worker;
-- web adds a leaf in the transaction of an act; the worker alone numbers them and signs. No UPDATE, no DELETE on what is numbered.
GRANT SELECT ON consent.ledger_intake, consent.ledger_entries, consent.ledger_tiles, consent.ledger_head, consent.ledger_checkpoints,
                consent.ledger_cosignatures TO gapura_web;
GRANT INSERT ON consent.ledger_intake TO gapura_web;
GRANT DELETE, UPDATE (leaf_id) ON consent.ledger_intake TO gapura_worker;       -- UPDATE: FOR UPDATE SKIP LOCKED asks for it; an identity cannot be set
GRANT INSERT ON consent.ledger_entries, consent.ledger_tiles, consent.ledger_checkpoints, consent.ledger_cosignatures TO gapura_worker;
GRANT INSERT, UPDATE ON consent.ledger_head TO gapura_worker;
GRANT SELECT ON consent.ledger_entries, consent.ledger_tiles, consent.ledger_head, consent.ledger_checkpoints, consent.ledger_cosignatures TO gapura_auditor;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
