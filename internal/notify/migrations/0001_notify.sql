CREATE TABLE webhook_endpoint (
  tenant text NOT NULL,
  id text NOT NULL,
  description text NOT NULL,
  kinds text NOT NULL,
  sealed bytea NOT NULL,
  active boolean NOT NULL,
  reason text NOT NULL,
  cursor bigint NOT NULL,
  failures bigint NOT NULL,
  failing_since bigint NOT NULL,
  pause_until bigint NOT NULL,
  created_by text NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE TABLE webhook_delivery (
  tenant text NOT NULL,
  endpoint text NOT NULL,
  seq bigint NOT NULL,
  kind text NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed', 'dropped')),
  attempts bigint NOT NULL,
  status bigint NOT NULL,
  error text NOT NULL,
  took_us bigint NOT NULL,
  created_at bigint NOT NULL,
  tried_at bigint NOT NULL,
  PRIMARY KEY (tenant, endpoint, seq)
) /*sqlite: WITHOUT ROWID*/;
CREATE TABLE email_message (
  tenant text NOT NULL,
  id text NOT NULL,
  sealed bytea NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (tenant, id)
);
