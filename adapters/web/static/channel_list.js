// The list of channels: what is unread, and keeping it fresh. All of its state is in the page and in the browser.

import { Refused, fragment } from "./server.js";
import { recall, remember } from "./storage.js";

const SEEN = "paperround.seen";
const $ = (id) => document.getElementById(id);
const current = () => document.body.dataset.channel;

export function markUnread() {
  const seen = recall(SEEN, {});
  const links = [...document.querySelectorAll("[data-latest]")];
  for (const link of links) {
    const { channel, latest } = link.dataset;
    // What was there before the first visit is not news.
    if (channel === current() ? !document.hidden : !(channel in seen)) seen[channel] = Number(latest);
    link.classList.toggle("is-unread", Number(latest) > (seen[channel] ?? 0));
  }
  remember(SEEN, Object.fromEntries(links.map((link) => [link.dataset.channel, seen[link.dataset.channel] ?? 0])));
}

export async function refreshChannels() {
  let list;
  try {
    list = await fragment(`/channels?current=${encodeURIComponent(current() ?? "")}`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return; // it is tried again soon
  }
  const focused = document.activeElement?.dataset?.latest && document.activeElement.dataset.channel;
  $("channels").replaceChildren(list);
  if (focused) linkOf(focused)?.focus();
  const own = $("channels").querySelector("[aria-current]");
  const status = $("top-status");
  if (own && status) {
    status.textContent = own.querySelector(".channel-status").textContent;
    status.title = own.title;
    status.className = `top-status ${[...own.classList].at(-1)}`;
  }
  markUnread();
}

export function noteActivity(channel, id) {
  const link = linkOf(channel);
  if (!link) {
    refreshChannels();
    return;
  }
  link.dataset.latest = Math.max(id, Number(link.dataset.latest));
  markUnread();
}

function linkOf(channel) {
  return $("channels").querySelector(`[data-channel="${CSS.escape(channel)}"]`);
}
