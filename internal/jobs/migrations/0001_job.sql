CREATE TABLE job (
  tenant text NOT NULL,
  id text NOT NULL,
  kind text NOT NULL,
  key text NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'dead', 'cancelled')),
  priority bigint NOT NULL,
  run_at bigint NOT NULL,
  payload bytea NOT NULL,
  progress bytea NOT NULL,
  result bytea NOT NULL,
  by_kind text NOT NULL,
  by_id text NOT NULL,
  attempt bigint NOT NULL,
  max_attempts bigint NOT NULL,
  token bigint NOT NULL,
  holder text NOT NULL,
  lease_until bigint NOT NULL,
  cancel boolean NOT NULL,
  done_units bigint NOT NULL,
  total_units bigint NOT NULL,
  note text NOT NULL,
  error_code text NOT NULL,
  error text NOT NULL,
  error_field text NOT NULL,
  created_at bigint NOT NULL,
  started_at bigint NOT NULL,
  finished_at bigint NOT NULL,
  PRIMARY KEY (tenant, id)
) /*sqlite: WITHOUT ROWID*/;
CREATE UNIQUE INDEX job_key ON job (tenant, kind, key);
CREATE INDEX job_waiting ON job (tenant, priority DESC, run_at, id) WHERE state = 'waiting';
CREATE INDEX job_running ON job (tenant, lease_until) WHERE state = 'running';
CREATE INDEX job_finished ON job (tenant, finished_at) WHERE state IN ('done', 'cancelled');
CREATE INDEX job_created ON job (tenant, created_at, id);
CREATE TABLE job_schedule (
  tenant text NOT NULL,
  kind text NOT NULL,
  slot bigint NOT NULL,
  PRIMARY KEY (tenant, kind)
);
