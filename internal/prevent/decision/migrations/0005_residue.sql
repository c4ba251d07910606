CREATE TABLE residue (
  tenant text NOT NULL,
  seq bigint NOT NULL,
  stream text NOT NULL,
  key bytea NOT NULL,
  distinct_hash bigint NOT NULL,
  value bigint NOT NULL,
  PRIMARY KEY (tenant, seq, stream, key, distinct_hash)
) /*sqlite: WITHOUT ROWID*/;
