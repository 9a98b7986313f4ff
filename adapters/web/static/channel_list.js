// The list of channels: what is unread, finding and adding one, and keeping it fresh. Its state is in the page and in
// the browser's memory alone, so that any script may work on it.

import { Refused, fragment } from "./server.js";
import { recall, remember } from "./storage.js";

const SEEN = "paperround.seen";
const MOST_REMEMBERED = 2000; // channels
const GATHER = 5000; // milliseconds in which news of channels that are not shown are gathered
const $ = (id) => document.getElementById(id);
const current = () => document.body.dataset.channel;
const links = () => [...$("channels").querySelectorAll("[data-latest]")];

let before; // the last message of the open channel that had been seen when the page was opened

export const seenBefore = () => before;

export function markUnread() {
  const seen = recall(SEEN, {});
  for (const link of links()) {
    const { channel, latest } = link.dataset;
    const known = seen[channel];
    delete seen[channel]; // those that were shown last are remembered longest
    if (channel === current()) before ??= known ?? Number(latest);
    // What was there before the first visit is not news.
    seen[channel] = known === undefined || (channel === current() && !document.hidden) ? Number(latest) : known;
    link.classList.toggle("is-unread", Number(latest) > seen[channel]);
  }
  remember(SEEN, Object.fromEntries(Object.entries(seen).slice(-MOST_REMEMBERED)));
}

const asking = (parameters) => `?${new URLSearchParams({ current: current() ?? "", "channels-named": $("find").value, ...parameters })}`;

// The list as it is now. Pages of it that were added by hand stay; what is in them is fresh after the next visit.
export async function refreshChannels() {
  const words = $("find").value;
  let list;
  try {
    list = await fragment(`/channels${asking()}`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return; // it is tried again soon
  }
  if (words !== $("find").value) return; // something else is looked for by now
  const focused = document.activeElement?.dataset?.latest && document.activeElement.dataset.channel;
  const open = $("channels").querySelector("details[open]") !== null;
  if ($("channels").dataset.extended === words) {
    for (const link of list.querySelectorAll("[data-latest]")) linkOf(link.dataset.channel)?.replaceWith(link);
  } else {
    delete $("channels").dataset.extended;
    $("channels").replaceChildren(list);
    const folded = $("channels").querySelector("details");
    if (folded && open) folded.open = true;
  }
  if (focused) linkOf(focused)?.focus();
  const own = $("channels").querySelector("[aria-current]");
  const status = $("top-status");
  if (own && status) {
    status.textContent = own.dataset.status;
    status.title = own.dataset.detail;
    status.className = `top-status ${[...own.classList].find((each) => ["active", "paused", "broken"].includes(each))}`;
  }
  markUnread();
  document.dispatchEvent(new CustomEvent("channels-refreshed", { detail: Number(own?.dataset.latest ?? 0) }));
}

let gathering = 0;

// Messages were posted: `latest` has the last id of each channel. One that is not shown may be new, or on another page.
export function noteActivity(latest) {
  let unknown = false;
  for (const [channel, id] of Object.entries(latest)) {
    const link = linkOf(channel);
    if (link) link.dataset.latest = Math.max(id, Number(link.dataset.latest));
    else unknown = true;
  }
  markUnread();
  if (!unknown || gathering) return;
  refreshChannels();
  gathering = setTimeout(() => (gathering = 0), GATHER);
}

export async function showMore(link) {
  const from = new URLSearchParams(new URL(link.href).search);
  const more = await fragment(`/channels/more${asking({ "channels-of": from.get("channels-of"), "channels-behind": from.get("channels-behind") })}`);
  const group = link.closest(".channel-group");
  const next = more.querySelector(".channel-group");
  const first = next?.querySelector(".channel")?.dataset.channel;
  if (next && next.querySelector("h3").textContent === group.querySelector("h3").textContent) {
    group.querySelector("ul").append(...next.querySelectorAll("li"));
    next.querySelector("h3").remove();
    next.querySelector("ul").remove();
  }
  link.remove();
  group.append(...(next?.querySelector("h3") ? [] : next?.childNodes ?? []));
  if (next && !next.childElementCount) next.remove();
  group.after(more);
  // The open channel stood apart for as long as it was in none of the groups.
  const own = $("channels").querySelectorAll("[aria-current]");
  if (own.length > 1) own[0].closest(".channel-group").remove();
  $("channels").dataset.extended = $("find").value;
  markUnread();
  if (first) linkOf(first)?.focus();
}

function linkOf(channel) {
  return $("channels").querySelector(`[data-channel="${CSS.escape(channel)}"]`);
}
