// The atlas' table sorts by its headers and filters its rows. Without this script it is a plain table.
for (const table of document.querySelectorAll("table.atlas")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const field = (row, column) => row.cells[column];

  function order(a, b, column) {
    const [x, y] = [field(a, column), field(b, column)];
    const absent = (cell) => Number(cell.querySelector(".absent") !== null); // reasons come last, either way
    if (absent(x) !== absent(y)) return { last: absent(x) - absent(y) };
    const number = (cell) => Number(cell.dataset.value.replace("inf", "Infinity"));
    const numbers = x.dataset.value !== undefined && y.dataset.value !== undefined;
    return numbers ? number(x) - number(y) || 0 : x.textContent.localeCompare(y.textContent, "en");
  }

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sorted = [...rows].sort((a, b) => {
        const found = order(a, b, column);
        return found.last ?? (down ? -found : found);
      });
      body.append(...sorted);
    });
  });

  const tools = document.createElement("div");
  tools.className = "atlas-tools";
  tools.innerHTML =
    '<label>Filter rows <input type="search" autocomplete="off"></label>' +
    '<label>Task <select><option value="">all</option></select></label>' +
    '<p role="status"></p>';
  const [words, task, status] = [tools.querySelector("input"), tools.querySelector("select"), tools.lastChild];
  const tasks = new Set(rows.map((row) => field(row, 1).textContent));
  task.append(...[...tasks].map((name) => new Option(name)));

  function filter() {
    const wanted = words.value.toLowerCase().split(/\s+/);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const fits = !task.value || field(row, 1).textContent === task.value;
      row.hidden = !(fits && wanted.every((word) => text.includes(word)));
    }
    status.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} losses`;
  }
  words.addEventListener("input", filter);
  task.addEventListener("change", filter);
  filter();

  const scroll = document.createElement("div");
  scroll.className = "atlas-scroll";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "Table of losses");
  table.replaceWith(tools, scroll);
  scroll.append(table);
}
