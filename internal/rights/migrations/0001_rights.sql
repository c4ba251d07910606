CREATE TABLE erasure (
  tenant text NOT NULL,
  id text NOT NULL,
  at bigint NOT NULL,
  tombstone text NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE TABLE person_hold (
  tenant text NOT NULL,
  id text NOT NULL,
  person text NOT NULL,
  reason text NOT NULL,
  basis text NOT NULL,
  actor text NOT NULL,
  created_at bigint NOT NULL,
  until bigint,
  ended_at bigint,
  ended_by text NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX person_hold_person ON person_hold (tenant, person);
CREATE TABLE person_restriction (
  tenant text NOT NULL,
  person text NOT NULL,
  reason text NOT NULL,
  actor text NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (tenant, person)
);
CREATE TABLE person_basis (
  tenant text NOT NULL,
  id text NOT NULL,
  person text NOT NULL,
  purpose text NOT NULL,
  basis text NOT NULL,
  evidence text NOT NULL,
  actor text NOT NULL,
  given_at bigint NOT NULL,
  withdrawn_at bigint,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX person_basis_person ON person_basis (tenant, person);
CREATE TABLE person_request (
  tenant text NOT NULL,
  id text NOT NULL,
  kind text NOT NULL,
  person text NOT NULL,
  subject text NOT NULL,
  channel text NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'answered')),
  actor text NOT NULL,
  answer text NOT NULL,
  answered_by text NOT NULL,
  approval text NOT NULL,
  received_at bigint NOT NULL,
  due_at bigint NOT NULL,
  answered_at bigint,
  seq bigint NOT NULL,
  CHECK (kind <> 'appeal' OR state = 'open' OR answered_by <> ''),
  PRIMARY KEY (tenant, id)
);
CREATE INDEX person_request_seq ON person_request (tenant, state, seq);
CREATE INDEX person_request_person ON person_request (tenant, person);
