// The topic editor: below the query stands what it would bring, a moment after each change. Older answers are dropped.

import { isPlain, whileBusy } from "./controls.js";
import { QueryField } from "./query_field.js";
import { Refused, ask } from "./server.js";

const PAUSE = 180; // milliseconds without a change before a draft is looked at

const $ = (id) => document.getElementById(id);
const form = $("editor");
const { editor, base, number } = form.dataset;
const field = new QueryField(form.querySelector("[data-query-field]"), base);

let waiting = null; // the timer until the draft is looked at
let asking = null; // what stops the request that is under way
let asked = 0;

// The fields that were filled, as they stand in addresses.
function draft() {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value) fields.set(name, value);
  if (number) fields.set("number", number);
  return fields;
}

async function look() {
  clearTimeout(waiting);
  asking?.abort();
  asking = new AbortController();
  asked += 1;
  const mine = asked;
  $("preview").ariaBusy = "true";
  try {
    const { html, line, mistake, late } = await ask(`${base}/topics/preview?${draft()}`, null, asking.signal);
    if (mine !== asked) return;
    if (late) return later(); // another page of ours was quicker
    $("editor-error").textContent = "";
    field.showMistake(mistake);
    // What an earlier draft found stays until this one can be read.
    if (!mistake || !field.value.trim()) $("preview").innerHTML = html;
    $("preview").classList.toggle("is-old", Boolean(mistake));
    showLine(line);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Refused)) throw error;
    $("editor-error").textContent = error.message;
  } finally {
    if (mine === asked) $("preview").ariaBusy = "false";
  }
}

function later() {
  clearTimeout(waiting);
  waiting = setTimeout(look, PAUSE);
}

function showLine(line) {
  $("command-line").textContent = line;
  $("command-line").parentElement.hidden = !line;
}

// Another way to write the draft: the query, or its bound.
function take({ query, minUpvotes }) {
  if (minUpvotes) form.elements["min-upvotes"].value = minUpvotes;
  if (query) field.value = query;
  look();
  form.elements.query.focus();
}

async function propose(button) {
  const fields = draft();
  const paper = button.closest("[data-paper]");
  fields.set(button.dataset.sign, paper.dataset.paper);
  const was = button.getAttribute("aria-expanded") === "true";
  for (const each of document.querySelectorAll(".found-paper > .proposals")) each.remove();
  for (const each of document.querySelectorAll(".mark-button[aria-expanded]")) each.setAttribute("aria-expanded", "false");
  if (was) return;
  try {
    const { html, late } = await ask(`${base}/topics/proposals?${fields}`);
    if (late || !paper.isConnected) return;
    paper.insertAdjacentHTML("beforeend", html);
    button.setAttribute("aria-expanded", "true");
    paper.querySelector(".proposal")?.focus();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    $("editor-error").textContent = error.message;
  }
}

// Ways to as many papers a day as somebody wants.
async function pace(link) {
  const rather = link.closest(".rather");
  const was = link.getAttribute("aria-expanded") === "true";
  rather.querySelector(".proposals")?.remove();
  for (const each of rather.querySelectorAll("[data-per-day]")) each.setAttribute("aria-expanded", "false");
  if (was) return;
  const fields = draft();
  fields.set("per-day", link.dataset.perDay);
  link.setAttribute("aria-expanded", "true");
  try {
    const { html, late } = await ask(`${base}/topics/paced?${fields}`);
    if (late || !rather.isConnected || link.getAttribute("aria-expanded") !== "true") return;
    rather.insertAdjacentHTML("beforeend", html);
    rather.querySelector(".proposal")?.focus();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    $("editor-error").textContent = error.message;
  }
}

async function save() {
  for (const each of form.querySelectorAll(".field-error")) each.textContent = "";
  try {
    const { url, summary, line } = await ask(form.action, Object.fromEntries(new FormData(form)));
    sessionStorage.setItem("paperround.note", JSON.stringify({ summary, line }));
    location.assign(url);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const place = $(`${error.content?.about || "query"}-error`) ?? $("editor-error");
    place.textContent = error.message;
  }
}

form.addEventListener("input", later);
$("preview").addEventListener("click", (event) => {
  const link = event.target.closest("[data-query], [data-sign], [data-per-day]");
  if (!link || !isPlain(event)) return;
  event.preventDefault();
  if (link.dataset.sign) propose(link);
  else if (link.dataset.perDay) whileBusy(link, () => pace(link));
  else take(link.dataset);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  whileBusy(form, save);
});

// Without a query the first letter is what is waited for.
if (!field.value) form.elements.query.focus();
