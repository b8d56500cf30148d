"use strict";
/* Asks for the page again while a domain is not verified, and shows what has changed. What is typed
   meanwhile stays. Without this, there is the button "Check again". */
(function () {
  /* An hour: whoever leaves the page open for longer is not waiting. */
  const MOST_TIMES = 240;
  const section = document.querySelector("[data-azuread-domains][data-azuread-ask]");
  if (!section) {
    return;
  }
  const interval = Number(section.dataset.azureadAsk) * 1000;
  const note = document.querySelector("[data-domain-note]");
  let times = 0;

  function update(row, fresh) {
    const state = row.querySelector("[data-domain-state]");
    const freshState = fresh.querySelector("[data-domain-state]");
    if (state.textContent !== freshState.textContent) {
      state.replaceWith(document.importNode(freshState, true));
    }
    if (row.dataset.state !== fresh.dataset.state) {
      row.dataset.state = fresh.dataset.state;
      ["[data-domain-record]", "form"].forEach(function (part) {
        const shown = row.querySelector(part);
        if (shown && !fresh.querySelector(part)) {
          shown.remove();
        }
      });
    }
  }

  function show(page) {
    const fresh = page.querySelector("[data-azuread-domains]");
    if (!fresh) {
      return false;
    }
    section.querySelectorAll("[data-domain]").forEach(function (row) {
      const same = fresh.querySelector(`[data-domain="${CSS.escape(row.dataset.domain)}"]`);
      if (same) {
        update(row, same);
      }
    });
    const count = section.querySelector("[data-domain-count]");
    const freshCount = fresh.querySelector("[data-domain-count]");
    if (count.textContent !== freshCount.textContent) {
      count.textContent = freshCount.textContent;
    }
    const button = document.querySelector("[name=action][value=continue]");
    const freshButton = page.querySelector("[name=action][value=continue]");
    if (button && freshButton) {
      button.textContent = freshButton.textContent;
    }
    return fresh.hasAttribute("data-azuread-ask");
  }

  async function ask() {
    times += 1;
    let goesOn = true;
    if (!document.hidden) {
      try {
        const response = await fetch(window.location.pathname, { credentials: "same-origin" });
        const text = await response.text();
        goesOn = response.ok && show(new DOMParser().parseFromString(text, "text/html"));
      } catch {
        /* Offline: try again. */
      }
    }
    if (goesOn && times < MOST_TIMES) {
      setTimeout(ask, interval);
    } else if (note) {
      note.hidden = true;
    }
  }

  if (note) {
    note.hidden = false;
  }
  setTimeout(ask, interval);
})();
