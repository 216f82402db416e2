// The search box of the clinic; without this script every entry is there to read. What matches is decided as in
// lossbook/clinic.py: a test compares the two.
{
  const clinic = document.querySelector(".clinic");
  const [usual, lines] = [...clinic.querySelectorAll("script")].map((script) => script.textContent.trim());
  const guesses = JSON.parse(usual);
  const entries = {};
  let last; // a line each: "# name", a pattern, "? " a pattern that needs a context, "= " a number and when
  for (const line of lines.split("\n")) {
    const [first, second] = line.replace(/^[#?=] /, "").split("\t");
    if (line.startsWith("# ")) entries[first] = last = { messages: [], numbers: [] };
    else if (line.startsWith("= ")) last.numbers.push([first, second]);
    else last.messages.push([first, line.startsWith("? "), second]);
  }
  const ofTargets = ["variance", "deviation", "entropy"];
  const maths = { log: Math.log, exp: Math.exp, sqrt: Math.sqrt, abs: Math.abs, nan: NaN, inf: Infinity };

  const NUMBERS = /-?\d+\.\d+\b|\bnan\b|\binf\b/gi;
  const told = (text) => (/\b\d+ classes\b/.test(text) ? { classes: parseInt(text.match(/\d+(?= classes\b)/)) } : {});
  const plain = (text) =>
    text
      .slice(-20000)
      .replace(/\x1b\[[0-9;]*m/g, "")
      .replace(/[‘’]/g, "'")
      .replace(/[“”]/g, '"')
      .split(/\s+/)
      .join(" ")
      .trim();

  function compare(a, b) {
    const i = a.findIndex((x, k) => x !== b[k]);
    return i < 0 ? 0 : a[i] < b[i] ? -1 : 1;
  }

  function diagnose(text) {
    const found = [];
    for (const [name, { messages }] of Object.entries(entries)) {
      for (const [pattern, weak, context] of messages) {
        for (const hit of text.matchAll(new RegExp(pattern, "g"))) {
          const end = hit.index + hit[0].length;
          const around = text.slice(0, hit.index) + text.slice(end);
          const sure = !weak || Boolean(context && new RegExp(context).test(around));
          found.push({ name, sure, because: `the text says: ${hit[0]}`, order: [Number(!sure), -end, hit.index] });
        }
      }
    }
    return found;
  }

  function number(text) {
    const word = text.trim().toLowerCase();
    const special = { nan: NaN, inf: Infinity, "-inf": -Infinity };
    if (word in special) return special[word];
    return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/.test(word) ? Number(word) : null;
  }

  const digits = (text) => text.toLowerCase().replace(/e.*|[^0-9]/g, "").replace(/^0+/, "").length || 3;

  const products = (lists) =>
    lists.reduce((all, list) => all.flatMap((head) => list.map((value) => [...head, value])), [[]]);

  function meets(value, count, text, given) {
    const [, relation, expression] = text.match(/^([<>]?)(.*)$/);
    const needs = [...Object.keys(guesses), ...ofTargets].filter((name) => new RegExp(`\\b${name}\\b`).test(expression));
    const guessed = needs.filter((name) => !(name in given));
    if (guessed.some((name) => relation || ofTargets.includes(name))) return null;
    const tries = products(needs.map((name) => (name in given ? [given[name]] : guesses[name])));
    for (const [place, values] of tries.entries()) {
      const there = new Function(...Object.keys(maths), ...needs, `return ${expression}`)(
        ...Object.values(maths),
        ...values,
      );
      const off = Math.max(1e-3, Math.min(0.5 * 10 ** (1 - count), 0.02)) * Math.abs(there);
      const close = isFinite(there) && Math.abs(value - there) <= off;
      const near = close || value === there || (isNaN(value) && isNaN(there));
      if (relation ? (relation === "<" ? value < there : value > there) : near) {
        const exact = Math.abs(value - there) <= 1e-4 * Math.max(Math.abs(value), Math.abs(there));
        const rough = count < 3 && !relation && !exact && isFinite(there);
        const known = needs.map((name, i) => `${name} = ${Number(values[i].toPrecision(4))}`).join(", ");
        return { sure: !guessed.length && !rough, place, words: text + (known && ` with ${known}`) };
      }
    }
    return null;
  }

  function explain(text, given) {
    const [value, count, found] = [number(text), digits(text), []];
    for (const [name, { numbers }] of Object.entries(entries)) {
      for (const [expression, when] of numbers) {
        const hit = meets(value, count, expression, given);
        if (!hit) continue;
        const order = [Number(!hit.sure), hit.place];
        found.push({ name, sure: hit.sure, because: `${hit.words}: ${when}`, order });
      }
    }
    return found;
  }

  function mention(text) {
    const split = (part) => new Set(part.toLowerCase().match(/[\p{L}\d.]{3,}/gu));
    const held = [...items].map(([name, item]) => [name, split(item.textContent), split(item.children[0].textContent)]);
    const weights = [...split(text)].map((word) => [word, held.filter(([, all]) => all.has(word)).length]);
    const known = weights.filter(([, count]) => count).map(([word, count]) => [word, Math.log(held.length / count)]);
    const least = known.reduce((sum, [, weight]) => sum + weight, 0) / 2;
    return held
      .map(([name, all, title]) => {
        const score = known.reduce((sum, [word, weight]) => sum + weight * (all.has(word) + title.has(word)), 0);
        return { name, sure: false, because: "it mentions your words", order: [-score] };
      })
      .filter(({ order }) => -order[0] > least);
  }

  function search(text, given = {}) {
    let found = [];
    if (number(text) !== null) found = explain(text, given);
    else {
      const said = plain(text);
      found = diagnose(said);
      if (!found.length && said.length < 80)
        found = (said.match(NUMBERS) || []).flatMap((part) => explain(part, { ...told(said), ...given }));
      if (!found.length) found = mention(said);
    }
    found.sort((a, b) => compare(a.order, b.order));
    return found.filter(({ name }, i) => found.findIndex((other) => other.name === name) === i);
  }
  window.clinicSearch = search;

  const items = new Map([...clinic.querySelectorAll("details")].map((item) => [item.id, item]));
  const homes = [...items.values()].map((item) => [item, item.parentElement]);
  const form = document.createElement("form");
  form.innerHTML =
    '<label>An error message, a traceback, a number or a few words<textarea rows="4" spellcheck="false"></textarea></label>' +
    "<fieldset><legend>If it is a number: what do you know?</legend>" +
    ["classes", "batch", "margin", "variance"]
      .map((name) => `<label>${name}<input name="${name}" inputmode="decimal" size="6" autocomplete="off"></label>`)
      .join("") +
    '</fieldset><p><span role="status"></span> <a hidden>Link to this question</a></p><div class="clinic-found"></div>';
  clinic.prepend(form);
  form.addEventListener("submit", (event) => event.preventDefault());
  const [box, status, link] = ["textarea", "[role=status]", "a"].map((what) => form.querySelector(what));
  const results = form.querySelector(".clinic-found");

  function show() {
    for (const [item, home] of homes) {
      home.append(item);
      item.open = false;
      item.querySelector(".because")?.remove();
    }
    const text = box.value.trim();
    const given = {};
    for (const { name, value } of form.querySelectorAll("input")) {
      if (number(value) !== null) given[name] = number(value);
    }
    const found = text ? search(text, given) : [];
    form.querySelector("fieldset").hidden = text !== "" && number(text) === null && !text.match(NUMBERS);
    for (const { name, sure, because } of found.slice(0, 8)) {
      const item = items.get(name);
      const words = document.createElement("p");
      words.className = "because";
      words.textContent = `${sure ? "Because" : "Possible, because"} ${because}`;
      item.querySelector("summary").after(words);
      results.append(item);
    }
    if (found.length) items.get(found[0].name).open = true;
    const sure = found.filter((one) => one.sure).length;
    status.textContent = !text
      ? `${items.size} entries below.`
      : found.length
        ? `${found.length} of ${items.size} entries fit, ${sure} of them for sure; the likeliest stands first.`
        : "Nothing is known about this. Do the three checks below first.";
    link.hidden = !text;
    const known = Object.entries(given).map(([name, value]) => `&${name}=${value}`);
    link.href = `#q=${encodeURIComponent(text.slice(-1500))}${known.join("")}`;
  }

  function follow() {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (asked.has("q")) {
      box.value = asked.get("q");
      for (const input of form.querySelectorAll("input")) input.value = asked.get(input.name) ?? "";
      show();
      box.scrollIntoView();
    } else if (items.has(location.hash.slice(1))) {
      items.get(location.hash.slice(1)).open = true;
      items.get(location.hash.slice(1)).scrollIntoView();
    }
  }

  form.addEventListener("input", show);
  window.addEventListener("hashchange", follow);
  window.addEventListener("pageshow", show); // a text that the browser brought back
  show();
  follow();
}
