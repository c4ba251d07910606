CREATE TABLE tenant_key (
  tenant text NOT NULL,
  purpose text NOT NULL CHECK (purpose IN ('wrap', 'blind')),
  kek_id text NOT NULL,
  wrapped bytea NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (tenant, purpose)
);
CREATE TABLE person_key (
  tenant text NOT NULL,
  id bytea NOT NULL,
  person text NOT NULL,
  wrapped bytea NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX person_key_person ON person_key (tenant, person, id); -- with id, or SQLite walks the primary key for the order
