#!/usr/bin/env bash
# Asks whether a person is who they say, with curl and openssl. For trying out; a system keeps its token for ten minutes.
#
#   verify.sh ORIGIN CLIENT KEY.pem NUMBER NAME BIRTH-DATE      prints the answer's JSON
set -euo pipefail
origin=$1 client=$2 key=$3 number=$4 name=$5 birth_date=$6

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# An assertion: a JSON Web Token that is good once and for a minute (RFC 7523). ES256 signatures are two numbers of
# 32 bytes; openssl gives them as ASN.1, from which they are taken.
head=$(printf '{"alg":"ES256","typ":"JWT"}' | base64url)
body=$(printf '{"iss":"%s","sub":"%s","aud":"%s","exp":%d,"jti":"%s"}' \
  "$client" "$client" "$origin" "$(($(date +%s) + 60))" "$(openssl rand -hex 16)" | base64url)
numbers=$(printf '%s.%s' "$head" "$body" | openssl dgst -sha256 -sign "$key" | openssl asn1parse -inform DER |
  sed -n 's/.*INTEGER *:\(.*\)/\1/p' | while read -r number_; do printf '%64s' "$number_"; done | tr ' ' 0)
signature=$(printf '%b' "$(printf '%s' "$numbers" | sed 's/../\\x&/g')" | base64url)

granted=$(curl -sS --fail-with-body "$origin/oauth/token" -d grant_type=client_credentials \
  -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
  -d "client_assertion=$head.$body.$signature") || { printf '%s\n' "$granted" >&2; exit 1; }
token=$(printf '%s' "$granted" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

# The token stands in a file that curl reads, not on a command line that others see. Quotes in names need a real tool for JSON.
curl -sS --fail-with-body "$origin/v1/verify" -H @<(printf 'Authorization: Bearer %s' "$token") \
  -H 'Content-Type: application/json' \
  -d "{\"number\":\"$number\",\"name\":\"$name\",\"birth_date\":\"$birth_date\"}"
