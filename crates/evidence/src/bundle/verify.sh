#!/bin/sh
# Verifies this bundle with openssl (3.0 or later) and nothing of whoever made it. Read it: it is short.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
hash() { openssl dgst -sha256 -binary; }

# 1. The checkpoint is signed by the log's key: the last word of its last line is 4 bytes of the key's name and 64 of
#    the signature (Ed25519), over everything before the empty line.
sed '/^$/,$d' checkpoint.txt >"$work/text"
sed -n '/^$/,$p' checkpoint.txt | sed -n '2p' | sed 's/.* //' | openssl base64 -d -A | tail -c 64 >"$work/signature"
openssl pkeyutl -verify -pubin -inkey log-key.pem -rawin -in "$work/text" -sigfile "$work/signature" >/dev/null ||
  { echo "FALSE: the checkpoint is not signed by the key in log-key.pem"; exit 1; }
echo "1. checkpoint.txt is signed by log-key.pem"

# 2. The record is in the tree of the checkpoint: its salted hash, then the hashes on the way, lead to the root.
{ printf 'dancu/disclosure/v1\n'; cat salt.bin record.json; } | hash >"$work/entry"
{ printf '\000'; cat "$work/entry"; } | hash >"$work/node"
for step in proof/*.bin; do
  [ -e "$step" ] || continue
  case $step in
    *-left.bin) { printf '\001'; cat "$step" "$work/node"; } | hash >"$work/next" ;;
    *) { printf '\001'; cat "$work/node" "$step"; } | hash >"$work/next" ;;
  esac
  mv "$work/next" "$work/node"
done
[ "$(openssl base64 <"$work/node")" = "$(sed -n 3p "$work/text")" ] ||
  { echo "FALSE: record.json is not in the log of the checkpoint"; exit 1; }
echo "2. record.json is in the log, at a size of $(sed -n 2p "$work/text")"

# 3. The checkpoint was there at a time that somebody else vouches for (RFC 3161).
if [ -e timestamp.tsr ]; then
  openssl ts -verify -in timestamp.tsr -data checkpoint.txt -CAfile timestamp-authority.pem >/dev/null 2>&1 ||
    { echo "FALSE: the time-stamp is not of this checkpoint, or not under timestamp-authority.pem"; exit 1; }
  echo "3. checkpoint.txt was there at: $(openssl ts -reply -in timestamp.tsr -text 2>/dev/null | sed -n 's/^Time stamp: //p')"
else
  echo "3. NOT PROVEN BY OTHERS: there is no time-stamp in this bundle; the time in record.json is the log's own word"
fi
echo "TRUE"
