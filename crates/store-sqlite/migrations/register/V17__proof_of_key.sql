-- Tokens bound to a key (RFC 9449), and agencies below agencies.

-- The agency above; NULL at the top. No reference: a copy writes agencies in portions, the lower one perhaps first.
ALTER TABLE organisation ADD COLUMN parent TEXT;
-- Whether the client works with bound tokens alone.
ALTER TABLE client ADD COLUMN dpop_bound INTEGER NOT NULL DEFAULT 0 CHECK (dpop_bound IN (0, 1));
-- SHA-256 thumbprint (RFC 7638) of the key to which a token is bound; NULL for a bearer's token.
ALTER TABLE access_token ADD COLUMN key_thumbprint BLOB;
