// oauth4webapi, which accepts nothing that its specifications do not allow: a web client and an API.
import * as oauth from "oauth4webapi";
import { errorOf, finish, open, settings } from "./session.mjs";

const issuer = new URL(settings.issuer);
const client = { client_id: settings.client_id, require_auth_time: true };
const authenticate = oauth.ClientSecretPost(settings.client_secret);

async function discover(algorithm) {
  const response = await oauth.discoveryRequest(issuer, { algorithm });
  return oauth.processDiscoveryResponse(issuer, response);
}

const server = await discover("oidc");
const asOAuth = await discover("oauth2"); // RFC 8414

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const nonce = oauth.generateRandomNonce();
const url = new URL(server.authorization_endpoint);
for (const [name, value] of Object.entries({
  client_id: client.client_id,
  response_type: "code",
  redirect_uri: settings.redirect_uri,
  scope: "openid profile email offline_access read:orders",
  audience: settings.audience,
  connection: "contoso",
  max_age: "600",
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
})) {
  url.searchParams.set(name, value);
}
const answer = oauth.validateAuthResponse(server, client, await open(url), state);

const response = await oauth.authorizationCodeGrantRequest(
  server,
  client,
  authenticate,
  answer,
  settings.redirect_uri,
  verifier,
);
const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
  expectedNonce: nonce,
  requireIdToken: true,
  maxAge: 600,
});
await oauth.validateApplicationLevelSignature(server, response);
const { sub } = oauth.getValidatedIdTokenClaims(tokens);

const userinfo = await oauth.processUserInfoResponse(
  server,
  client,
  sub,
  await oauth.userInfoRequest(server, client, tokens.access_token),
);

// The API: RFC 9068.
const atApi = (token) =>
  oauth.validateJwtAccessToken(
    server,
    new Request(settings.audience, { headers: { authorization: `Bearer ${token}` } }),
    settings.audience,
  );
const api = await atApi(tokens.access_token);

const refreshed = await oauth.processRefreshTokenResponse(
  server,
  client,
  await oauth.refreshTokenGrantRequest(server, client, authenticate, tokens.refresh_token),
);

const introspect = async (token) =>
  oauth.processIntrospectionResponse(
    server,
    client,
    await oauth.introspectionRequest(server, client, authenticate, token),
  );
const introspected = await introspect(refreshed.access_token);
await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, client, authenticate, refreshed.refresh_token),
);

const machine = await oauth.processClientCredentialsResponse(
  server,
  client,
  await oauth.clientCredentialsGrantRequest(server, client, authenticate, {
    audience: settings.audience,
  }),
);

const again = async () =>
  oauth.processAuthorizationCodeResponse(
    server,
    client,
    await oauth.authorizationCodeGrantRequest(
      server,
      client,
      authenticate,
      answer,
      settings.redirect_uri,
      verifier,
    ),
  );

finish({
  same: JSON.stringify(server) === JSON.stringify(asOAuth),
  sub,
  userinfo,
  api,
  machine: await atApi(machine.access_token),
  introspected,
  revoked: await introspect(refreshed.access_token),
  replayed: await errorOf(again()),
});
