CREATE TABLE signal (
  tenant text NOT NULL,
  seq bigint NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (tenant, seq)
);
