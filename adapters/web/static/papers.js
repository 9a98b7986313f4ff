// What can be done with a paper wherever it is shown: marks that say how they stand, and the abstract in its place.

import { isPlain, whileBusy } from "./controls.js";
import { Refused, ask, fragment } from "./server.js";

const named = (paper) => document.querySelectorAll(`[data-paper="${CSS.escape(paper)}"]`);

function press(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
  if (button.value === "save" || button.value === "unsave") {
    button.value = pressed ? "unsave" : "save";
    button.querySelector("span").textContent = pressed ? "Saved" : "Save";
  }
}

function count(button, number, words) {
  button.querySelector(".count").textContent = number || "";
  button.setAttribute("aria-label", `${words}: ${number}`);
}

// The paper reads the same everywhere on the page: its list is one, its votes are those of a channel.
function show(state) {
  for (const shown of named(state.paper)) {
    for (const form of shown.querySelectorAll("form.marks")) {
      if (form.elements.paper.value !== state.paper) continue;
      const here = form.elements.channel?.value === state.channel;
      for (const button of form.querySelectorAll("button[name=mark]")) {
        if (button.value === "up" || button.value === "down") {
          if (!here) continue;
          press(button, state.vote === button.value);
          count(button, state[button.value], button.value === "up" ? "For it" : "Against it");
        } else press(button, state.saved);
      }
    }
  }
}

// Somebody voted, here or on another platform: what is counted changes, and not what the reader chose.
function recount({ channel, votes }) {
  for (const [paper, tally] of Object.entries(votes)) {
    for (const form of document.querySelectorAll(`[data-paper="${CSS.escape(paper)}"] form.marks`)) {
      if (form.elements.paper.value !== paper || form.elements.channel?.value !== channel) continue;
      for (const button of form.querySelectorAll("button[name=mark]")) {
        if (button.value === "up") count(button, tally.up, "For it");
        if (button.value === "down") count(button, tally.down, "Against it");
      }
    }
  }
}

function complain(form, sentence) {
  form.querySelector(".field-error")?.remove();
  if (!sentence) return;
  const words = Object.assign(document.createElement("p"), { className: "field-error", textContent: sentence });
  words.role = "alert";
  form.append(words);
}

async function mark(form, button) {
  const before = button.getAttribute("aria-pressed") === "true";
  const fields = { ...Object.fromEntries(new FormData(form)), mark: button.value };
  press(button, !before); // at once; the answer says how it stands
  try {
    show(await ask("/mark", fields));
    complain(form, "");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    press(button, before);
    complain(form, error.message);
  }
}

async function unfold(link) {
  const paper = link.closest(".paper");
  const open = paper.querySelector(":scope > .abstract");
  if (open) {
    open.remove();
    link.setAttribute("aria-expanded", "false");
    return;
  }
  try {
    const abstract = (await fragment(`/abstract/${link.getAttribute("href").replace(/^\/paper\//, "")}`)).firstElementChild;
    paper.querySelector(":scope > .paper-foot").before(abstract);
    link.setAttribute("aria-expanded", "true");
    const scroller = paper.closest(".log, .page, .panel-body");
    const tall = scroller && paper.offsetHeight > scroller.clientHeight;
    paper.scrollIntoView({ block: tall ? "start" : "nearest" }); // the log grows upwards, away from who reads
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    location.assign(link.href); // the page says what is wrong
  }
}

function copy(button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      // Clipboards may be forbidden: what is chosen can be copied by hand.
      getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
      button.textContent = "Press Ctrl-C";
    }
    setTimeout(() => (button.textContent = "Copy"), 3000);
  });
}

document.addEventListener("submit", (event) => {
  if (!event.target.classList.contains("marks") || !event.submitter) return;
  event.preventDefault();
  whileBusy(event.submitter, () => mark(event.target, event.submitter));
});
document.addEventListener("paperround:votes", (event) => recount(event.detail));
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-abstract]");
  if (!link || !isPlain(event)) return;
  event.preventDefault();
  whileBusy(link, () => unfold(link));
});
// A menu closes when something elsewhere was pressed, or by Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== event.target.closest("details.menu")) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest("details.menu[open]");
  if (!menu) return;
  event.preventDefault(); // nothing else closes with it
  menu.open = false;
  menu.querySelector("summary").focus();
});
// A picture that cannot be had leaves no empty frame.
for (const picture of document.querySelectorAll("img.thumbnail")) {
  if (picture.complete && !picture.naturalWidth) picture.remove();
}
document.addEventListener("error", (event) => event.target.matches?.("img.thumbnail") && event.target.remove(), true);
document.querySelectorAll("[data-copy]").forEach(copy);
