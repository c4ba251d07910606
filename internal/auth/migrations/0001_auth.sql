CREATE TABLE account (
  tenant text NOT NULL,
  id text NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  password_hash text NOT NULL,
  must_change boolean NOT NULL,
  failed bigint NOT NULL,
  locked_until bigint NOT NULL,
  created_at bigint NOT NULL,
  disabled_at bigint,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, name)
);
CREATE TABLE session (
  tenant text NOT NULL,
  hash bytea NOT NULL,
  account text NOT NULL,
  created_at bigint NOT NULL,
  last_seen_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (tenant, hash),
  FOREIGN KEY (tenant, account) REFERENCES account (tenant, id)
);
CREATE INDEX session_account ON session (tenant, account);
CREATE TABLE api_key (
  tenant text NOT NULL,
  id text NOT NULL,
  hash bytea NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  scopes text NOT NULL,
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  expires_at bigint NOT NULL,
  last_used_at bigint,
  revoked_at bigint,
  PRIMARY KEY (tenant, id)
);
