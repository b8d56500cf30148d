"use strict";
/* Conveniences for the form of a connection. Everything works without them. */
(function () {
    function select(element) {
        if (element.select) {
            element.select();
            return;
        }
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

    function setUpPreview(preview) {
        const name = document.getElementById("id_name");
        const displayName = document.getElementById("id_display_name");
        const logoURL = document.getElementById("id_logo_url");
        const label = preview.querySelector("[data-azuread-label]");
        const logo = preview.querySelector("img");
        const failed = document.querySelector("[data-azuread-logo-failed]");
        if (!displayName) {
            // The page is read-only: keep what the server wrote.
            return;
        }

        function showLabel() {
            const text = displayName.value.trim() || name.value.trim() || "…";
            label.textContent = preview.dataset.template.replace("{label}", () => text);
        }

        function showLogo() {
            const url = logoURL.value.trim();
            failed.hidden = true;
            logo.hidden = true;
            // Load nothing else: no http:, no "//host", no script.
            if (/^https:\/\/[^/]/i.test(url)) {
                logo.src = url;
            } else {
                logo.removeAttribute("src");
            }
        }

        logo.addEventListener("load", function () {
            logo.hidden = false;
        });
        logo.addEventListener("error", function () {
            if (logo.getAttribute("src")) {
                logo.hidden = true;
                failed.hidden = false;
            }
        });
        name.addEventListener("input", showLabel);
        displayName.addEventListener("input", showLabel);
        // Not at every key: each half-typed address would send a request to some host.
        logoURL.addEventListener("change", showLogo);
        showLabel();
        if (logoURL.value) {
            showLogo();
        }
    }

    /* Choosing a type ticks its default grant types. */
    function setUpGrants(type) {
        const defaults = JSON.parse(type.dataset.azureadGrants);
        type.addEventListener("change", function () {
            const usual = defaults[type.value] || [];
            document.querySelectorAll("input[name=grant_types]").forEach(function (box) {
                box.checked = usual.includes(box.value);
            });
        });
    }

    /* Grant types that have no effect for the chosen type say so. */
    function setUpEffect(type) {
        const possible = JSON.parse(type.dataset.azureadPossible);
        function update() {
            if (!type.checked) {
                return;
            }
            document.querySelectorAll("input[name=grant_types]").forEach(function (box) {
                const label = box.closest("label");
                const works = (possible[type.value] || []).includes(box.value);
                const old = label.querySelector(".azuread-no-effect");
                if (old) {
                    old.remove();
                }
                if (!works) {
                    const note = document.createElement("span");
                    note.className = "azuread-quiet azuread-no-effect";
                    note.textContent = ` (${box.dataset.azureadNoEffect})`;
                    label.append(note);
                }
            });
        }
        type.addEventListener("change", update);
        update();
    }

    /* An option that needs another one is disabled until that one is on. */
    function setUpDependence(neededId, dependentId) {
        const needed = document.getElementById(neededId);
        const dependent = document.getElementById(dependentId);
        if (!needed || !dependent) {
            return;
        }
        function update() {
            if (!needed.checked) {
                dependent.checked = false;
            }
            dependent.disabled = !needed.checked;
        }
        needed.addEventListener("change", update);
        // Keep a value that the server has refused, so that its error makes sense.
        if (needed.checked || !dependent.checked) {
            update();
        }
    }

    /* Django names the label of an autocomplete field for the select that select2 hides. */
    function nameAutocomplete(select) {
        const label = select.labels[0];
        if (!label) {
            return;
        }
        label.id = label.id || `${select.id}_label`;

        function name() {
            const shown = select.parentElement.querySelectorAll(
                ".select2-selection, .select2-selection [role=textbox]",
            );
            shown.forEach(function (each) {
                each.setAttribute("aria-labelledby", label.id);
            });
            return shown.length > 0;
        }

        // Django's script adds the visible field after this one has run.
        const observer = new MutationObserver(function () {
            if (name()) {
                observer.disconnect();
            }
        });
        if (!name()) {
            observer.observe(select.parentElement, { childList: true });
        }
    }

    /* --- Sections: remembered in this browser, opened for a link into them --- */

    const MEMORY = "azuread_connections.open_sections";

    function remembered() {
        try {
            return JSON.parse(localStorage.getItem(MEMORY)) || {};
        } catch {
            // No storage, or not ours.
            return {};
        }
    }

    function remember(section) {
        const memory = remembered();
        memory[section.dataset.azureadSection] = section.open;
        try {
            localStorage.setItem(MEMORY, JSON.stringify(memory));
        } catch {
            // A browser can refuse to store anything.
        }
    }

    function setUpSection(section) {
        // A section that the server opens has an error, or has to be filled in.
        if (!("forced" in section.dataset) && remembered()[section.dataset.azureadSection]) {
            section.open = true;
        }
        // Not at "toggle": that comes for links and for errors, too.
        section.querySelector("summary").addEventListener("click", function () {
            setTimeout(remember, 0, section);
        });
    }

    function setUpOpenAll(button) {
        button.hidden = false;
        button.addEventListener("click", function () {
            document.querySelectorAll("[data-azuread-section]").forEach(function (section) {
                section.open = true;
                remember(section);
            });
        });
    }

    /* Browsers open the sections around a link's target; older ones do not. */
    function showTarget() {
        // Every anchor of ours is plain ASCII, so nothing has to be decoded.
        const target = document.getElementById(location.hash.slice(1));
        if (!target || !target.closest("[data-azuread-section]")) {
            return;
        }
        let section = target.closest("details");
        while (section) {
            section.open = true;
            section = section.parentElement.closest("details");
        }
        target.scrollIntoView();
        if (target.matches("input, select, textarea")) {
            target.focus();
        }
    }

    document.addEventListener("DOMContentLoaded", function () {
        document.querySelectorAll("[data-azuread-section]").forEach(setUpSection);
        document.querySelectorAll("[data-azuread-open-all]").forEach(setUpOpenAll);
        window.addEventListener("hashchange", showTarget);
        showTarget();
        document.querySelectorAll("[data-azuread-copy]").forEach(setUpCopy);
        document.querySelectorAll("[data-azuread-preview]").forEach(setUpPreview);
        document.querySelectorAll("[data-azuread-grants]").forEach(setUpGrants);
        document.querySelectorAll("[data-azuread-possible]").forEach(setUpEffect);
        setUpDependence("id_security_groups", "id_nested_groups");
        document.querySelectorAll("select.admin-autocomplete").forEach(nameAutocomplete);
    });
})();
