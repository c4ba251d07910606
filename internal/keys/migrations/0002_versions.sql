CREATE TABLE tenant_key_2 (
  tenant text NOT NULL,
  purpose text NOT NULL CHECK (purpose IN ('wrap', 'blind')),
  version bigint NOT NULL,
  kek_id text NOT NULL,
  wrapped bytea NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (tenant, purpose, version)
);
INSERT INTO tenant_key_2 (tenant, purpose, version, kek_id, wrapped, created_at)
  SELECT tenant, purpose, 1, kek_id, wrapped, created_at FROM tenant_key;
DROP TABLE tenant_key;
ALTER TABLE tenant_key_2 RENAME TO tenant_key;
ALTER TABLE person_key ADD COLUMN wrap_version bigint NOT NULL DEFAULT 1;
