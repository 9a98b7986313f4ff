// Results while somebody types: one question at a time, and a late answer is dropped.

import { Refused, fragment } from "./server.js";
import { recall, remember } from "./storage.js";

const PAUSE = 150; // milliseconds without a key before results are asked for
const RECENT = "paperround.searches";
const LONGEST_RECENT = 20;

const form = document.getElementById("search");
const input = document.getElementById("q");
const choice = document.getElementById("choice");
const results = document.getElementById("results");
const spoken = document.getElementById("search-said"); // read out, where all results would be too much

let timer = 0;
let asking = null; // what aborts the question that is not answered yet
let shown = new URL(location).searchParams.get("q") ?? "";

function address(path) {
  const said = new URLSearchParams();
  if (input.value.trim()) said.set("q", input.value.trim());
  if (choice?.value) said.set("c", choice.value);
  const text = said.toString();
  return text ? `${path}?${text}` : path;
}

async function find() {
  asking?.abort();
  const mine = (asking = new AbortController());
  try {
    const found = await fragment(address("/search/results"), mine.signal);
    if (mine.signal.aborted) return;
    // While a query is being written it is often none yet: what was found stays until there is something new.
    const mistaken = found.querySelector(".search-error");
    if (mistaken) {
      results.querySelector(".search-error")?.remove();
      results.prepend(mistaken);
    } else results.replaceChildren(found);
    spoken.textContent = results.querySelector("#search-state")?.textContent ?? "";
    input.setAttribute("aria-invalid", String(Boolean(mistaken)));
    history.replaceState(null, "", address("/search"));
    shown = input.value.trim();
    results.ariaBusy = null;
  } catch (error) {
    if (error.name === "AbortError") return;
    results.ariaBusy = null;
    if (!(error instanceof Refused)) throw error;
    complain(error.message);
  }
}

function complain(sentence) {
  results.querySelector(".search-error")?.remove();
  const words = document.createElement("div");
  words.className = "search-error";
  words.append(Object.assign(document.createElement("p"), { textContent: sentence }));
  results.prepend(words);
  spoken.textContent = sentence;
}

function noteSearch() {
  const text = input.value.trim();
  if (!text) return;
  const others = recall(RECENT, []).filter((each) => each !== text);
  remember(RECENT, [text, ...others].slice(0, LONGEST_RECENT));
}

function askSoon() {
  clearTimeout(timer);
  if (input.value.trim() === shown) return;
  results.ariaBusy = "true";
  timer = setTimeout(find, PAUSE);
}

input.addEventListener("input", askSoon);
input.addEventListener("change", noteSearch);
choice?.addEventListener("change", () => {
  clearTimeout(timer);
  find();
});
form.addEventListener("submit", () => {
  clearTimeout(timer);
  asking?.abort();
  noteSearch();
});
if (results.querySelector(".search-count")) noteSearch();
