// What scripts add to pages that work without them. Every page loads this; a part does nothing where its element is missing.

const DAY = 86_400_000;

/** The slider of the two clocks: while it moves its day is shown, when it rests the page follows. */
function slide() {
  const slider = document.querySelector("#clocks input[type=range]");
  if (!slider || !slider.hidden) return;
  slider.hidden = false;
  const form = slider.form;
  const field = form.elements.valid_at;
  const day = () => new Date(Date.parse(slider.dataset.first) + slider.value * DAY).toISOString().slice(0, 10);
  slider.addEventListener("input", () => {
    field.value = day();
    slider.setAttribute("aria-valuetext", day());
  });
  slider.addEventListener("change", () => follow(form, "slider"));
  field.addEventListener("change", () => field.value && follow(form, "valid_at"));
}

/** Let the page follow its form, and the focus stay where it was. */
function follow(form, from) {
  document.body.dataset.from = from;
  window.htmx.trigger(form, "clocks");
}

function settle() {
  slide();
  const from = document.body.dataset.from;
  if (!from) return;
  delete document.body.dataset.from;
  const form = document.querySelector("#clocks");
  const element = from === "slider" ? form?.querySelector("input[type=range]") : form?.elements[from];
  element?.focus({ preventScroll: true });
}

document.addEventListener("DOMContentLoaded", slide);
document.addEventListener("htmx:afterSettle", settle);
document.addEventListener("htmx:configRequest", (event) => {
  // A field that is left empty is left out of the address.
  for (const [name, value] of Object.entries(event.detail.parameters)) if (value === "") delete event.detail.parameters[name];
});
if (document.readyState !== "loading") slide();
