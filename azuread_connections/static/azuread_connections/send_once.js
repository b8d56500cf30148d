"use strict";
/* A form is sent once: the response to a second press would replace the one that was waited for. */
document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("form[data-azuread-once]").forEach(function (form) {
        let isSent = false;
        form.addEventListener("submit", function (event) {
            if (isSent) {
                event.preventDefault();
            }
            isSent = true;
        });
        // The browser's "Back" shows the page as it was left.
        window.addEventListener("pageshow", function () {
            isSent = false;
        });
    });
});
