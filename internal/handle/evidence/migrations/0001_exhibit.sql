CREATE TABLE exhibit (
  tenant text NOT NULL,
  id text NOT NULL,
  seq bigint NOT NULL,
  person text NOT NULL,
  matter text NOT NULL,
  parent text NOT NULL,
  file_key text NOT NULL,
  size bigint NOT NULL CHECK (size >= 0),
  media_type text NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'sealed', 'erased')),
  received_at bigint NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX exhibit_matter ON exhibit (tenant, matter, seq);
CREATE INDEX exhibit_person ON exhibit (tenant, person, seq);
CREATE INDEX exhibit_file ON exhibit (tenant, file_key, seq);
CREATE INDEX exhibit_parent ON exhibit (tenant, parent, seq);
CREATE TABLE exhibit_record (
  tenant text NOT NULL,
  id text NOT NULL,
  exhibit text NOT NULL,
  seq bigint NOT NULL,
  commitment bytea NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX exhibit_record_seq ON exhibit_record (tenant, seq);
CREATE INDEX exhibit_record_exhibit ON exhibit_record (tenant, exhibit, seq);
CREATE TABLE exhibit_leaf (
  tenant text NOT NULL,
  record text NOT NULL,
  seq bigint NOT NULL,
  log text NOT NULL,
  leaf bigint NOT NULL CHECK (leaf >= 0),
  PRIMARY KEY (tenant, record)
);
CREATE UNIQUE INDEX exhibit_leaf_leaf ON exhibit_leaf (tenant, log, leaf);
CREATE UNIQUE INDEX exhibit_leaf_seq ON exhibit_leaf (tenant, seq);
CREATE TABLE exhibit_hold (
  tenant text NOT NULL,
  id text NOT NULL,
  matter text NOT NULL,
  reason text NOT NULL,
  actor text NOT NULL,
  created_at bigint NOT NULL,
  ended_at bigint,
  ended_by text NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX exhibit_hold_matter ON exhibit_hold (tenant, matter, created_at);
