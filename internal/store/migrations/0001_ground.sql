CREATE TABLE tenant (
  name text PRIMARY KEY,
  title text NOT NULL,
  created_at bigint NOT NULL
);
CREATE TABLE sequence (
  tenant text PRIMARY KEY,
  last bigint NOT NULL
);
CREATE TABLE outbox (
  tenant text NOT NULL,
  seq bigint NOT NULL,
  kind text NOT NULL,
  subject text NOT NULL,
  at bigint NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (tenant, seq)
) /*sqlite: WITHOUT ROWID*/;
CREATE TABLE consumer (
  tenant text NOT NULL,
  name text NOT NULL,
  cursor bigint NOT NULL,
  PRIMARY KEY (tenant, name)
);
CREATE TABLE idempotency (
  tenant text NOT NULL,
  key_hash bytea NOT NULL,
  body_hash bytea NOT NULL,
  response bytea NOT NULL,
  status bigint NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (tenant, key_hash)
);
CREATE INDEX idempotency_at ON idempotency (tenant, at);
