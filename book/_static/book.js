// What scrolls sideways can be reached by keyboard. The theme does this for code that is in sight when a page opens.
const wide = ".bd-article :is(pre, .katex-display, .cell_output .output, .pst-scrollable-table-container)";

function addTabStops() {
  for (const element of document.querySelectorAll(wide)) {
    element.tabIndex = element.scrollWidth > element.clientWidth ? 0 : -1;
  }
}

window.addEventListener("load", addTabStops);
window.addEventListener("resize", addTabStops);
document.addEventListener("toggle", addTabStops, true); // folded content has a width once it is open
