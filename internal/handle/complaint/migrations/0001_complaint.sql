CREATE TABLE complaint (
  tenant text NOT NULL,
  id text NOT NULL,
  seq bigint NOT NULL,
  event text NOT NULL,
  item bigint NOT NULL,
  person text NOT NULL,
  category text NOT NULL,
  channel text NOT NULL,
  stage text NOT NULL,
  assignee text NOT NULL,
  triage text NOT NULL,
  received_at bigint NOT NULL,
  clock text NOT NULL,
  due_at bigint NOT NULL,
  provisional boolean NOT NULL,
  answered_at bigint,
  closed_at bigint,
  merged_into text NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, event, item)
);
CREATE INDEX complaint_seq ON complaint (tenant, seq);
CREATE INDEX complaint_due ON complaint (tenant, stage, due_at, seq);
CREATE INDEX complaint_channel ON complaint (tenant, channel, stage, due_at, seq);
CREATE INDEX complaint_assignee ON complaint (tenant, assignee, stage, due_at, seq);
CREATE INDEX complaint_triage ON complaint (tenant, triage, stage, due_at, seq);
CREATE INDEX complaint_person ON complaint (tenant, person, seq);
CREATE TABLE complaint_act (
  tenant text NOT NULL,
  id text NOT NULL,
  complaint text NOT NULL,
  seq bigint NOT NULL,
  kind text NOT NULL,
  actor text NOT NULL,
  at bigint NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX complaint_act_complaint ON complaint_act (tenant, complaint, seq);
