// Calls the API. A token, if one is needed, is kept until the tab is closed.

const KEY = "scroogevm-token";

function headers() {
  const token = sessionStorage.getItem(KEY);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

let asking = null;

/** Ask the user for a token, once for all requests that need it; false if the user gives none. */
export function signIn(why) {
  asking ??= dialogue(why).finally(() => { asking = null; });
  return asking;
}

async function dialogue(why) {
  const dialog = document.getElementById("sign-in");
  document.getElementById("sign-in-why").textContent = why;
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  const field = document.getElementById("token");
  const given = field.value.trim();
  field.value = "";
  if (dialog.returnValue !== "ok" || !given) return false;
  sessionStorage.setItem(KEY, given);
  return true;
}

async function ask(path, options = {}) {
  const answer = await fetch(path, { ...options, headers: { ...headers(), ...options.headers } });
  if (answer.status === 401 && (await signIn((await answer.json()).detail))) return ask(path, options);
  return answer;
}

/** Get the JSON of a path. */
export async function get(path) {
  const answer = await ask(path);
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.detail || answer.statusText);
  return content;
}

/** Send a request that changes something. */
export async function send(method, path, body) {
  const answer = await ask(path, {
    method, body: body === undefined ? undefined : JSON.stringify(body),
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
  });
  if (!answer.ok) throw new Error((await answer.json()).detail || answer.statusText);
}

/** Follow the events without end; an interrupted stream continues after the last event. */
export async function follow({ published, happened, connected }) {
  let last = "";
  for (;;) {
    try {
      const answer = await fetch("api/v1/events", { headers: { ...headers(), ...(last ? { "Last-Event-ID": last } : {}) } });
      if (!answer.ok) throw new Error(answer.statusText);
      connected(true);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        text += value;
        const blocks = text.split("\n\n");
        text = blocks.pop();
        for (const block of blocks) {
          const field = (name) => block.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
          if (field("id")) last = field("id");
          if (field("event") === "published") published(JSON.parse(field("data")));
          if (field("event") === "happened") happened(JSON.parse(field("data")));
        }
      }
    } catch { /* tried again below */ }
    connected(false);
    await new Promise((done) => setTimeout(done, 3000));
  }
}
