CREATE TABLE ruleset (
  tenant text NOT NULL,
  id text NOT NULL,
  version bigint NOT NULL,
  hash text NOT NULL,
  text text NOT NULL,
  author text NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (tenant, id, version)
);
CREATE TABLE ruleset_activation (
  tenant text NOT NULL,
  seq bigint NOT NULL,
  id text NOT NULL,
  version bigint NOT NULL,
  actor text NOT NULL,
  reason text NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (tenant, seq)
);
CREATE TABLE decision (
  tenant text NOT NULL,
  seq bigint NOT NULL,
  event_id text NOT NULL,
  kind text NOT NULL,
  outcome text NOT NULL,
  score bigint NOT NULL,
  ruleset text NOT NULL,
  version bigint NOT NULL,
  rules text NOT NULL,
  point text NOT NULL,
  fallback text NOT NULL,
  latency_us bigint NOT NULL,
  decided_at bigint NOT NULL,
  digest bytea NOT NULL,
  trace bytea NOT NULL,
  PRIMARY KEY (tenant, seq)
) /*sqlite: WITHOUT ROWID*/;
CREATE INDEX decision_outcome ON decision (tenant, outcome, seq);
CREATE TABLE release (
  tenant text NOT NULL,
  seq bigint NOT NULL,
  actor text NOT NULL,
  reason text NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (tenant, seq)
);
CREATE TABLE list_entry (
  tenant text NOT NULL,
  id text NOT NULL,
  list text NOT NULL,
  kind text NOT NULL,
  match text NOT NULL,
  value text NOT NULL,
  expires_at bigint,
  reason text NOT NULL,
  added_seq bigint NOT NULL,
  added_by text NOT NULL,
  removed_seq bigint,
  removed_by text,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX list_entry_list ON list_entry (tenant, list, added_seq);
