CREATE TABLE approval (
  tenant text NOT NULL,
  id text NOT NULL,
  kind text NOT NULL,
  subject text NOT NULL,
  payload text NOT NULL,
  hash text NOT NULL,
  requester text NOT NULL,
  maker text NOT NULL,
  reason text NOT NULL,
  quorum bigint NOT NULL CHECK (quorum BETWEEN 1 AND 9),
  state text NOT NULL CHECK (state IN ('pending', 'approved', 'rejected')),
  seq bigint NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  closed_at bigint,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, id, requester, maker)
);
CREATE INDEX approval_state ON approval (tenant, state, seq);
CREATE TABLE approval_vote (
  tenant text NOT NULL,
  approval text NOT NULL,
  requester text NOT NULL,
  maker text NOT NULL,
  voter text NOT NULL CHECK (voter <> ''),
  verdict text NOT NULL CHECK (verdict IN ('approve', 'reject')),
  comment text NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (tenant, approval, voter),
  FOREIGN KEY (tenant, approval, requester, maker) REFERENCES approval (tenant, id, requester, maker),
  CHECK (verdict = 'reject' OR (voter <> requester AND voter <> maker))
);
