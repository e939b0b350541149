// Pieces of pages: the server's own HTML, parsed without running anything, and times in the reader's own time zone.

export async function fetchPiece(path) {
  const answer = await fetch(path, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return parsePiece(await answer.text());
}

export function parsePiece(html) {
  const body = new DOMParser().parseFromString(html, "text/html").body;
  localTimes(body);
  return body;
}

export function localTimes(root) {
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll(".voice__who time[datetime], .slip__head time[datetime]")) {
    const at = new Date(time.dateTime);
    const day = at.toDateString() === today ? {} : { day: "numeric", month: "short" };
    time.textContent = at.toLocaleString([], { ...day, hour: "2-digit", minute: "2-digit" });
  }
}

// The sentence in a refusal: the pages say "detail", the skin around them "message".
export async function sentenceOf(answer) {
  const told = await answer.json().catch(() => ({}));
  return told.detail || told.message || "That did not work, and nothing was changed. Please try again.";
}

// Server-sent events out of the body of an answer to a POST, which EventSource can't send: [name, data, id].
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const name = /^event: (.*)$/m.exec(block), data = /^data: (.*)$/m.exec(block);
      if (name && data) yield [name[1], JSON.parse(data[1]), /^id: (.*)$/m.exec(block)?.[1]];
    }
  }
}
