// One sign-in for every portal, by an OpenID library that nobody here wrote: from the pushed request to signing out.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { isAbsolute, join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { openHouse } from "./house.mjs";

const require = createRequire(new URL("../ui/package.json", import.meta.url));
const oauth = await import(pathToFileURL(require.resolve("oauth4webapi")).href);

const client = { client_id: "cong-dich-vu-demo" };
const redirect = "http://localhost:8099/callback";
const insecure = { [oauth.allowInsecureRequests]: true };
const DEVICE = {
  protocol: "ctap2",
  transport: "internal",
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
};

let house;
let citizen;
let portal;
let server;
let prove;
let DPoP;

before(async () => {
  house = await openHouse();
  portal = createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<!doctype html><title>Portal</title>"));
  await new Promise((resolve) => portal.listen(8099, "localhost", resolve));
  citizen = await house.visitor();
  const device = await citizen.context.newCDPSession(citizen.page);
  await device.send("WebAuthn.enable");
  await device.send("WebAuthn.addVirtualAuthenticator", { options: DEVICE });
  const issuer = new URL(house.origin);
  server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  prove = oauth.PrivateKeyJwt(await clientKey());
  DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
  await enrol();
});

after(async () => {
  await citizen?.close();
  portal?.close();
  portal?.closeAllConnections();
  await house?.close();
});

async function clientKey() {
  const folder = isAbsolute(house.client_keys) ? house.client_keys : join(house.folder, house.client_keys);
  const pem = readFileSync(join(folder, `${client.client_id}.pem`), "utf8");
  const der = Buffer.from(pem.replace(/-----[A-Z ]+-----|\s/g, ""), "base64");
  return crypto.subtle.importKey("pkcs8", der, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
}

/** Gives the citizen a passkey, as an officer and the citizen do. */
async function enrol() {
  const officer = await house.visitor();
  await officer.signIn(house.codeOf("/officer"));
  await officer.page.goto("/officer");
  await officer.page.fill("#number", house.card("in force").number);
  await officer.page.keyboard.press("Enter");
  const code = (await officer.page.locator(".letter__code").innerText()).trim();
  await officer.close();
  await citizen.signIn(code);
  await citizen.page.locator("form[data-passkey=register] button").click();
  await citizen.page.waitForURL("**/citizen");
}

/** Pushes a request and opens it in the browser, as a link of the portal does. */
async function begin(extra = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const kept = { verifier, state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce() };
  const parameters = {
    response_type: "code",
    redirect_uri: redirect,
    scope: "openid profile address",
    state: kept.state,
    nonce: kept.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...extra,
  };
  const answer = await oauth.pushedAuthorizationRequest(server, client, prove, parameters, { DPoP, ...insecure });
  const pushed = await oauth.processPushedAuthorizationResponse(server, client, answer);
  const address = new URL(server.authorization_endpoint);
  address.search = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri });
  await citizen.page.goto("http://localhost:8099/");
  await citizen.page.evaluate((to) => window.location.assign(to), address.href);
  return kept;
}

/** Waits until the browser is back at the portal, and exchanges its code. */
async function finish(kept, options = {}) {
  await citizen.page.waitForURL("http://localhost:8099/callback?**");
  const told = oauth.validateAuthResponse(server, client, new URL(citizen.page.url()), kept.state);
  const answer = await oauth.authorizationCodeGrantRequest(server, client, prove, told, redirect, kept.verifier, { DPoP, ...insecure });
  const expected = { expectedNonce: kept.nonce, requireIdToken: true, ...options };
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, expected);
  await oauth.validateApplicationLevelSignature(server, answer, insecure);
  return { tokens, claims: oauth.getValidatedIdTokenClaims(tokens) };
}

const learned = async ({ tokens, claims }) => {
  const answer = await oauth.userInfoRequest(server, client, tokens.access_token, { DPoP, ...insecure });
  return oauth.processUserInfoResponse(server, client, claims.sub, answer);
};

let signedIn;

test("a portal learns what the person read and agreed to, and nothing before", async () => {
  const { page } = citizen;
  const kept = await begin();
  await page.locator("button[value=agree]").waitFor();
  assert.match(await page.locator("h1").innerText(), /Cổng Dịch vụ công .* sẽ biết gì về bạn/);
  assert.match(await page.locator(".chips").innerText(), /Họ tên[\s\S]*Nơi thường trú/);
  await citizen.inspect();
  await page.locator("a[hreflang=en]").click();
  assert.match(await page.locator("h1").innerText(), /will learn this about you/, "the other language, the same request");
  await page.locator("a[hreflang=vi]").click();
  await page.locator("button[value=agree]").click();
  signedIn = await finish(kept);
  assert.equal(signedIn.claims.acr, "urn:dancu:acr:identity-1:authentication-2");
  const [, , name] = house.card("in force").qr.split("|");
  const told = await learned(signedIn);
  assert.equal(told.name, name);
  assert.ok(told.address.formatted && !JSON.stringify(told).includes(house.card("in force").number));
  await page.goto(`${house.origin}/citizen`);
  assert.match(await page.locator(".look").first().innerText(), /Đăng nhập và điền sẵn/, "the person sees it");
});

test("tokens are renewed, and the same answer is given to who did not get it", async () => {
  const renew = async (token) => {
    const answer = await oauth.refreshTokenGrantRequest(server, client, prove, token, { DPoP, ...insecure });
    return oauth.processRefreshTokenResponse(server, client, answer);
  };
  const shown = signedIn.tokens.refresh_token;
  const [one, two] = await Promise.all([renew(shown), renew(shown)]);
  assert.equal(one.refresh_token, two.refresh_token);
  assert.ok((await learned({ ...signedIn, tokens: one })).name);
  const answer = await oauth.introspectionRequest(server, client, prove, one.access_token, insecure);
  assert.equal((await oauth.processIntrospectionResponse(server, client, answer)).active, true);
  signedIn.tokens = one;
});

test("who is signed in and agreed goes straight back; a step-up asks for the passkey again", async () => {
  const { page } = citizen;
  const again = await finish(await begin());
  assert.equal(again.claims.sub, signedIn.claims.sub);
  const kept = await begin({ prompt: "login", max_age: "60" });
  await page.locator("form[data-passkey=sign-in] button").waitFor();
  await citizen.inspect();
  await page.locator("form[data-passkey=sign-in] button").click();
  const stepped = await finish(kept, { maxAge: 60 });
  assert.ok(stepped.claims.auth_time >= again.claims.auth_time);
  const quiet = await finish(await begin({ prompt: "none" }));
  assert.equal(quiet.claims.auth_time, stepped.claims.auth_time);
});

test("the person sees and disconnects the portal, and refuses it", async () => {
  const { page } = citizen;
  await page.goto(`${house.origin}/citizen/portals`);
  assert.match(await page.locator(".card").first().innerText(), /Cổng Dịch vụ công/);
  await citizen.inspect();
  await page.locator(".govuk-button--warning").click();
  await page.waitForURL("**/citizen/portals");
  assert.equal(await page.locator(".govuk-button--warning").count(), 0);
  await assert.rejects(learned(signedIn), "what it held has ended");
  const kept = await begin();
  await page.locator("button[value=refuse]").click();
  await page.waitForURL("http://localhost:8099/callback?**");
  const refused = () => oauth.validateAuthResponse(server, client, new URL(page.url()), kept.state);
  assert.throws(refused, (error) => error.error === "access_denied");
});

test("a portal asks to sign out, the person confirms, and nobody is signed in", async () => {
  const { page } = citizen;
  const kept = await begin();
  await page.locator("button[value=agree]").click();
  const { tokens } = await finish(kept);
  const address = new URL(server.end_session_endpoint);
  const wish = { id_token_hint: tokens.id_token, post_logout_redirect_uri: "http://localhost:8099/", state: "bye" };
  address.search = new URLSearchParams(wish);
  await page.goto(address.href);
  await citizen.inspect();
  await page.locator("form[action='/sign-on/out'] button").click();
  await page.waitForURL("http://localhost:8099/?state=bye");
  const nobody = await begin({ prompt: "none" });
  await page.waitForURL("http://localhost:8099/callback?**");
  const refused = () => oauth.validateAuthResponse(server, client, new URL(page.url()), nobody.state);
  assert.throws(refused, (error) => error.error === "login_required");
});
