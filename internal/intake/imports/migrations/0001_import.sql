CREATE TABLE import (
  tenant text NOT NULL,
  id text NOT NULL,
  mapping text NOT NULL,
  revision bigint NOT NULL,
  source text NOT NULL,
  state text NOT NULL CHECK (state IN ('checking', 'checked', 'running', 'done', 'failed', 'cancelled')),
  blob text NOT NULL,
  size bigint NOT NULL,
  name bytea NOT NULL,
  error bytea,
  actor_kind text NOT NULL,
  actor text NOT NULL,
  confirmed_by text NOT NULL,
  created_at bigint NOT NULL,
  checked_at bigint,
  finished_at bigint,
  dry_rows bigint NOT NULL,
  dry_refused bigint NOT NULL,
  rows_in bigint NOT NULL,
  stored bigint NOT NULL,
  repeated bigint NOT NULL,
  refused bigint NOT NULL,
  first_seq bigint,
  last_seq bigint,
  counted bigint,
  PRIMARY KEY (tenant, id),
  CHECK (rows_in = stored + repeated + refused)
);
CREATE INDEX import_time ON import (tenant, created_at, id);
CREATE TABLE import_refusal (
  tenant text NOT NULL,
  import text NOT NULL,
  dry boolean NOT NULL,
  n bigint NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (tenant, import, dry, n)
);
CREATE TABLE import_mapping (
  tenant text NOT NULL,
  name text NOT NULL,
  revision bigint NOT NULL,
  body text NOT NULL,
  author text NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (tenant, name, revision)
);
CREATE TABLE import_reconciliation (
  tenant text NOT NULL,
  day text NOT NULL,
  source text NOT NULL,
  imports bigint NOT NULL,
  rows_in bigint NOT NULL,
  stored bigint NOT NULL,
  repeated bigint NOT NULL,
  refused bigint NOT NULL,
  counted bigint NOT NULL,
  balanced boolean NOT NULL,
  made_at bigint NOT NULL,
  PRIMARY KEY (tenant, day, source)
);
