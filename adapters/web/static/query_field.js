// The field for a query: its parts get the colours that the server's own parser gives them. Beneath the field lies a copy
// of its text, which has them; the text of the field itself is not seen while that copy is there.

import { Refused, ask } from "./server.js";

export class QueryField {
  #field;
  #paint;
  #area;
  #marks = [];
  #text;
  #asked = 0;
  #mistake = null;

  // `base` is the path of a channel.
  constructor(field, base) {
    this.#field = field;
    this.#paint = field.querySelector(".query-paint");
    this.#area = field.querySelector("textarea");
    this.#text = this.#area.value;
    this.base = base;
    field.classList.add("is-painted");
    this.#area.addEventListener("input", () => this.#changed());
    this.#area.addEventListener("scroll", () => (this.#paint.scrollTop = this.#area.scrollTop));
    this.#area.addEventListener("keydown", (event) => {
      // A query is one line, however it is broken.
      if (event.key === "Enter" && !event.isComposing && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        this.#area.form.requestSubmit();
      }
    });
    this.#ask();
  }

  get value() {
    return this.#area.value;
  }

  set value(text) {
    this.#area.value = text;
    this.#area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // `mistake` has a start, an end and a sentence; null for none.
  showMistake(mistake) {
    this.#mistake = mistake;
    const error = document.getElementById(`${this.#area.id}-error`);
    error.textContent = mistake ? mistake.sentence.replaceAll("`", "") : "";
    if (mistake) this.#area.setAttribute("aria-invalid", "true");
    else this.#area.removeAttribute("aria-invalid");
    this.#show();
  }

  // Until the server has answered, marks before the change stay and those behind it move along.
  #changed() {
    const now = this.#area.value;
    let start = 0;
    while (start < Math.min(now.length, this.#text.length) && now[start] === this.#text[start]) start += 1;
    const moved = now.length - this.#text.length;
    this.#marks = this.#marks.flatMap(([from, to, ...rest]) => {
      if (to <= start) return [[from, to, ...rest]];
      return from > start - Math.min(moved, 0) ? [[from + moved, to + moved, ...rest]] : [];
    });
    this.#mistake = null;
    this.#text = now;
    this.#show();
    this.#ask();
  }

  async #ask() {
    this.#asked += 1;
    const mine = this.#asked;
    try {
      const { marks } = await ask(`${this.base}/topics/marks?query=${encodeURIComponent(this.#area.value)}`);
      if (mine !== this.#asked) return;
      this.#marks = marks;
      this.#show();
    } catch (error) {
      if (!(error instanceof Refused)) throw error; // the text is there without its colours
    }
  }

  #show() {
    const text = this.#area.value;
    const pieces = [];
    let at = 0;
    const add = (to, name) => {
      if (to <= at) return;
      const piece = document.createElement("span");
      if (name) piece.className = name;
      // Two places at most are where a mistake begins and ends, inside a piece.
      const cuts = [at, ...this.#cuts().filter((cut) => cut > at && cut < to), to];
      for (let n = 1; n < cuts.length; n += 1) {
        const part = n === 1 ? piece : piece.cloneNode(false);
        part.textContent = text.slice(cuts[n - 1], cuts[n]);
        part.classList.toggle("q-mistake", this.#isWrong(cuts[n - 1]));
        pieces.push(part);
      }
      at = to;
    };
    for (const [start, end, kind, excluded] of this.#marks) {
      if (start < at || end > text.length) continue;
      add(start, "");
      add(end, `q-${kind}${excluded ? " q-not" : ""}`);
    }
    add(text.length, "");
    this.#paint.replaceChildren(...pieces, "\u200b"); // so that a last empty line has a height
    this.#paint.scrollTop = this.#area.scrollTop;
  }

  #cuts() {
    return this.#mistake ? [this.#mistake.start, this.#mistake.end] : [];
  }

  #isWrong(place) {
    return this.#mistake !== null && place >= this.#mistake.start && place < this.#mistake.end;
  }
}
