"use strict";
/* Sends the form at once. It runs before the page has loaded, so that the page is not in the
   browser's history, and going back does not send it again. */
document.getElementById("azuread-form-post").submit();
