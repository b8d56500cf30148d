"use strict";
/* Conveniences for the pages of a set-up. Everything works without them. */
(function () {
  function select(element) {
    const selection = window.getSelection();
    selection.removeAllRanges();
    const range = document.createRange();
    range.selectNodeContents(element);
    selection.addRange(range);
  }

  function setUpCopy(button) {
    const source = document.getElementById(button.dataset.azureadCopy);
    const spoken = document.querySelector("[data-azuread-copied]");
    const label = button.textContent;
    let timer;

    function say(text) {
      button.textContent = text;
      spoken.textContent = text;
      clearTimeout(timer);
      timer = setTimeout(function () {
        button.textContent = label;
        spoken.textContent = "";
      }, 2500);
    }

    button.hidden = false;
    button.addEventListener("click", async function () {
      try {
        // Browsers offer the clipboard on https and on this machine only.
        await navigator.clipboard.writeText((source.value ?? source.textContent).trim());
        say(button.dataset.done);
      } catch {
        select(source);
        say(button.dataset.failed);
      }
    });
  }

  /* A second press while Microsoft is asked would send the form twice. */
  function setUpOnce(form) {
    form.addEventListener("submit", function (event) {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "1";
      const shown = form.querySelector("[data-busy]");
      if (shown) {
        shown.dataset.label = shown.textContent;
        shown.textContent = shown.dataset.busy;
      }
    });
  }

  /* The browser's "Back" shows the page as it was left. */
  function restore() {
    document.querySelectorAll("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
      const shown = form.querySelector("[data-label]");
      if (shown) {
        shown.textContent = shown.dataset.label;
      }
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-azuread-copy]").forEach(setUpCopy);
    document.querySelectorAll("form[data-azuread-once]").forEach(setUpOnce);
  });
  window.addEventListener("pageshow", restore);
})();
