"use strict";
/* Hands a client's answer to the page that has framed or opened this one: the message of Auth0's
   scripts. Browsers deliver it only to the origin that is named here. */
(function () {
    const data = document.currentScript.dataset;
    const asker = window.parent === window ? window.opener : window.parent;
    if (asker) {
        const response = JSON.parse(data.azureadAnswer);
        asker.postMessage({ type: "authorization_response", response }, data.azureadOrigin);
    }
})();
