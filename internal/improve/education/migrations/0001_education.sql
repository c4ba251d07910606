CREATE TABLE education_programme (
  tenant text NOT NULL,
  version bigint NOT NULL,
  seq bigint NOT NULL,
  content text NOT NULL,
  hash text NOT NULL,
  requester text NOT NULL,
  approval text NOT NULL,
  reason text NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (tenant, version)
);
CREATE TABLE education_enrolment (
  tenant text NOT NULL,
  id text NOT NULL,
  seq bigint NOT NULL,
  version bigint NOT NULL,
  subject text NOT NULL,
  event text NOT NULL,
  arm text NOT NULL CHECK (arm IN ('taught', 'holdout')),
  enrolled_at bigint NOT NULL,
  until bigint NOT NULL,
  complained_at bigint,
  agent_at bigint,
  overdue_at bigint,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX education_enrolment_subject ON education_enrolment (tenant, subject, enrolled_at);
CREATE UNIQUE INDEX education_enrolment_seq ON education_enrolment (tenant, seq);
