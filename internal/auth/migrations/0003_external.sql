ALTER TABLE account ADD COLUMN external text;
CREATE UNIQUE INDEX account_external ON account (tenant, external) WHERE external IS NOT NULL;
