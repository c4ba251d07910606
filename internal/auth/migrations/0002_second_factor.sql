ALTER TABLE account ADD COLUMN totp bytea;
ALTER TABLE account ADD COLUMN totp_pending bytea;
ALTER TABLE account ADD COLUMN totp_last bigint NOT NULL DEFAULT 0;
CREATE TABLE recovery_code (
  tenant text NOT NULL,
  account text NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (tenant, account, hash),
  FOREIGN KEY (tenant, account) REFERENCES account (tenant, id)
);
