// What every page does: the list of channels, its drawer on a phone, the panel beside the page, and the reader's zone.

import { markUnread, refreshChannels, showMore } from "./channel_list.js";
import { isPlain, whileBusy } from "./controls.js";
import { Refused, ask, fragment } from "./server.js";
import { recall, remember } from "./storage.js";

const REFRESH = 60_000; // milliseconds; the list of channels says when the next digests are due
const PAUSE = 150; // milliseconds without a key before channels are looked for

const page = document.body.dataset;
const channel = page.channel;
const base = `/c/${encodeURIComponent(channel)}`;
const $ = (id) => document.getElementById(id);

function listenToChannelForm() {
  const add = async () => {
    try {
      location.assign((await ask("/channels", { name: $("channel-name").value })).url);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      $("channel-error").textContent = error.message;
      $("channel-name").focus();
    }
  };
  $("add-channel")?.addEventListener("submit", (event) => {
    event.preventDefault();
    whileBusy(event.target, add);
  });
}

function listenToChannelList() {
  let timer = 0;
  const look = () => {
    clearTimeout(timer);
    timer = setTimeout(refreshChannels, PAUSE);
  };
  $("find").addEventListener("input", look);
  $("find-channel").addEventListener("submit", (event) => {
    event.preventDefault();
    $("channels").querySelector(".channel")?.focus();
  });
  $("find").addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      $("channels").querySelector(".channel")?.focus();
    }
  });
  $("channels").addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const shown = [...$("channels").querySelectorAll("a, summary")].filter((each) => each.checkVisibility());
    const at = shown.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    (shown[at + step] ?? (step < 0 ? $("find") : null))?.focus();
  });
  $("channels").addEventListener("click", async (event) => {
    const link = event.target.closest("[data-more]");
    if (!link) return;
    event.preventDefault();
    try {
      await showMore(link);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      location.assign(link.href);
    }
  });
}

function listenToDrawer() {
  const opener = document.querySelector(".drawer-open");
  const set = (open) => {
    document.body.classList.toggle("drawer-is-open", open);
    opener.setAttribute("aria-expanded", String(open));
    $("main").inert = open;
    (open ? $("sidebar").querySelector("[aria-current]") ?? $("sidebar").querySelector("a, input") : opener).focus();
  };
  document.addEventListener("click", (event) => {
    const control = event.target.closest("[data-drawer]");
    if (control && (control.dataset.drawer === "open" || document.body.classList.contains("drawer-is-open"))) {
      set(control.dataset.drawer === "open");
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("drawer-is-open")) set(false);
  });
  // A page that becomes wide has no drawer that could be open.
  matchMedia("(max-width: 46rem)").addEventListener("change", () => {
    document.body.classList.remove("drawer-is-open");
    opener.setAttribute("aria-expanded", "false");
    $("main").inert = false;
  });
}

// ---- the panel: a column where there is room, else a sheet above the page, which then waits

const sheet = matchMedia("(max-width: 74rem)");
let asked = 0; // for panels; an answer that comes late is dropped
let opener = null; // the name of the panel whose link was pressed first: it gets the focus back

function settlePanel() {
  const above = Boolean($("panel")) && sheet.matches;
  $("main").inert = above;
  $("sidebar").inert = above;
}

async function startPanel() {
  const panel = $("panel");
  panel?.querySelector(".panel-tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (!panel?.dataset.script) return;
  (await import(panel.dataset.script)).start(panel);
  panel.dataset.started = "true";
}

async function openPanel(name, search = "") {
  asked += 1;
  const mine = asked;
  const shown = await fragment(`${base}/panel/${encodeURIComponent(name)}${search}`);
  if (mine !== asked) return;
  const tabFocused = $("panel")?.contains(document.activeElement);
  $("panel")?.remove();
  document.body.append(shown);
  history.replaceState(null, "", `${base}?panel=${encodeURIComponent(name)}`);
  settlePanel();
  (tabFocused ? $("panel").querySelector("[aria-current]") : $("panel-title")).focus();
  await startPanel();
}

function closePanel() {
  asked += 1;
  $("panel").remove();
  history.replaceState(null, "", base);
  settlePanel();
  const links = [...document.querySelectorAll("[data-panel-open]")].filter((link) => link.checkVisibility());
  (links.find((link) => link.dataset.panelOpen === opener) ?? links[0] ?? $("line"))?.focus();
}

function listenToPanel() {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-panel-open]");
    if (link && isPlain(event)) {
      event.preventDefault();
      if (!$("panel")) opener = link.dataset.panelOpen;
      try {
        await openPanel(link.dataset.panelOpen);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        location.assign(link.href); // the page says what is wrong
      }
    } else if (event.target.closest("[data-panel-close]") && $("panel") && isPlain(event)) {
      event.preventDefault();
      closePanel();
    }
  });
  document.addEventListener("keydown", (event) => {
    const panel = $("panel");
    if (event.key !== "Escape" || event.defaultPrevented || !panel || document.querySelector("dialog[open]")) return;
    if (sheet.matches || panel.contains(event.target) || event.target === document.body) closePanel();
  });
  sheet.addEventListener("change", settlePanel);
  if ($("panel")) {
    settlePanel();
    startPanel();
  }
}

// ---- times in the reader's zone: the server writes them, the page tells it which zone that is

function tellZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || zone === page.zone) return;
  document.cookie = `paperround_zone=${zone}; path=/; max-age=31536000; samesite=strict`;
  const told = document.cookie.includes(`paperround_zone=${zone}`);
  if (told && recall("paperround.zone", "") !== zone) {
    remember("paperround.zone", zone); // once: a zone that the server does not know must not reload for ever
    location.reload();
  }
}

tellZone();
listenToDrawer();
listenToChannelForm();
listenToChannelList();
listenToPanel();
markUnread();
setInterval(() => document.hidden || refreshChannels(), REFRESH);
