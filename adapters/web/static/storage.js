// What a browser remembers. Storage may be full or forbidden; the workspace then forgets when the page closes.

export function remember(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch (error) {
    console.info("Not remembered:", error.message);
  }
}

export function recall(key, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
}
