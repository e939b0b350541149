// Walks through the shop's flows with openid-client, a certified client: node openid_client.mjs ISSUER CLIENT SECRET BACK
// It prints the address a customer is to be sent to, reads the one they came back at, and prints what it got.
import { createInterface } from "node:readline/promises";
import { stdin, stdout } from "node:process";
import * as client from "openid-client";

const [issuer, id, secret, back] = process.argv.slice(2);
const scope = "openid profile email offline_access orders:read";
const lines = createInterface({ input: stdin });

// The shop in a test is on loopback without TLS.
const options = { execute: [client.allowInsecureRequests] };
const config = await client.discovery(new URL(issuer), id, secret, client.ClientSecretBasic(secret), options);
const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const address = client.buildAuthorizationUrl(config, {
  redirect_uri: back,
  scope,
  state,
  nonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
});
stdout.write(`${address.href}\n`);

const { value: cameBackAt } = await lines[Symbol.asyncIterator]().next();
// This checks state, iss (RFC 9207), and the ID token: signature, issuer, audience, nonce and at_hash.
const tokens = await client.authorizationCodeGrant(config, new URL(cameBackAt), {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
});
const subject = tokens.claims().sub;
const who = await client.fetchUserInfo(config, tokens.access_token, subject);
const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
const told = await client.tokenIntrospection(config, renewed.access_token);
const exchanged = await client.genericGrantRequest(config, "urn:ietf:params:oauth:grant-type:token-exchange", {
  subject_token: renewed.access_token,
  subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
  resource: `${issuer}/api/v1`,
  scope: "orders:read",
});
await client.tokenRevocation(config, renewed.refresh_token);
const after = await client.tokenIntrospection(config, renewed.access_token);
let refused = "";
try {
  await client.refreshTokenGrant(config, renewed.refresh_token);
} catch (error) {
  refused = error.error;
}
const result = {
  name: who.name,
  renewed: renewed.refresh_token !== tokens.refresh_token,
  active: told.active,
  exchanged: exchanged.scope,
  activeAfterwards: after.active,
  refused,
};
stdout.write(`${JSON.stringify(result)}\n`);
lines.close();
