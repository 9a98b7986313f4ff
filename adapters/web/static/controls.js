// What buttons, links and forms have in common.

// Does the work of a control, once at a time: what is pressed again meanwhile does nothing.
export async function whileBusy(control, work) {
  if (control.ariaBusy === "true") return;
  control.ariaBusy = "true";
  try {
    await work();
  } finally {
    control.ariaBusy = null;
  }
}

// Whether a click asks for no tab or window of its own.
export const isPlain = (event) => !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
