// Keys that work on every page. All of them are in one table, which `?` shows; none works while somebody types.

import { start as startSwitcher } from "./switcher.js";
import { recall, remember } from "./storage.js";

const SINGLE = "paperround.keys"; // whether keys without Ctrl work
const SEQUENCE = 1200; // milliseconds within which the second key of two follows

const fields = "input:not([type=checkbox]), textarea, select, [contenteditable]";
const place = (path) => document.querySelector(`.places a[href^="${path}"]`);
const go = (path) => () => location.assign(place(path)?.href ?? path);

// What a key does: how it is written, what it is for, and where it is of use.
const KEYS = [
  { group: "Papers", keys: ["j"], words: "Next paper", run: () => move(1), when: papers },
  { group: "Papers", keys: ["k"], words: "Paper before", run: () => move(-1), when: papers },
  { group: "Papers", keys: ["o", "Enter"], words: "Open it", run: open, when: papers },
  { group: "Papers", keys: ["a"], words: "Unfold its abstract", run: () => press("[data-abstract]"), when: papers },
  { group: "Papers", keys: ["s"], words: "Save it, or take it off your list", run: () => press(".keep"), when: papers },
  { group: "Papers", keys: ["+"], words: "Vote for it", run: () => press("[name=mark][value=up]"), when: papers },
  { group: "Papers", keys: ["-"], words: "Vote against it", run: () => press("[name=mark][value=down]"), when: papers },
  { group: "Go to", keys: ["/"], words: "The command line, or the search", run: write },
  { group: "Go to", keys: ["Ctrl K", "⌘ K"], words: "Anything: channels, papers, pages, commands" },
  { group: "Go to", keys: ["g c"], words: "Channels", run: () => location.assign("/") },
  { group: "Go to", keys: ["g s"], words: "Search", run: go("/search"), when: () => place("/search") },
  { group: "Go to", keys: ["g a"], words: "Archive", run: go("/archive"), when: () => place("/archive") },
  { group: "Go to", keys: ["g h"], words: "Health", run: go("/health"), when: () => place("/health") },
  { group: "Go to", keys: ["g p"], words: "People", run: go("/people"), when: () => place("/people") },
  { group: "Go to", keys: ["n"], words: "Next page, or day, or digest", run: () => turn("next"), when: () => turning("next") },
  { group: "Go to", keys: ["p"], words: "Page, or day, or digest before", run: () => turn("prev"), when: () => turning("prev") },
  { group: "Always", keys: ["Esc"], words: "Leave a field; close what is open" },
  { group: "Always", keys: ["?"], words: "These keys", run: showKeys },
];

// ---- papers

let last = null; // the paper that was looked at, where the focus has gone elsewhere since

function papers() {
  const shown = [...document.querySelectorAll(".main .paper[data-paper], .panel .paper[data-paper]")];
  return shown.some((each) => each.checkVisibility()) && shown.filter((each) => each.checkVisibility());
}

function current() {
  const focused = document.activeElement?.closest?.(".paper[data-paper]");
  return focused ?? (last?.isConnected && last.checkVisibility() ? last : null);
}

function look(paper) {
  last = paper;
  paper.focus({ preventScroll: true });
  const scroller = paper.closest(".log, .page, .panel-body");
  const tall = scroller && paper.offsetHeight > scroller.clientHeight;
  paper.scrollIntoView({ block: tall ? "start" : "nearest" });
}

function move(step) {
  const all = papers();
  const from = current();
  const inView = all.filter((each) => {
    const { top, bottom } = each.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  });
  const next = from ? all[all.indexOf(from) + step] : step > 0 ? inView[0] ?? all[0] : inView.at(-1) ?? all.at(-1);
  if (next) look(next);
}

// What a key is about is the paper that is looked at; on a page about one paper that one.
function subject() {
  return current() ?? document.querySelector(".paper.whole");
}

function press(which) {
  const paper = subject();
  const button = paper && [...paper.querySelectorAll(which)].find((each) => each.closest(".paper") === paper);
  button?.click();
}

function open(event) {
  const paper = subject();
  // A link or a button that has the focus is what Enter is for.
  if (!paper || (event.key === "Enter" && document.activeElement !== paper)) return false;
  const link = paper.querySelector(".paper-title[href], .outside, .elements a[target]");
  if (!link) return false;
  link.click();
  return true;
}

// ---- places

function write() {
  const field = document.getElementById("line") ?? document.getElementById("q");
  if (!field) return location.assign("/search");
  field.focus();
  field.select();
}

function turning(rel) {
  return document.querySelector(`.main .turning [rel=${rel}]`) ?? document.querySelector(`.main [rel=${rel}]`);
}

function turn(rel) {
  turning(rel)?.click();
}

// ---- the overlay that lists them

const useful = (key) => !key.when || Boolean(key.when());

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function keysShown(keys) {
  return keys.flatMap((each, index) => [
    ...(index ? [" or "] : []),
    ...each.split(" ").flatMap((part, at) => [...(at ? [" "] : []), element("kbd", { textContent: part })]),
  ]);
}

function showKeys() {
  const list = element("dl", { className: "keys" });
  for (const group of new Set(KEYS.map((each) => each.group))) {
    const rows = KEYS.filter((each) => each.group === group && useful(each)).map((each) =>
      element("div", {}, element("dt", {}, ...keysShown(each.keys)), element("dd", { textContent: each.words })),
    );
    if (rows.length) list.append(element("div", { className: "keys-group" }, element("h3", { textContent: group }), ...rows));
  }
  const single = element("input", { type: "checkbox", checked: recall(SINGLE, true) });
  single.addEventListener("change", () => remember(SINGLE, single.checked));
  const close = element("button", { className: "button", textContent: "Close" });
  const dialog = element(
    "dialog",
    { className: "dialog keys-dialog" },
    element("h2", { id: "keys-title", textContent: "Keys" }),
    list,
    element("label", { className: "keys-single" }, single, " Keys without Ctrl do something"),
    element("form", { method: "dialog" }, close),
  );
  dialog.setAttribute("aria-labelledby", "keys-title");
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
}

// ---- listening

let begun = ""; // the first of two keys
let timer = 0;

function found(pressed) {
  return KEYS.find((each) => each.run && each.keys.includes(pressed) && useful(each));
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    startSwitcher();
    return;
  }
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.target.closest(fields)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (!recall(SINGLE, true) && event.key !== "?") return;
  const pressed = begun ? `${begun} ${event.key}` : event.key;
  clearTimeout(timer);
  begun = "";
  if (pressed === "g") {
    begun = pressed;
    timer = setTimeout(() => (begun = ""), SEQUENCE);
    return;
  }
  const key = found(pressed);
  if (key && key.run(event) !== false) event.preventDefault();
});
document.addEventListener("focusin", (event) => {
  last = event.target.closest?.(".paper[data-paper]") ?? last;
});
for (const button of document.querySelectorAll("[data-switcher]")) {
  button.hidden = false;
  button.addEventListener("click", startSwitcher);
}
for (const button of document.querySelectorAll("[data-keys]")) {
  button.hidden = false;
  button.addEventListener("click", showKeys);
}
const line = new URLSearchParams(location.hash.slice(1)).get("line");
if (line && document.getElementById("line")) {
  document.getElementById("line").value = line;
  document.getElementById("line").focus();
}
