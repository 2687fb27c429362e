#!/usr/bin/env python3
"""Asks whether a person is who they say: Python 3.9 or later and the package cryptography.

    python3 verify.py ORIGIN CLIENT KEY.pem NUMBER NAME BIRTH-DATE      prints the answer's JSON
"""
import base64
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import load_pem_private_key


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def assertion(origin: str, client: str, key: ec.EllipticCurvePrivateKey) -> str:
    """A JSON Web Token that is good once and for a minute (RFC 7523)."""
    claims = {"iss": client, "sub": client, "aud": origin, "exp": int(time.time()) + 60, "jti": str(uuid.uuid4())}
    text = ".".join(base64url(json.dumps(part).encode()) for part in ({"alg": "ES256", "typ": "JWT"}, claims))
    first, second = utils.decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{base64url(first.to_bytes(32, 'big') + second.to_bytes(32, 'big'))}"


def post(url: str, body: bytes, headers: dict) -> dict:
    """The JSON of an answer. Errors are RFC 9457 (of tokens RFC 6749): tell people the title, decide by the code."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=15) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        said = json.load(error)
        sys.exit(f"{error.code} {said.get('code', said.get('error'))}: {said.get('title_en', said.get('error_description'))}")


def main(origin: str, client: str, key_file: str, number: str, name: str, birth_date: str) -> None:
    with open(key_file, "rb") as file:
        key = load_pem_private_key(file.read(), password=None)
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(origin, client, key),
    }
    # A system keeps the token for its ten minutes, and asks for a new one when it gets 401.
    token = post(f"{origin}/oauth/token", urllib.parse.urlencode(form).encode(), {})["access_token"]
    question = json.dumps({"number": number, "name": name, "birth_date": birth_date}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    # Keep `receipt` word for word: it proves what you were told.
    print(json.dumps(post(f"{origin}/v1/verify", question, headers), ensure_ascii=False))


main(*sys.argv[1:])
