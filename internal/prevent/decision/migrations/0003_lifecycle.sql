ALTER TABLE ruleset_activation ADD COLUMN approval text;
CREATE TABLE ruleset_stage (
  tenant text NOT NULL,
  seq bigint NOT NULL,
  id text NOT NULL,
  version bigint NOT NULL,
  stage text NOT NULL CHECK (stage IN ('shadow', 'rollout', 'off')),
  percent bigint NOT NULL CHECK (percent BETWEEN 0 AND 99),
  actor text NOT NULL,
  reason text NOT NULL,
  approval text,
  at bigint NOT NULL,
  PRIMARY KEY (tenant, seq)
);
CREATE TABLE shadow_result (
  tenant text NOT NULL,
  seq bigint NOT NULL,
  ruleset text NOT NULL,
  version bigint NOT NULL,
  outcome text NOT NULL,
  score bigint NOT NULL,
  rules text NOT NULL,
  digest bytea NOT NULL,
  PRIMARY KEY (tenant, seq, ruleset, version)
) /*sqlite: WITHOUT ROWID*/;
CREATE TABLE rule_snooze (
  tenant text NOT NULL,
  id text NOT NULL,
  rule text NOT NULL,
  kind text NOT NULL,
  entity text NOT NULL,
  reason text NOT NULL,
  actor text NOT NULL,
  approval text,
  added_seq bigint NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  ended_seq bigint,
  ended_by text,
  PRIMARY KEY (tenant, id)
);
CREATE TABLE contact (
  tenant text NOT NULL,
  id text NOT NULL,
  seq bigint NOT NULL,
  channel text NOT NULL,
  result text NOT NULL,
  actor text NOT NULL,
  at bigint NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX contact_seq ON contact (tenant, seq, at);
