CREATE TABLE knowledge_change (
  tenant text NOT NULL,
  seq bigint NOT NULL,
  kind text NOT NULL,
  subject text NOT NULL,
  requester text NOT NULL,
  approval text NOT NULL,
  reason text NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (tenant, seq)
);
CREATE TABLE lexicon_version (
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
CREATE TABLE text_template (
  tenant text NOT NULL,
  id text NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('gang', 'innocent')),
  title text NOT NULL,
  typology text NOT NULL,
  source text NOT NULL,
  text_id text NOT NULL,
  shingles bytea NOT NULL,
  sealed bytea NOT NULL,
  requester text NOT NULL,
  added_seq bigint NOT NULL,
  removed_seq bigint,
  created_at bigint NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE TABLE contact_mark (
  tenant text NOT NULL,
  id text NOT NULL,
  key text NOT NULL,
  kind text NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('agent', 'lawful')),
  typology text NOT NULL,
  note text NOT NULL,
  requester text NOT NULL,
  added_seq bigint NOT NULL,
  removed_seq bigint,
  created_at bigint NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX contact_mark_key ON contact_mark (tenant, key);
CREATE TABLE text_sighting (
  tenant text NOT NULL,
  key text NOT NULL,
  seq bigint NOT NULL,
  role text NOT NULL,
  writer text NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (tenant, key, seq, role)
) /*sqlite: WITHOUT ROWID*/;
CREATE TABLE text_contact (
  tenant text NOT NULL,
  key text NOT NULL,
  kind text NOT NULL,
  events bigint NOT NULL,
  posts bigint NOT NULL,
  writers bigint NOT NULL,
  first_seen bigint NOT NULL,
  last_seen bigint NOT NULL,
  PRIMARY KEY (tenant, key)
);
CREATE INDEX text_contact_writers ON text_contact (tenant, writers, key);
CREATE TABLE text_gathered (
  tenant text NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (tenant)
);
CREATE TABLE text_candidate (
  tenant text NOT NULL,
  id text NOT NULL,
  key text NOT NULL,
  kind text NOT NULL,
  author text NOT NULL,
  state text NOT NULL,
  score bigint NOT NULL,
  texts bigint NOT NULL,
  writers bigint NOT NULL,
  first_seen bigint NOT NULL,
  last_seen bigint NOT NULL,
  detail bytea NOT NULL,
  run text NOT NULL,
  judged_writers bigint NOT NULL,
  judge text NOT NULL,
  reason text NOT NULL,
  approval text NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX text_candidate_key ON text_candidate (tenant, key);
CREATE INDEX text_candidate_queue ON text_candidate (tenant, state, score, id);
