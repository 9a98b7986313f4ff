// The page of a channel that begins: it shows the reading go on.

import { whileBusy } from "./controls.js";
import { Refused, ask, fragment } from "./server.js";

const REFRESH = 2000; // milliseconds

const progress = document.getElementById("progress");

async function refresh() {
  if (document.hidden || progress.contains(document.activeElement)) return;
  try {
    const fresh = await fragment(`${progress.dataset.path}${location.search}`);
    const text = (node) => node.textContent.replace(/\s+/g, " ").replace(/\d+ seconds?/g, "");
    // Only what is news is put in place, so that it alone is read aloud.
    if (text(fresh) !== text(progress)) progress.replaceChildren(fresh);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    document.getElementById("offline").textContent = "Not up to date: the workspace does not answer.";
  }
}

// What waits is posted, and then read where it stands.
progress.addEventListener("submit", (event) => {
  const { submitter: button, target: form } = event;
  if (!button) return;
  event.preventDefault();
  whileBusy(button, async () => {
    try {
      await ask(form.getAttribute("action"), { line: button.value });
      location.assign(form.getAttribute("action").replace(/\/command$/, ""));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      document.getElementById("offline").textContent = error.message;
    }
  });
});
setInterval(refresh, REFRESH);
