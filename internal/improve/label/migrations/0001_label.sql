CREATE TABLE label (
  tenant text NOT NULL,
  source text NOT NULL,
  case_no text NOT NULL,
  seq bigint NOT NULL,
  customer text NOT NULL,
  event text NOT NULL,
  population text NOT NULL,
  typology text NOT NULL,
  disposition text NOT NULL CHECK (disposition IN ('confirmed', 'unfounded', 'undetermined')),
  effective_at bigint NOT NULL,
  observed_at bigint NOT NULL,
  recorded_at bigint NOT NULL,
  actor text NOT NULL,
  PRIMARY KEY (tenant, source, case_no, seq)
);
CREATE INDEX label_seq ON label (tenant, seq, source, case_no);
