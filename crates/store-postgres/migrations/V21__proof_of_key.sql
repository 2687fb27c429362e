-- Tokens bound to a key (RFC 9449), and agencies below agencies.

-- The agency above; NULL at the top.
ALTER TABLE organisation ADD COLUMN parent text COLLATE "C";
-- Whether the client works with bound tokens alone.
ALTER TABLE client ADD COLUMN dpop_bound boolean NOT NULL DEFAULT false;
-- SHA-256 thumbprint (RFC 7638) of the key to which a token is bound; NULL for a bearer's token.
ALTER TABLE access_token ADD COLUMN key_thumbprint bytea;
