"use strict";
// What axe-core does not look at. Each function returns a list of {rule, target, detail}.
(() => {
  const FOCUSABLE = "a[href], area[href], button, input:not([type=hidden]), select, textarea, summary, iframe, [tabindex]";
  const EDGES = ["Top", "Right", "Bottom", "Left"];

  function nameOf(element) {
    const id = element.id ? `#${element.id}` : "";
    const kind = element.name ? `[name="${element.name}"]` : "";
    const classes = [...element.classList].map((each) => `.${each}`).join("");
    const text = (element.textContent || "").trim().slice(0, 30);
    return `${element.localName}${id}${kind}${id ? "" : classes}${text ? ` “${text}”` : ""}`;
  }

  function isVisible(element) {
    return element.checkVisibility({ visibilityProperty: true })
      && element.getClientRects().length > 0;
  }

  function inScope(element, scope) {
    return [...document.querySelectorAll(scope)].some((root) => root.contains(element));
  }

  // --- Headings, title, language ------------------------------------------------------------------

  function head() {
    const found = [];
    const root = document.documentElement;
    const headings = [...document.querySelectorAll("h1")].filter(isVisible);
    if (headings.length !== 1) {
      found.push({ rule: "one-h1", target: "h1", detail: headings.map(nameOf).join(", ") });
    }
    if (!document.title.trim()) {
      found.push({ rule: "title", target: "title", detail: "" });
    }
    if (!root.lang) {
      found.push({ rule: "lang", target: "html", detail: "" });
    }
    if (!["ltr", "rtl"].includes(root.dir)) {
      found.push({ rule: "dir", target: "html", detail: root.dir });
    }
    return found;
  }

  // --- Width --------------------------------------------------------------------------------------

  // Whether no scrolling shows what reaches beyond the window: a box around it hides it.
  function isCutOff(element) {
    for (let each = element; each && each !== document.body; each = each.parentElement) {
      const style = getComputedStyle(each);
      if (["auto", "scroll"].includes(style.overflowX) || style.clipPath !== "none"
          || style.textOverflow === "ellipsis" || style.position === "fixed" || each.clientWidth === 1) {
        return false;
      }
    }
    return true;
  }

  // Text, and what is no text: boxes around them may well be wider.
  function reaches(element, isOutside) {
    if (element.matches("input, select, textarea, button, img, svg")) {
      return isOutside(element.getBoundingClientRect());
    }
    return [...element.childNodes].some((node) => {
      if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) {
        return false;
      }
      const range = document.createRange();
      range.selectNodeContents(node);
      return [...range.getClientRects()].some(isOutside);
    });
  }

  function width(label) {
    const room = document.documentElement.clientWidth;
    const wide = document.documentElement.scrollWidth;
    const rtl = document.documentElement.dir === "rtl";
    const isOutside = (box) => (rtl ? box.left < -1 : box.right > room + 1);
    const shown = [...document.body.querySelectorAll("*")].filter(isVisible);
    const over = shown.filter((each) => isOutside(each.getBoundingClientRect()));
    if (wide <= room) {
      return shown.filter((each) => reaches(each, isOutside) && isCutOff(each)).slice(0, 4)
        .map((each) => ({ rule: `cut-off-${label}`, target: nameOf(each), detail: "" }));
    }
    return [{
      rule: `scrolls-sideways-${label}`,
      target: over.slice(0, 4).map(nameOf).join(" | "),
      detail: `${wide} > ${room}`,
    }];
  }

  // Django's admin loads this style sheet before ours when the language is written right to left.
  function turn(address) {
    document.documentElement.dir = "rtl";
    const base = document.querySelector("link[href*='admin/css/base.css']");
    if (!base) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: address });
      link.dataset.turned = "";
      link.onload = link.onerror = () => resolve();
      base.after(link);
    });
  }

  function turnBack() {
    document.documentElement.dir = "ltr";
    document.querySelectorAll("[data-turned]").forEach((each) => each.remove());
  }

  // --- Keyboard -----------------------------------------------------------------------------------

  const look = (element) => {
    const style = getComputedStyle(element);
    return JSON.stringify([
      style.outlineStyle === "none" ? "" : [style.outlineWidth, style.outlineColor],
      style.boxShadow,
      style.textDecorationLine,
      style.backgroundColor,
      ...EDGES.map((edge) => [style[`border${edge}Width`], style[`border${edge}Color`]]),
    ]);
  };

  // What shows the focus of an element: itself, or the label or row around it.
  const around = (element) => [element, element.parentElement, element.closest("label")].filter(Boolean);

  let walk;

  function begin(scope) {
    const elements = [...document.querySelectorAll(FOCUSABLE)].filter((element) =>
      isVisible(element) && !element.disabled && element.tabIndex >= 0 && inScope(element, scope)
      && !element.matches("details:not([open]) > :not(summary) *"));
    // One stop for each group of radio buttons.
    const groups = new Set();
    const expected = elements.filter((element) => {
      if (element.type !== "radio") {
        return true;
      }
      const key = `${element.form ? [...document.forms].indexOf(element.form) : ""}/${element.name}`;
      const isNew = !groups.has(key);
      groups.add(key);
      return isNew;
    });
    if (document.activeElement) {
      document.activeElement.blur();
    }
    walk = { expected, reached: [], before: new Map(), faint: [] };
    for (const element of elements) {
      walk.before.set(element, around(element).map(look));
    }
    walk.listen = (event) => {
      const element = event.target;
      const known = element.type === "radio"
        ? walk.expected.find((e) => e.type === "radio" && e.name === element.name && e.form === element.form)
        : element;
      if (!walk.expected.includes(known) || walk.reached.includes(known)) {
        return;
      }
      walk.reached.push(known);
      const before = walk.before.get(element);
      if (before && around(element).map(look).every((style, index) => style === before[index])) {
        walk.faint.push(element);
      }
    };
    document.addEventListener("focusin", walk.listen);
    // The next Tab leads to the first control of the part that is looked at.
    const start = document.createElement("span");
    start.tabIndex = -1;
    start.dataset.start = "";
    document.querySelector(scope).prepend(start);
    start.focus();
    return expected.length;
  }

  const missing = () => walk.expected.length - walk.reached.length;

  function end() {
    document.removeEventListener("focusin", walk.listen);
    document.querySelectorAll("[data-start]").forEach((each) => each.remove());
    const found = walk.expected.filter((each) => !walk.reached.includes(each)).map((each) =>
      ({ rule: "keyboard-does-not-reach", target: nameOf(each), detail: "" }));
    for (const each of walk.faint) {
      found.push({ rule: "focus-not-visible", target: nameOf(each), detail: look(each) });
    }
    if (document.activeElement) {
      document.activeElement.blur();
    }
    return found;
  }

  // --- Forced colours -----------------------------------------------------------------------------

  const hasEdge = (style) => EDGES.some((edge) =>
    style[`border${edge}Style`] !== "none" && parseFloat(style[`border${edge}Width`]) >= 1);

  // In forced colours, backgrounds and shadows are gone: what they alone say is lost.
  function forced(scope) {
    const found = [];
    const report = (rule, element) => found.push({ rule, target: nameOf(element), detail: "" });
    for (const root of document.querySelectorAll(scope)) {
      for (const each of root.querySelectorAll("button, input[type=submit], .button, .azuread-button")) {
        const style = getComputedStyle(each);
        if (isVisible(each) && !hasEdge(style) && !style.textDecorationLine.includes("underline")) {
          report("forced-colors-no-edge", each);
        }
      }
      for (const each of root.querySelectorAll("input:not([type=hidden], [type=file]), select, textarea")) {
        const style = getComputedStyle(each);
        if (isVisible(each) && style.appearance === "none" && !hasEdge(style)) {
          report("forced-colors-no-edge", each);
        }
      }
      for (const each of root.querySelectorAll("[aria-current]:not([aria-current=false])")) {
        if (isVisible(each) && parseInt(getComputedStyle(each).fontWeight, 10) < 600) {
          report("forced-colors-no-current", each);
        }
      }
      for (const each of root.querySelectorAll(".azuread-state")) {
        const sign = getComputedStyle(each, "::before").content;
        if (isVisible(each) && (sign === "none" || sign === "normal")) {
          report("state-without-sign", each);
        }
      }
      // A swatch is told apart by its colour alone.
      for (const each of root.querySelectorAll(".azuread-chart-key")) {
        if (isVisible(each) && getComputedStyle(each, "::before").forcedColorAdjust !== "none") {
          report("forced-colors-no-swatch", each);
        }
      }
    }
    return found;
  }

  // --- axe-core -----------------------------------------------------------------------------------

  // Only what a report needs: whole results take long to send.
  async function examine(options, known) {
    const results = await axe.run(document, options);
    const found = [];
    const used = [];
    for (const violation of results.violations) {
      for (const node of violation.nodes) {
        const target = node.target.flat(2).join(" ");
        const element = document.querySelector(node.target.flat(2).at(-1));
        const exception = known.find(([rule, selector]) =>
          rule === violation.id && element && element.closest(selector));
        if (exception) {
          used.push(exception.join(" "));
        } else {
          const why = [...node.any, ...node.all, ...node.none].map((each) => each.message);
          found.push({ rule: violation.id, target, detail: why.slice(0, 2).join("; ") });
        }
      }
    }
    return { found, used };
  }

  window.looks = { head, width, turn, turnBack, begin, missing, end, forced, examine };
})();
