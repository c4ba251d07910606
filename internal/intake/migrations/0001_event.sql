CREATE TABLE event (
  tenant text NOT NULL,
  seq bigint NOT NULL,
  id text NOT NULL,
  kind text NOT NULL,
  source text NOT NULL,
  external_id text NOT NULL,
  subject text NOT NULL,
  entities text NOT NULL,
  effective_at bigint NOT NULL,
  observed_at bigint NOT NULL,
  corrects bigint,
  body_hash bytea NOT NULL,
  key_hash bytea,
  sealed bytea NOT NULL,
  PRIMARY KEY (tenant, seq)
) /*sqlite: WITHOUT ROWID*/;
CREATE UNIQUE INDEX event_external ON event (tenant, source, external_id);
CREATE UNIQUE INDEX event_id ON event (tenant, id);
CREATE UNIQUE INDEX event_key ON event (tenant, key_hash) WHERE key_hash IS NOT NULL;
CREATE TABLE event_entity (
  tenant text NOT NULL,
  key bytea NOT NULL,
  seq bigint NOT NULL,
  kind text NOT NULL,
  PRIMARY KEY (tenant, key, seq)
) /*sqlite: WITHOUT ROWID*/;
CREATE TABLE correction (
  tenant text NOT NULL,
  seq bigint NOT NULL,
  replaced_by bigint NOT NULL,
  PRIMARY KEY (tenant, seq)
);
