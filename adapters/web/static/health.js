// The health page while it is open: it says anew how things are, and tries messages again.

import { whileBusy } from "./controls.js";
import { Refused, ask, fragment } from "./server.js";

const REFRESH = 15_000; // milliseconds

const $ = (id) => document.getElementById(id);

async function refresh() {
  const report = $("health-report");
  // Whoever is on a button there, by the keyboard, is not to lose it.
  if (document.hidden || report.contains(document.activeElement)) return;
  try {
    report.replaceChildren(await fragment("/health/report"));
    $("offline").textContent = "";
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    $("offline").textContent = "Not up to date: the workspace does not answer.";
  }
}

function tell(words, bad) {
  $("health-notice").textContent = words;
  $("health-notice").classList.toggle("bad", bad);
}

async function retry(form, button) {
  try {
    tell((await ask("/health/retry", { post: new FormData(form).get("post") })).words, false);
    button.disabled = true;
    $("health-page").focus({ preventScroll: true });
    await refresh();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(error.message, true);
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest(".row-action");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("button");
  whileBusy(button, () => retry(form, button));
});

setInterval(refresh, REFRESH);
document.addEventListener("visibilitychange", refresh);
