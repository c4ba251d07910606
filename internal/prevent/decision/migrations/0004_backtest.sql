CREATE TABLE backtest_request (
  tenant text NOT NULL,
  id text NOT NULL,
  at bigint NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (tenant, id)
) /*sqlite: WITHOUT ROWID*/;
