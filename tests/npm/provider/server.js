// A certified OpenID provider (npm: oidc-provider) for the tests: one client, everybody may sign in, keys from a file.
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const { port, clientId, clientSecret, redirectUri, keys } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: [redirectUri],
      response_types: ["code"],
      grant_types: ["authorization_code"],
      id_token_signed_response_alg: keys[0].alg,
    },
  ],
  jwks: { keys },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  enabledJWA: { idTokenSigningAlgValues: ["ES256", "RS256"] },
  cookies: { keys: ["only for a test"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.net`, email_verified: true, name: `${id} of Node` }),
  }),
  pkce: { required: () => true },
});
provider.listen(port, "127.0.0.1", () => console.log("open"));
