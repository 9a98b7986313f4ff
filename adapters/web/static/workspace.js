// The open page of a channel: it runs commands and shows what arrives.

import { markUnread, noteActivity, refreshChannels, seenBefore } from "./channel_list.js";
import { Composer } from "./composer.js";
import { whileBusy } from "./controls.js";
import { Refused, ask, elementOf } from "./server.js";

const RETRY = 5000; // milliseconds until a refused stream of events is tried again
const SETTLES = 3000; // milliseconds in which a page may still change by itself after it was opened
const LONG = 50; // messages from which on those that are out of view are not laid out
const NEAR_END = 80; // pixels from the end that still count as being there

const page = document.body.dataset;
const channel = page.channel;
const base = `/c/${encodeURIComponent(channel)}`;
const $ = (id) => document.getElementById(id);
const log = $("log");
const timeline = $("timeline");
const title = document.title;

let lastId = Number(page.lastId);
let missed = 0; // messages that arrived below what is in view
let unheard = 0; // messages that arrived while the page was hidden

// ---- the timeline

const atEnd = () => log.scrollTop > -NEAR_END; // the log grows upwards: its end is 0

function noticeEnd() {
  missed = 0;
  $("pill").hidden = true;
}

function toEnd() {
  log.scrollTop = 0;
  noticeEnd();
}

// What is longer than the window is read from its beginning.
function reveal(message) {
  message.scrollIntoView({ block: message.offsetHeight > log.clientHeight ? "start" : "nearest" });
}

// Where reading begins: at the first message that is new here, else at the last digest, whose messages came together.
function begin() {
  const all = [...timeline.querySelectorAll(":scope > .message")];
  const minute = (each) => each.querySelector("time")?.dateTime.slice(0, 16);
  let from = all.findIndex((each) => Number(each.dataset.id) > seenBefore());
  if (from < 0) {
    from = all.length - 1;
    while (from > 0 && minute(all[from - 1]) === minute(all[from]) && all[from - 1].querySelector(".paper")) from -= 1;
  }
  const message = all[from];
  const above = message?.previousElementSibling;
  const first = above?.matches(".day, .earlier") ? above : message;
  toEnd();
  if (first && first.getBoundingClientRect().top < log.getBoundingClientRect().top) first.scrollIntoView({ block: "start" });
}

// For a moment the page still changes by itself: pictures that cannot be had leave it.
const settling = new ResizeObserver(begin);
const settled = () => settling.disconnect();

// Changes the page without moving `anchor` in front of the reader's eyes.
function keepInPlace(anchor, change) {
  const before = anchor?.getBoundingClientRect().top;
  change();
  if (anchor?.isConnected) log.scrollTop += anchor.getBoundingClientRect().top - before;
}

function firstInView() {
  const top = log.getBoundingClientRect().top;
  return [...timeline.children].find((each) => each.getBoundingClientRect().bottom > top + 1);
}

// Adds below everything, and follows only readers who are at the end.
function addAtEnd(change) {
  settled();
  if (atEnd()) {
    change();
    toEnd();
    return true;
  }
  keepInPlace(firstInView(), change);
  return false;
}

function insert(message) {
  timeline.querySelector(".welcome")?.remove();
  const { day, dayWords } = message.dataset;
  const days = [...timeline.querySelectorAll(":scope > .day")];
  if (!days.some((each) => each.dataset.day === day)) {
    const separator = document.createElement("div");
    separator.className = "day";
    separator.role = "separator";
    separator.ariaLabel = dayWords;
    separator.dataset.day = day;
    separator.append(Object.assign(document.createElement("span"), { textContent: dayWords }));
    timeline.append(separator);
  }
  message.classList.add("arrived");
  timeline.append(message);
}

function insertReply(message, headId) {
  const thread = $(`m-${headId}`)?.querySelector(":scope > .body > .thread");
  if (!thread) return; // its head is further up than this page reaches
  thread.querySelector(".replies").append(message);
  thread.hidden = false;
  const count = thread.querySelector(".count");
  const number = Number(count.dataset.count) + 1;
  count.dataset.count = number;
  count.textContent = number === 1 ? "1 reply" : `${number.toLocaleString("en")} replies`;
}

function arrive({ id, replyTo, html }) {
  if ($(`m-${id}`)) return;
  const message = elementOf(html).firstElementChild;
  const followed = addAtEnd(() => (replyTo === null ? insert(message) : insertReply(message, replyTo)));
  if (followed && message.offsetHeight > log.clientHeight) reveal(message);
  if (!followed && replyTo === null) {
    missed += 1;
    $("pill").hidden = false;
    $("pill").querySelector("span").textContent = missed === 1 ? "1 new message" : `${missed} new messages`;
  }
}

// ---- commands and their answers

const replaced = new WeakMap(); // an answer -> the message of the log in whose place it stands

// The message whose button was pressed reads otherwise now: only its buttons can have changed, by what they count.
function relabel(answer) {
  const own = (root) => [...root.querySelectorAll("button[name=line]")].filter((each) => each.closest(".message") === root);
  const shown = document.getElementById(`m-${answer.id}`);
  if (!shown) return;
  const fresh = new Map(own(elementOf(answer.html).firstElementChild).map((each) => [each.value, each]));
  for (const button of own(shown)) {
    const now = fresh.get(button.value);
    if (!now) continue;
    button.innerHTML = now.innerHTML;
    for (const name of ["aria-pressed", "aria-label"]) {
      if (now.hasAttribute(name)) button.setAttribute(name, now.getAttribute(name));
    }
  }
}

function showAnswer(answer, pressed, line) {
  if (answer.goto) return location.assign(answer.goto);
  if (answer.updates) return relabel(answer);
  const message = elementOf(answer.html).firstElementChild;
  if (!message.classList.contains("ephemeral")) {
    arrive({ ...answer, replyTo: null });
    if (answer.replaces) dismiss(pressed?.closest(".message"));
    toEnd();
    return;
  }
  message.dataset.line = line;
  message.classList.add("arrived");
  const asking = pressed?.closest(".message");
  const paper = pressed?.closest(".paper");
  if (answer.replaces && asking) {
    const original = replaced.get(asking) ?? (asking.classList.contains("ephemeral") ? null : asking);
    if (original) replaced.set(message, original);
    keepInPlace(asking.previousElementSibling, () => asking.replaceWith(message));
    message.focus({ preventScroll: true });
    reveal(message);
  } else if (paper) {
    // Under the paper that it is about; a second press replaces the first answer.
    const again = [...paper.querySelectorAll(":scope > .ephemeral")].find((each) => each.dataset.line === line);
    keepInPlace(pressed, () => (again ? again.replaceWith(message) : paper.append(message)));
    reveal(message);
  } else {
    timeline.querySelector(".welcome")?.remove();
    timeline.append(message);
    toEnd();
    reveal(message);
  }
}

function dismiss(message) {
  if (!message?.classList.contains("ephemeral")) return;
  const original = replaced.get(message);
  keepInPlace(message.previousElementSibling ?? firstInView(), () =>
    original ? message.replaceWith(original) : message.remove(),
  );
}

async function run(line, pressed) {
  const from = pressed?.closest(".message")?.dataset.id;
  $("command-error").textContent = "";
  try {
    showAnswer(await ask(`${base}/command`, { line, from }), pressed, line);
    refreshChannels();
    document.dispatchEvent(new Event("paperround:news")); // what stands beside the log may be otherwise now
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    $("command-error").textContent = error.message;
    return false;
  }
}

let running = 0; // lines that were written and are not answered yet: a slow one holds up no other

async function runWritten(composer, form) {
  if (!$("line").value.trim()) return;
  const line = composer.take();
  running += 1;
  form.ariaBusy = "true";
  if (!(await run(line))) composer.giveBack(line);
  running -= 1;
  form.ariaBusy = running ? "true" : null;
}

function listenToCommands() {
  const composer = new Composer($("line"), $("completions"), async (line) => {
    try {
      const { lines, labels } = await ask(`${base}/complete?line=${encodeURIComponent(line)}`);
      return lines.map((each, index) => ({ line: each, label: labels[index] }));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return []; // running the line will say what is wrong
    }
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    if (form.id === "composer") {
      event.preventDefault();
      runWritten(composer, form);
    } else if (form.classList.contains("buttons")) {
      event.preventDefault();
      const button = event.submitter;
      const menu = button?.closest("details.menu");
      if (menu) menu.open = false;
      if (button) whileBusy(button, () => run(button.value, button));
    }
  });
}

function listenToTimeline() {
  timeline.addEventListener("click", (event) => {
    const summary = event.target.closest(".thread > summary");
    if (event.target.closest("[data-dismiss]")) {
      dismiss(event.target.closest(".message"));
      $("line").focus({ preventScroll: true });
    } else if (summary) {
      // By hand, because a thread that opens would push its own beginning up.
      event.preventDefault();
      const thread = summary.parentElement;
      keepInPlace(summary, () => thread.toggleAttribute("open"));
      if (thread.open) reveal(thread); // at the end of the log it would open below what is in view
    } else if (event.target.matches("[data-earlier]")) {
      event.preventDefault();
      whileBusy(event.target, () => showEarlier(event.target));
    }
  });
  log.addEventListener("scroll", () => atEnd() && noticeEnd());
  $("pill").addEventListener("click", () => {
    toEnd();
    $("line").focus({ preventScroll: true });
  });
}

async function showEarlier(link) {
  try {
    const { html, earlier } = await ask(`${base}/messages?before=${link.dataset.earlier}`);
    const place = link.closest(".earlier");
    const firstDay = place.nextElementSibling;
    keepInPlace(timeline.querySelector(".message"), () => {
      const added = elementOf(html);
      const days = [...added.querySelectorAll(".day")];
      if (days.some((each) => each.dataset.day === firstDay?.dataset.day)) firstDay.remove();
      place.after(added);
      timeline.classList.toggle("long", timeline.childElementCount > LONG);
      if (earlier === null) place.remove();
      else link.dataset.earlier = earlier;
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    $("command-error").textContent = error.message;
  }
}

// ---- what arrives by itself

let events = null;

function connect() {
  events?.close();
  const source = new EventSource(`${base}/events?after=${lastId}`);
  events = source;
  const on = (name, handle) =>
    source.addEventListener(name, (event) => {
      lastId = Math.max(lastId, Number(event.lastEventId));
      handle(JSON.parse(event.data));
    });
  on("message", (message) => {
    arrive(message);
    document.dispatchEvent(new Event("paperround:news"));
    noteActivity({ [channel]: Number(message.id) });
    if (document.hidden) document.title = `(${(unheard += 1)}) ${title}`;
  });
  on("activity", ({ latest }) => noteActivity(latest));
  on("votes", (detail) => document.dispatchEvent(new CustomEvent("paperround:votes", { detail })));
  on("stale", () => location.reload());
  source.addEventListener("open", () => {
    page.live = true;
    $("offline").textContent = "";
  });
  source.addEventListener("error", () => {
    page.live = false;
    $("offline").textContent = "Reconnecting…";
    // Refused for good, says the browser; but the server may only have been starting.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => source === events && connect(), RETRY);
  });
}

// What is posted on other platforms is no event here: the list of channels says that there is something.
let shownThrough = 0;

async function showNewer(latest) {
  if (page.platform === "web" || latest <= shownThrough) return;
  const heads = [...timeline.querySelectorAll(":scope > .message:not(.ephemeral)")];
  const newest = Math.max(0, ...heads.map((each) => Number(each.dataset.id)));
  try {
    // The newest is asked for again: its thread may have grown.
    const { messages } = await ask(`${base}/newer?after=${Math.max(0, newest - 1)}`);
    for (const message of messages) arrive(message);
    shownThrough = latest;
  } catch (error) {
    if (!(error instanceof Refused)) throw error; // it is tried again with the next look at the list
  }
}

// Browsers open at most six connections to a server without TLS, and every stream holds one. So of all hidden pages
// only one keeps listening, to count in its title; the others catch up when they are looked at.
let stopListening = () => {};

function listenWhenUseful() {
  stopListening();
  if (!document.hidden) {
    unheard = 0;
    document.title = title;
    markUnread();
    if (events === null || events.readyState === EventSource.CLOSED) connect();
    if (page.platform !== "web" && shownThrough) refreshChannels();
    return;
  }
  const leave = () => {
    events?.close();
    events = null;
    page.live = false;
  };
  if (!navigator.locks) {
    leave();
    return;
  }
  navigator.locks.request("paperround-hidden-page", { ifAvailable: true }, (lock) => {
    if (!document.hidden) return null;
    if (lock === null) return leave();
    if (events === null) connect();
    return new Promise((resolve) => (stopListening = resolve));
  });
}

listenToCommands();
listenToTimeline();
begin();
settling.observe(timeline);
setTimeout(settled, SETTLES);
for (const sign of ["wheel", "touchstart", "pointerdown", "keydown"]) addEventListener(sign, settled, { once: true, passive: true });
document.addEventListener("channels-refreshed", (event) => showNewer(event.detail));
listenWhenUseful();
document.addEventListener("visibilitychange", listenWhenUseful);
addEventListener("pagehide", () => events?.close());
addEventListener("pageshow", (event) => event.persisted && connect());
if (matchMedia("(pointer: fine)").matches && !$("panel")) $("line").focus({ preventScroll: true });
