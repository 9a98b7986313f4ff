// Talking to the server.

// What the server refused, with all that it said of it as `content`.
export class Refused extends Error {
  constructor(sentence, content = {}) {
    super(sentence.replaceAll("`", "")); // the sign for code says nothing on a page
    this.content = content;
  }
}

// Answers of the server: JSON, or a sentence to show. What `signal` aborts ends with an AbortError.
export async function ask(path, fields, signal) {
  const request = { headers: { accept: "application/json" }, signal };
  if (fields) {
    request.method = "POST";
    request.headers["content-type"] = "application/json";
    request.body = JSON.stringify(fields);
  }
  const answer = await answerTo(path, request);
  const isJson = answer.headers.get("content-type")?.startsWith("application/json");
  const content = isJson ? await answer.json() : {};
  if (!answer.ok) {
    throw new Refused(content.error ?? `The workspace answered ${answer.status}. Try again in a moment.`, content);
  }
  return content;
}

// A piece of a page, as elements.
export async function fragment(path, signal) {
  const answer = await answerTo(path, { headers: { accept: "text/html;q=0.9, application/json" }, signal });
  const isHtml = answer.headers.get("content-type")?.startsWith("text/html");
  if (!answer.ok || !isHtml) throw new Refused(`The workspace answered ${answer.status}. Try again in a moment.`);
  return elementOf(await answer.text());
}

export function elementOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

async function answerTo(path, request) {
  let answer;
  try {
    answer = await fetch(path, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The workspace does not answer. Is it still running?");
  }
  // Nothing that scripts ask for leads elsewhere, but to the login.
  if (answer.status === 401 || answer.redirected) {
    location.reload();
    throw new Refused("Log in first.");
  }
  return answer;
}
