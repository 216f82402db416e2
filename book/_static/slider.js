// A figure with a slider: each position is a drawing in the page, and one of them is shown. By touch and by keyboard,
// and, where the slider's value is a place on the x axis, by dragging in the figure.
for (const figure of document.querySelectorAll(".slider")) {
  const [frames, says] = [figure.querySelectorAll(".frame"), figure.querySelectorAll("li")];
  const values = figure.dataset.values.split(" ").map(Number);
  const label = document.createElement("label");
  label.innerHTML = `<span></span><output></output><input type="range" min="0" max="${values.length - 1}" step="1">`;
  const [words, output, input] = label.children;
  words.textContent = `${figure.dataset.label}: `;
  input.value = figure.dataset.start;
  figure.querySelector("svg").after(label);
  const told = figure.querySelector(".slider-says");
  told.setAttribute("aria-live", "polite");

  function show() {
    const at = Number(input.value);
    frames.forEach((frame, i) => frame.toggleAttribute("hidden", i !== at));
    const value = String(values[at]).replace("-", "−");
    output.textContent = value;
    input.setAttribute("aria-valuetext", value);
    told.textContent = says[at].textContent;
  }
  input.addEventListener("input", show);
  show();

  if (!("drag" in figure.dataset)) continue;
  const svg = figure.querySelector("svg");
  const places = figure.dataset.drag.split(" ").map(Number);
  function drag(event) {
    if (!event.buttons) return;
    const there = svg.createSVGPoint();
    [there.x, there.y] = [event.clientX, event.clientY];
    const { x } = there.matrixTransform(svg.getScreenCTM().inverse());
    const off = places.map((place) => Math.abs(place - x));
    input.value = off.indexOf(Math.min(...off));
    show();
  }
  svg.addEventListener("pointerdown", drag);
  svg.addEventListener("pointermove", drag);
}
