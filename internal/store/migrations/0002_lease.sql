ALTER TABLE sequence ADD COLUMN lease_holder text NOT NULL DEFAULT '';
ALTER TABLE sequence ADD COLUMN lease_token bigint NOT NULL DEFAULT 0;
ALTER TABLE sequence ADD COLUMN lease_until bigint NOT NULL DEFAULT 0;
