// openid-client 6, with its optional checks on: a web client through every endpoint.
import * as client from "openid-client";
import { errorOf, finish, open, settings } from "./session.mjs";

const config = await client.discovery(
  new URL(settings.issuer),
  settings.client_id,
  {},
  client.ClientSecretBasic(settings.client_secret),
);
client.enableNonRepudiationChecks(config); // the ID token's signature, by the published keys

const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const callback = await open(
  client.buildAuthorizationUrl(config, {
    redirect_uri: settings.redirect_uri,
    scope: "openid profile email offline_access",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    connection: "contoso",
    max_age: "600",
    state,
    nonce,
  }),
);
const tokens = await client.authorizationCodeGrant(config, callback, {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
  maxAge: 600,
});
const claims = tokens.claims();
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
const introspected = await client.tokenIntrospection(config, tokens.access_token);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
await client.fetchUserInfo(config, refreshed.access_token, claims.sub);
await client.tokenRevocation(config, refreshed.refresh_token);
const machine = await client.clientCredentialsGrant(config);

finish({
  claims,
  userinfo,
  introspected,
  rotated: refreshed.refresh_token !== tokens.refresh_token,
  revoked: await client.tokenIntrospection(config, refreshed.access_token),
  refused: await errorOf(client.refreshTokenGrant(config, refreshed.refresh_token)),
  machine: machine.token_type,
  logout: String(client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token })),
});
