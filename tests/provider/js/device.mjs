// openid-client 6 on a device without a browser (RFC 8628).
import * as client from "openid-client";
import { finish, open, settings } from "./session.mjs";

const config = await client.discovery(
  new URL(settings.issuer),
  settings.client_id,
  { token_endpoint_auth_method: "none" },
  client.None(),
);
client.enableNonRepudiationChecks(config);

const codes = await client.initiateDeviceAuthorization(config, {
  scope: "openid profile offline_access",
});
await open(codes.verification_uri_complete);
const tokens = await client.pollDeviceAuthorizationGrant(config, codes);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);

finish({
  uri: codes.verification_uri,
  claims: tokens.claims(),
  rotated: refreshed.refresh_token !== tokens.refresh_token,
});
