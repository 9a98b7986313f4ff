// The switcher: a few letters lead to a channel, a paper, a page, a command or a search that was made before.

import { Refused, ask } from "./server.js";
import { recall } from "./storage.js";

const PAUSE = 100; // milliseconds without a key before the server is asked
const RECENT = "paperround.searches";
const MOST_RECENT = 5;

const pages = () =>
  [...document.querySelectorAll(".places a")].map((link) => ({ label: link.textContent.trim(), path: link.href }));

function pagesLike(small) {
  const found = pages().filter((each) => each.label.toLowerCase().includes(small));
  const begun = (each) => each.label.toLowerCase().startsWith(small);
  return [...found.filter(begun), ...found.filter((each) => !begun(each))];
}

function searches(words) {
  const small = words.toLowerCase();
  const recent = recall(RECENT, []).filter((each) => each.toLowerCase().includes(small) && each !== words);
  const found = recent.slice(0, MOST_RECENT).map((each) => search(each, "searched before"));
  return words ? [search(words, "search"), ...found] : found;
}

const search = (text, hint) => ({ label: text, hint, path: `/search?q=${encodeURIComponent(text)}` });

// Where a command is written: in the channel that is open, else in the first one.
function say(line) {
  const field = document.getElementById("line");
  if (!field) {
    const channel = document.querySelector("#channels a.channel")?.getAttribute("href") ?? "/";
    location.assign(`${channel}#line=${encodeURIComponent(line)}`);
    return;
  }
  field.value = `${line} `;
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export function start() {
  if (document.querySelector("dialog[open]")) return;
  const dialog = document.createElement("dialog");
  dialog.className = "dialog switcher";
  dialog.ariaLabel = "Go to";
  const input = document.createElement("input");
  Object.assign(input, { type: "text", autocomplete: "off", spellcheck: false, placeholder: "Channels, papers, pages, commands" });
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-label": "Where to go",
    "aria-autocomplete": "list",
    "aria-expanded": "true",
    "aria-controls": "switcher-list",
  })) {
    input.setAttribute(name, value);
  }
  const list = document.createElement("div");
  list.id = "switcher-list";
  list.role = "listbox";
  list.ariaLabel = "Places";
  dialog.append(input, list);

  let items = [];
  let active = 0;
  let asked = 0;
  let timer = 0;
  let finding = null; // the answer to what was typed last, while it is not there

  function choose(item) {
    dialog.close();
    if (item.line !== undefined) say(item.line);
    else location.assign(item.path);
  }

  function mark() {
    for (const option of list.querySelectorAll("[role=option]")) {
      option.setAttribute("aria-selected", String(Number(option.dataset.index) === active));
    }
    const option = list.querySelector("[aria-selected=true]");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  }

  function show(groups) {
    items = groups.flatMap(([, some]) => some);
    active = 0;
    let index = 0;
    list.replaceChildren(
      ...groups
        .filter(([, some]) => some.length)
        .map(([title, some]) => {
          const group = document.createElement("div");
          group.role = "group";
          group.ariaLabel = title;
          const heading = document.createElement("p");
          heading.className = "switcher-title";
          heading.ariaHidden = "true";
          heading.textContent = title;
          group.append(heading);
          for (const item of some) {
            const option = document.createElement("div");
            option.role = "option";
            option.id = `switcher-${index}`;
            option.dataset.index = index;
            index += 1;
            const label = document.createElement("span");
            label.textContent = item.label;
            option.append(label);
            if (item.hint) option.append(Object.assign(document.createElement("small"), { textContent: item.hint }));
            group.append(option);
          }
          return group;
        }),
    );
    mark();
  }

  function findSoon(pause) {
    clearTimeout(timer);
    asked += 1; // an answer that is under way is to something else
    finding = new Promise((resolve) => {
      timer = setTimeout(() => find().finally(resolve), pause);
    });
  }

  async function find() {
    const words = input.value.trim();
    const mine = asked;
    let found = { channels: [], papers: [], commands: [] };
    try {
      found = await ask(`/switch?find=${encodeURIComponent(words)}`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error; // what the page knows itself can still be chosen
    }
    if (mine !== asked || !dialog.isConnected) return;
    finding = null;
    const small = words.toLowerCase();
    show([
      ["Channels", found.channels],
      ["Pages", pagesLike(small)],
      ["Papers", found.papers],
      ["Commands", found.commands],
      ["Searches", searches(words)],
    ]);
  }

  input.addEventListener("input", () => findSoon(PAUSE));
  input.addEventListener("keydown", async (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!items.length) return;
      active = (active + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length;
      mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      while (finding) await finding; // who types fast means what they typed, not what was listed before
      if (dialog.open && items[active]) choose(items[active]);
    }
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(items[Number(option.dataset.index)]);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  input.focus();
  findSoon(0);
}
