// The panels beside a channel: forms are sent without leaving the page, and what is shown follows what changes elsewhere.

import { refreshChannels } from "./channel_list.js";
import { isPlain, whileBusy } from "./controls.js";
import { QueryField } from "./query_field.js";
import { Refused, ask, elementOf, fragment } from "./server.js";

const REFRESH = 60_000; // milliseconds
const PAUSE = 150; // milliseconds without a key before what is typed is looked at
const base = () => `/c/${encodeURIComponent(document.body.dataset.channel)}`;

let current = null; // the panel that is shown
let search = ""; // what of an address its content goes by: a page, or what is looked for

export function start(panel) {
  current = panel;
  search = "";
  tellNote();
  prepare();
  panel.addEventListener("submit", submitted);
  panel.addEventListener("click", clicked);
  panel.addEventListener("input", (event) => edited(event.target));
  panel.addEventListener("change", (event) => edited(event.target));
}

function prepare() {
  for (const field of current.querySelectorAll("[data-query-field]")) new QueryField(field, base());
}

const status = () => current.querySelector("[data-panel-status]");

function say(summary, line = "") {
  const place = status();
  place.replaceChildren(summary.replaceAll("`", ""));
  if (line) place.append(" ", Object.assign(document.createElement("code"), { textContent: line }));
}

// What another page did before it led here.
function tellNote() {
  const note = sessionStorage.getItem("paperround.note");
  if (!note) return;
  sessionStorage.removeItem("paperround.note");
  const { summary, line } = JSON.parse(note);
  say(summary, line);
}

// Whether somebody is in the middle of something that must not be taken from under their hands.
function isBusy() {
  const at = document.activeElement;
  if (current.contains(at) && at.matches("input, textarea, select")) return true;
  return Boolean(current.querySelector("[data-panel-form].is-dirty, [data-panel-form][aria-busy]"));
}

async function refresh() {
  const shown = await fragment(`${base()}/panel/${current.dataset.panel}${search}`);
  const body = current.querySelector(".panel-body");
  const said = [...status().childNodes];
  const open = [...body.querySelectorAll("details[open]")].map((each) => keyOf(each));
  const focused = body.contains(document.activeElement) && document.activeElement.id;
  body.replaceChildren(...shown.querySelector(".panel-body").childNodes);
  status().replaceChildren(...said);
  for (const each of body.querySelectorAll("details")) each.open = open.includes(keyOf(each)) && !said.length;
  if (focused) document.getElementById(focused)?.focus();
  prepare();
}

const keyOf = (details) => `${details.closest("[id]").id} ${details.querySelector("summary").textContent}`;

// What a reader asked for: a page, or what is looked for.
async function turnTo(asked) {
  const before = search;
  search = asked;
  try {
    await refresh();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    search = before;
    say(error.message);
  }
}

async function refreshQuietly() {
  if (document.hidden || !current?.isConnected || isBusy()) return;
  try {
    await refresh();
  } catch (error) {
    if (!(error instanceof Refused)) throw error; // it is tried again soon
  }
}

async function submitted(event) {
  const form = event.target;
  if (form.matches("[data-panel-search]")) {
    event.preventDefault();
    say("");
    await turnTo(`?${new URLSearchParams({ find: form.elements.find.value })}`);
    current.querySelector("[name=find]")?.focus();
    return;
  }
  if (form.matches("[data-in-middle]") && document.getElementById("composer")) {
    event.preventDefault();
    document.getElementById("line").value = form.elements.line.value;
    document.getElementById("composer").requestSubmit();
    if (document.getElementById("main").inert) current.querySelector("[data-panel-close]").click(); // it lies below
    return;
  }
  if (!form.matches("[data-panel-form]")) return;
  event.preventDefault();
  whileBusy(form, () => send(form, Object.fromEntries(new FormData(form, event.submitter))));
}

async function send(form, fields) {
  for (const each of form.querySelectorAll(".field-error")) each.textContent = "";
  try {
    const { summary, line, failed, goto, html } = await ask(form.getAttribute("action"), fields);
    if (goto) return location.assign(`${goto}${goto === "/" ? "" : `?panel=${current.dataset.panel}`}`);
    form.classList.remove("is-dirty");
    say(summary, line ?? (fields.line && `/papers ${[fields.line, fields.words].filter(Boolean).join(" ")}`));
    offerWayBack(html);
    if (!failed) {
      await refresh();
      refreshChannels();
      status().scrollIntoView({ block: "nearest" });
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    showMistakes(form, error);
  }
}

function showMistakes(form, error) {
  const mistakes = Object.entries(error.content?.mistakes ?? {});
  const query = form.querySelector("[data-query-field] + .field-error");
  let shown = 0;
  for (const [key, sentence] of mistakes) {
    const place = form.querySelector(`[data-mistake="${CSS.escape(key)}"]`);
    if (!place) continue;
    place.textContent = sentence.replaceAll("`", "");
    if (!shown) place.scrollIntoView({ block: "center" });
    shown += 1;
  }
  if (shown) return;
  if (query) query.textContent = error.message;
  else say(error.message);
}

async function clicked(event) {
  const page = event.target.closest("[data-panel-page]");
  const editor = event.target.closest("[data-to-editor]");
  if (!isPlain(event)) return;
  if (page) {
    event.preventDefault();
    const address = new URL(page.href).searchParams;
    address.delete("panel");
    await turnTo(`?${address}`);
    current.querySelector(".panel-body").scrollTop = 0;
  } else if (editor) {
    // With what was written so far.
    event.preventDefault();
    const form = editor.closest("form");
    const fields = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    location.assign(`${editor.getAttribute("href")}?${fields}`);
  }
}

// ---- the settings: each says which line does the same

function edited(field) {
  const form = field.closest("[data-panel-form]");
  if (!form) return;
  form.classList.add("is-dirty");
  if (field.matches("[data-zones]")) offerZones(field);
  if (field.matches("[data-channels]")) offerChannels(field);
  if (form.matches("[data-transfer]")) showTransfer(form);
  if (form.classList.contains("settings-form")) showLines(form, field);
}

function showLines(form, field) {
  if (field.matches("[data-all-sources]") && field.checked) {
    for (const each of form.querySelectorAll("[data-source]")) each.checked = true;
  } else if (field.matches("[data-source]") && !field.checked) {
    form.querySelector("[data-all-sources]").checked = false;
  }
  for (const code of form.querySelectorAll("[data-command]")) {
    code.textContent = `/papers ${code.dataset.command} ${written(form, code.dataset.key)}`.trimEnd();
  }
}

function written(form, key) {
  const value = (name) => form.elements[name].value.trim();
  if (key === "schedule") {
    const kind = value("schedule-kind");
    if (kind === "other") return value("schedule-words");
    if (kind === "days") {
      const days = [...form.querySelectorAll(".schedule-days :checked")].map((day) => day.name.replace("schedule-", ""));
      return `${days.join(",")} ${value("schedule-time")}`;
    }
    return kind === "daily" || kind === "weekdays" ? `${kind} ${value("schedule-time")}` : kind;
  }
  if (key === "sources") {
    if (form.elements["sources-all"].checked) return "all";
    return [...form.querySelectorAll("[data-source]:checked")].map((each) => each.dataset.source).join(" ");
  }
  return value(key) || "none";
}

let channelsAsked = 0;

async function offerChannels(field) {
  channelsAsked += 1;
  const mine = channelsAsked;
  try {
    const list = await fragment(`/channels?${new URLSearchParams({ "channels-named": field.value })}`);
    if (mine !== channelsAsked) return;
    const options = [...list.querySelectorAll("[data-channel]")].map((link) => {
      const name = link.querySelector(".channel-name").textContent;
      const group = link.closest(".channel-group").querySelector("h3, summary").textContent;
      return Object.assign(document.createElement("option"), { value: link.dataset.channel, label: `${name} (${group})` });
    });
    field.list.replaceChildren(...options);
  } catch (error) {
    if (!(error instanceof Refused)) throw error; // what is typed is looked for when it is sent
  }
}

// ---- topics of another channel: what copying or moving them would do

let transfersAsked = 0;

async function showTransfer(form) {
  const { line, words } = form.elements;
  form.querySelector("button").textContent = line.value === "copy" ? "Copy topics" : "Move topics";
  form.querySelector("[data-transfer-line]").textContent = `/papers ${line.value} ${words.value.trim() || "CHANNEL"}`;
  transfersAsked += 1;
  const mine = transfersAsked;
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  if (mine !== transfersAsked) return;
  try {
    const fields = new URLSearchParams({ line: line.value, words: words.value });
    const shown = await fragment(`${form.dataset.transfer}?${fields}`);
    if (mine === transfersAsked) form.querySelector("[data-transfer-preview]").replaceChildren(shown);
  } catch (error) {
    if (!(error instanceof Refused)) throw error; // what is written is looked at when it is sent
  }
}

// The way back that an answer offers stays beside what was done.
function offerWayBack(html) {
  const button = html && elementOf(html).querySelector("button[name=line][value^='move ']");
  if (!button) return;
  const form = Object.assign(document.createElement("form"), { className: "panel-form", action: `${base()}/command`, method: "post" });
  form.dataset.panelForm = "";
  form.append(button);
  status().append(form);
}

let zonesAsked = 0;

async function offerZones(field) {
  zonesAsked += 1;
  const mine = zonesAsked;
  try {
    const { zones } = await ask(`/zones?q=${encodeURIComponent(field.value)}`);
    if (mine !== zonesAsked) return;
    const options = zones.map((zone) => Object.assign(document.createElement("option"), { value: zone }));
    field.list.replaceChildren(...options);
  } catch (error) {
    if (!(error instanceof Refused)) throw error; // what is typed is checked when it is saved
  }
}

document.addEventListener("paperround:news", refreshQuietly);
document.addEventListener("visibilitychange", refreshQuietly);
addEventListener("focus", refreshQuietly);
setInterval(refreshQuietly, REFRESH);
