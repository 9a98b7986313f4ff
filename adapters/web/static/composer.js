// The command line: suggestions while writing (an ARIA combobox), and what was written before.

import { recall, remember } from "./storage.js";

const HISTORY = "paperround.history";
const LONGEST_HISTORY = 50;
const PAUSE = 100; // milliseconds without a key before suggestions are asked for

export class Composer {
  #input;
  #list;
  #complete;
  #options = [];
  #active = -1;
  #timer = 0;
  #asked = 0;
  #history = recall(HISTORY, []);
  #position;
  #draft = "";

  // `complete` maps what is written to a promise of whole lines with labels.
  constructor(input, list, complete) {
    this.#input = input;
    this.#list = list;
    this.#complete = complete;
    this.#position = this.#history.length;
    input.addEventListener("input", () => this.#ask());
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("blur", () => this.close());
    // A press would take the focus from the input, and with it the list away, before the click.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#accept(Number(option.dataset.index));
    });
  }

  // Takes the written line, remembers it and empties the command line.
  take() {
    const line = this.#input.value;
    if (line.trim() && line !== this.#history.at(-1)) {
      this.#history = [...recall(HISTORY, this.#history), line].slice(-LONGEST_HISTORY);
      remember(HISTORY, this.#history);
    }
    this.#set("");
    this.#position = this.#history.length;
    this.#draft = "";
    return line;
  }

  // Puts back a line that could not be run, unless something else was written since.
  giveBack(line) {
    if (!this.#input.value) this.#set(line);
  }

  close() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#show([]);
  }

  #key(event) {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const open = this.#options.length > 0;
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp": {
        const step = event.key === "ArrowDown" ? 1 : -1;
        if (open) this.#move(step);
        else if (!this.#recallLine(step)) return;
        break;
      }
      case "Tab":
        if (!open || event.shiftKey) return;
        this.#accept(Math.max(this.#active, 0));
        break;
      case "Enter":
        if (this.#active < 0) return;
        this.#accept(this.#active);
        break;
      case "Escape":
        if (!open) return;
        this.close();
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  #recallLine(step) {
    const position = this.#position + step;
    if (position < 0 || position > this.#history.length) return false;
    if (this.#position === this.#history.length) this.#draft = this.#input.value;
    this.#position = position;
    this.#set(this.#history[position] ?? this.#draft);
    return true;
  }

  #set(line) {
    this.#input.value = line;
    this.#input.setSelectionRange(line.length, line.length);
    this.close();
  }

  #ask() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      this.#asked += 1;
      const [asked, line] = [this.#asked, this.#input.value];
      const lines = line.trim() ? await this.#complete(line) : [];
      if (asked === this.#asked) this.#show(lines.filter((each) => each.line.trim() !== line.trim()));
    }, PAUSE);
  }

  #accept(index) {
    this.#set(this.#options[index]);
    this.#ask();
  }

  #move(step) {
    const count = this.#options.length;
    this.#active = this.#active < 0 && step < 0 ? count - 1 : (this.#active + step + count) % count;
    for (const [index, option] of [...this.#list.children].entries()) {
      option.setAttribute("aria-selected", String(index === this.#active));
    }
    const option = this.#list.children[this.#active];
    option.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", option.id);
  }

  #show(lines) {
    this.#options = lines.map((each) => each.line);
    this.#active = -1;
    this.#input.removeAttribute("aria-activedescendant");
    this.#input.setAttribute("aria-expanded", String(lines.length > 0));
    this.#list.hidden = lines.length === 0;
    this.#list.replaceChildren(
      ...lines.map(({ line, label }, index) => {
        const option = document.createElement("li");
        option.id = `completion-${index}`;
        option.role = "option";
        option.ariaSelected = "false";
        option.dataset.index = index;
        option.textContent = line;
        if (label) {
          const words = document.createElement("small");
          words.textContent = label;
          option.append(" ", words);
        }
        return option;
      }),
    );
  }
}
