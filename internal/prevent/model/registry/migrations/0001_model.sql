CREATE TABLE model (
  tenant text NOT NULL,
  version text NOT NULL,
  seq bigint NOT NULL,
  note text NOT NULL,
  summary text NOT NULL,
  author text NOT NULL,
  created_at bigint NOT NULL,
  archive bytea NOT NULL,
  PRIMARY KEY (tenant, version)
);
CREATE INDEX model_seq ON model (tenant, seq);
