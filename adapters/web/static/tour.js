// The guided tour of the demo: a few words beside the things that they are about. Whoever closes it does not see it again.

import { recall, remember } from "./storage.js";

const CLOSED = "paperround.tour";
const MARGIN = 12; // pixels between a thing and the words about it
const PHONE = 736; // pixels; up to this width the list of channels is a drawer

// Things that are not on a page, or hidden on a phone, are told of all the same, at the lower edge.
const STEPS = [
  ["#log", "What a team reads", "These are the digests that a channel was sent in two weeks: the best papers as cards, each with the reason why it came."],
  ["#channels", "Four teams", "Each channel has its own topics, days and style. In Slack and Discord channels look the same to the bot; all of them are listed here."],
  ["[data-panel-open='topics']", "Topics", "A topic is a saved search. Open them here: each says how many papers a day it brings, and can be tried out before it is saved."],
  ["#line", "One line for everything", "Write “search diffusion video” or “help”, as one does in Slack and Discord with /papers. Tab completes."],
  [".place[href^='/search']", "All papers", "Search as you type, look into the archive, and see on Health how everything does. Now it is yours."],
];

let step = 0;
let marked = null;

function close(tour) {
  remember(CLOSED, true);
  marked?.classList.remove("tour-here");
  tour.remove();
  document.getElementById("line")?.focus({ preventScroll: true });
}

// Beside the thing, on the first side with room for the words: what they are about stays in view.
function place(tour, thing) {
  const box = thing?.checkVisibility() ? thing.getBoundingClientRect() : null;
  const { offsetWidth: width, offsetHeight: height } = tour;
  const within = (at, size, room) => Math.max(MARGIN, Math.min(at, room - size - MARGIN));
  const sides = box && innerWidth > PHONE
    ? [
        [box.right + MARGIN, within(box.top, height, innerHeight)],
        [within(box.left, width, innerWidth), box.bottom + MARGIN],
        [box.left - MARGIN - width, within(box.bottom - height, height, innerHeight)],
        [within(box.left, width, innerWidth), box.top - MARGIN - height],
      ]
    : [];
  const fits = ([left, top]) =>
    left >= MARGIN && left + width + MARGIN <= innerWidth && top >= MARGIN && top + height + MARGIN <= innerHeight;
  const [left, top] = sides.find(fits) ?? [];
  tour.classList.toggle("is-below", left === undefined);
  tour.style.left = left === undefined ? "" : `${left}px`;
  tour.style.top = top === undefined ? "" : `${top}px`;
}

function show(tour) {
  const [selector, title, words] = STEPS[step];
  marked?.classList.remove("tour-here");
  marked = document.querySelector(selector);
  marked?.classList.add("tour-here");
  tour.querySelector("h2").textContent = title;
  tour.querySelector("p").textContent = words;
  tour.querySelector(".tour-step").textContent = `${step + 1} of ${STEPS.length}`;
  tour.querySelector("[data-tour='back']").hidden = step === 0;
  tour.querySelector("[data-tour='next']").textContent = step === STEPS.length - 1 ? "Done" : "Next";
  place(tour, marked);
}

function move(tour, by) {
  if (step + by >= STEPS.length) return close(tour);
  step = Math.max(0, step + by);
  show(tour);
}

function start() {
  const template = document.getElementById("tour-template");
  document.body.append(template.content.cloneNode(true));
  const tour = document.getElementById("tour");
  tour.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-tour]")?.dataset.tour;
    if (pressed === "close") close(tour);
    else if (pressed) move(tour, pressed === "next" ? 1 : -1);
  });
  tour.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close(tour);
    else if (event.key === "ArrowRight") move(tour, 1);
    else if (event.key === "ArrowLeft") move(tour, -1);
    else return;
    event.stopPropagation();
  });
  addEventListener("resize", () => tour.isConnected && place(tour, marked));
  show(tour);
  tour.querySelector("[data-tour='next']").focus({ preventScroll: true });
}

// After all else that a page does at its beginning, which has its own idea of where the focus is.
if (document.body.dataset.channel && !recall(CLOSED, false)) addEventListener("load", start);
