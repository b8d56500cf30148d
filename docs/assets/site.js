// In tables, long names break after a punctuation mark, and nowhere else.
document.querySelectorAll("td code").forEach((code) => {
  const pieces = code.textContent.split(/(?<=[_/.:,-])/);
  if (!code.children.length && pieces.length > 1) {
    code.replaceChildren(
      ...pieces.flatMap((piece, number) =>
        number ? [document.createElement("wbr"), piece] : [piece],
      ),
    );
  }
});

// Names that the theme leaves out, for screen readers.
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");

// Headings without a text are no headings.
document.querySelectorAll("th:empty").forEach((cell) => {
  cell.replaceWith(document.createElement("td"));
});

const content = document.querySelector(".md-content");
const nameCodeBlocks = () =>
  content.querySelectorAll(".md-code__nav").forEach((nav, number) => {
    nav.setAttribute("aria-label", `Code block ${number + 1}`);
  });
if (content) {
  // The theme adds them later, as they come into view.
  new MutationObserver(nameCodeBlocks).observe(content, { childList: true, subtree: true });
}
