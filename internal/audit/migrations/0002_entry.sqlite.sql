CREATE TABLE audit_entry (
  tenant text NOT NULL,
  n bigint NOT NULL,
  at bigint NOT NULL,
  actor_kind text NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  reason text NOT NULL,
  request text NOT NULL,
  before bytea NOT NULL,
  after bytea NOT NULL,
  prev bytea NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (tenant, n)
) WITHOUT ROWID;
CREATE INDEX audit_entry_subject ON audit_entry (tenant, subject, n);
CREATE INDEX audit_entry_action ON audit_entry (tenant, action, n);
CREATE TRIGGER audit_entry_update BEFORE UPDATE ON audit_entry BEGIN
  SELECT RAISE(ABORT, 'audit entries are append-only');
END;
CREATE TRIGGER audit_entry_delete BEFORE DELETE ON audit_entry BEGIN
  SELECT RAISE(ABORT, 'audit entries are append-only');
END;
CREATE TRIGGER audit_entry_insert BEFORE INSERT ON audit_entry
WHEN NEW.n <> coalesce((SELECT max(n) FROM audit_entry WHERE tenant = NEW.tenant), 0) + 1 BEGIN
  SELECT RAISE(ABORT, 'audit entries are appended in order');
END;
