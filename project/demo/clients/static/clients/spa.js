// A single-page application with oidc-client-ts, as docs/provider-clients.md shows it.
"use strict";

const settings = JSON.parse(document.getElementById("settings").textContent);
const manager = new oidc.UserManager(settings);
let count = 0;

function element(id) {
  return document.getElementById(id);
}

function show(user) {
  element("signed-in").hidden = !user;
  element("signed-out").hidden = Boolean(user);
  if (user) {
    element("name").textContent = user.profile.name;
    element("claims").textContent = JSON.stringify(user.profile, null, 2);
    element("count").textContent = count;
  }
}

/** Do something, and show what it leads to, also if that is an error. */
async function attempt(action) {
  element("error").hidden = true;
  try {
    show(await action());
  } catch (error) {
    element("error").textContent = error.message;
    element("error").hidden = false;
    await manager.removeUser();
    show(null);
  }
}

async function arrive() {
  const query = new URLSearchParams(location.search);
  if (!query.has("state")) {
    return manager.getUser();
  }
  // The code is worth nothing once it is used: keep it out of the address and the history.
  const address = location.href;
  history.replaceState(null, "", location.pathname);
  if (query.has("code") || query.has("error")) {
    return manager.signinRedirectCallback(address);
  }
  await manager.signoutRedirectCallback(address);
  return null;
}

element("sign-in").addEventListener("click", () => attempt(() => manager.signinRedirect()));
element("sign-out").addEventListener("click", () => attempt(() => manager.signoutRedirect()));
element("refresh").addEventListener("click", () =>
  attempt(async () => {
    const user = await manager.signinSilent();
    count += 1;
    return user;
  }),
);
attempt(arrive);
