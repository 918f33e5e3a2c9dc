// New entries appear on the page of what was recorded: htmx asks every two seconds, this tells it and lets a hidden tab rest.

const list = () => document.getElementById("recorded");
const live = () => document.getElementById("live");

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target === list() && document.hidden) event.preventDefault();
});
document.addEventListener("htmx:afterSettle", () => {
  const fresh = Number(list()?.dataset.fresh ?? 0);
  if (fresh) live().textContent = `${fresh} new ${fresh === 1 ? "entry" : "entries"} at ${new Date().toLocaleTimeString("en-GB")}`;
});
