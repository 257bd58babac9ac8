// Requests to the server. The token comes with the address, after #, and is kept for this origin only: a cookie would
// also be sent to every other port of this machine.

const KEY = "monitor-token";

/** Take the token out of the address, so that an address can be copied without it. */
export function takeToken() {
  const found = /^#token=([\w-]+)$/.exec(location.hash);
  if (!found) return;
  localStorage.setItem(KEY, found[1]);
  history.replaceState(history.state, "", location.pathname + location.search);
}

export class Problem extends Error {
  constructor(message, hint, status) {
    super(message);
    this.hint = hint;
    this.status = status;
  }
}

async function request(path, parameters, signal) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value));
  const headers = { Authorization: `Bearer ${localStorage.getItem(KEY) ?? ""}` };
  let response;
  try {
    response = await fetch(`${path}?${query}`, { headers, signal, cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("the server does not respond", "is `monitor serve` still running?", 0);
  }
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({ error: { message: `HTTP ${response.status}`, hint: "" } }));
  throw new Problem(error.message, error.hint, response.status);
}

/** The JSON answer of a request. */
export async function get(path, parameters = {}, signal = undefined) {
  return (await request(path, parameters, signal)).json();
}

/**
 * Server-sent events by fetch, since EventSource cannot send the token. Reconnects with the id of the last event.
 * `on` gets (name, data); `onState` gets "" while connected, else the reason. `pause` waits until the tab is seen.
 */
export function stream(path, parameters, on, onState) {
  const ending = new AbortController();
  let connection = new AbortController();
  let after = "";
  ending.signal.addEventListener("abort", () => connection.abort());
  const run = async () => {
    while (!ending.signal.aborted) {
      try {
        connection = new AbortController();
        const response = await request(path, { ...parameters, after }, connection.signal);
        onState("");
        for await (const event of events(response.body)) {
          if (event.id) after = event.id;
          on(event.name, event.data);
        }
        onState("the server has ended the stream");
      } catch (error) {
        if (ending.signal.aborted) return;
        if (connection.signal.aborted) {
          await seen();
          continue;
        }
        onState(error.message, error.hint, error.status);
        // What was asked for is refused: it would be again.
        if (isFinal(error.status)) return;
      }
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  };
  run();
  return { end: () => ending.abort(), pause: () => connection.abort() };
}

/** Whether the same request would be refused again. */
export function isFinal(status) {
  return status >= 400 && status < 500 && status !== 429;
}

/** Wait until somebody sees the tab. */
function seen() {
  return new Promise((resolve) => {
    if (!document.hidden) resolve();
    else document.addEventListener("visibilitychange", resolve, { once: true });
  });
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    waiting += value;
    // Only a part that has ended is looked at.
    const end = waiting.lastIndexOf("\n\n");
    if (end < 0) continue;
    const complete = waiting.slice(0, end);
    waiting = waiting.slice(end + 2);
    for (const block of complete.split("\n\n")) {
      const event = { id: "", name: "message", data: null };
      for (const line of block.split("\n")) {
        if (line.startsWith("id: ")) event.id = line.slice(4);
        else if (line.startsWith("event: ")) event.name = line.slice(7);
        else if (line.startsWith("data: ")) event.data = JSON.parse(line.slice(6));
      }
      yield event;
    }
  }
}
