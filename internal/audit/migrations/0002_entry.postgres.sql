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
);
CREATE INDEX audit_entry_subject ON audit_entry (tenant, subject, n);
CREATE INDEX audit_entry_action ON audit_entry (tenant, action, n);
CREATE FUNCTION audit_entry_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit entries are append-only';
END $$;
CREATE FUNCTION audit_entry_ordered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.n <> coalesce((SELECT max(n) FROM audit_entry WHERE tenant = NEW.tenant), 0) + 1 THEN
    RAISE EXCEPTION 'audit entries are appended in order';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_entry_update BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_entry_frozen();
CREATE TRIGGER audit_entry_truncate BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_frozen();
CREATE TRIGGER audit_entry_insert BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_entry_ordered();
