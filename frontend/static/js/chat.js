// The conversation. Words arrive as a stream and are set as text, never as HTML; cards are the server's own HTML.
import { drawer } from "./drawer.js";
import { events, fetchPiece, localTimes, parsePiece, sentenceOf } from "./pieces.js";

const LOOK_AGAIN_MS = 3000;
const TRIES_MS = [500, 1000, 2000, 4000, 8000];
const CUT = "The line was cut. The assistant goes on, and its answer appears here.";
const AWAY_PERSON = "The shop could not be reached. Please try again in a moment.";
const AWAY = "The shop could not be reached. Your message is still here: please send it again.";

export function openChat(chat) {
  if (!chat) return;
  const log = chat.querySelector("[data-chat-log]");
  const form = chat.querySelector("[data-chat-form]");
  const ideas = chat.querySelector("[data-chat-ideas]");
  const person = chat.querySelector("[data-chat-person]");
  const problem = chat.querySelector("[data-chat-problem]");
  const box = form.elements.message;
  const isPage = chat.classList.contains("chat--page");
  const at = { conversation: "", state: "open", position: 0, busy: false };
  let sending = false;

  // What the server says of the conversation as a whole, in the <template> at the end of each piece.
  function takeMark(root) {
    const mark = root.querySelector("[data-chat-at]");
    if (!mark) return;
    const { conversation, state, position, busy, speaking } = mark.dataset;
    Object.assign(at, { conversation, state, position: Number(position), busy: Boolean(busy) });
    for (const each of [form, ideas, person]) each.elements.conversation.value = conversation;
    const words = chat.querySelector("[data-chat-speaking]");
    if (words.textContent !== speaking) words.textContent = speaking;
    offer(JSON.parse(mark.dataset.ideas));
    mark.remove();
  }

  function offer(texts) {
    for (const old of ideas.querySelectorAll("button")) old.remove();
    for (const text of texts) {
      const button = document.createElement("button");
      Object.assign(button, { type: "submit", name: "message", value: text, textContent: text });
      ideas.append(button);
    }
    ideas.hidden = texts.length === 0;
  }

  function say(who, text = "") {
    const voice = chat.querySelector(`template[data-voice="${who}"]`).content.firstElementChild.cloneNode(true);
    voice.querySelector(".voice__text").textContent = text;
    log.append(voice);
    follow();
    return voice;
  }

  // Down to what is new; a card to sign is shown from its top, so that it is read before it is signed.
  function follow() {
    const last = log.lastElementChild;
    const isCard = last?.matches("[data-card-of]");
    if (isPage || isCard) last?.scrollIntoView({ block: isCard ? "start" : "nearest" });
    else log.scrollTop = log.scrollHeight;
  }

  function complain(sentence) {
    problem.textContent = sentence;
    problem.hidden = !sentence;
  }

  // Take in what was said since; `voice` is the bubble that was streamed, and only gets its cards.
  function take(piece, voice) {
    takeMark(piece);
    log.querySelector("[data-chat-lost]")?.remove();
    for (const part of [...piece.children]) {
      if (part.dataset.cardOf) place(part);
      else if (voice && part.classList.contains("voice--assistant")) {
        voice.querySelector(".voice__who").replaceWith(part.querySelector(".voice__who"));
        voice.querySelector(".voice__body").replaceWith(part.querySelector(".voice__body"));
        voice = null;
      } else log.append(part);
    }
    follow();
  }

  // A card that is offered again moves to where it was offered last.
  function place(card) {
    log.querySelector(`[data-card-of="${CSS.escape(card.dataset.cardOf)}"]`)?.remove();
    log.append(card);
  }

  async function catchUp(voice) {
    if (at.conversation) take(await fetchPiece(`/chat/${at.conversation}/since/${at.position}`), voice);
  }

  async function send(text, hint) {
    if (sending || !text.trim()) return;
    sending = true;
    complain("");
    const isTyped = text === box.value;
    const mine = say("customer", text);
    const voice = say("assistant");
    voice.classList.add("voice--waiting");
    chat.setAttribute("aria-busy", "true");
    for (const button of chat.querySelectorAll(".chat__composer button, .chat__ideas button")) button.disabled = true;
    if (isTyped) box.value = "";
    let arrived = false;
    try {
      const body = new URLSearchParams({ conversation: at.conversation, message: text, hint });
      const headers = { Accept: "text/event-stream" };
      const answer = await fetch("/chat", { method: "POST", body, headers, credentials: "same-origin" });
      if (!answer.ok) throw new Refusal(await sentenceOf(answer));
      arrived = true;
      await listen(answer.body, voice);
      await catchUp(voice);
    } catch (error) {
      if (!arrived) {
        mine.remove();
        if (isTyped) box.value = text;
      }
      complain(error instanceof Refusal ? error.message : arrived ? CUT : AWAY);
      at.busy = at.busy || arrived;
    } finally {
      voice.classList.remove("voice--waiting");
      if (!voice.querySelector(".voice__body").textContent.trim()) voice.remove();
      chat.removeAttribute("aria-busy");
      for (const button of chat.querySelectorAll(".chat__composer button, .chat__ideas button")) button.disabled = false;
      sending = false;
    }
  }

  // To the end of the turn. Where the line is cut it is taken up again from the last event that was heard; listening
  // again runs nothing again. After a few tries the page goes on by looking now and then.
  async function listen(body, voice) {
    let last = "";
    for (let tries = 0; ; tries += 1) {
      try {
        for await (const [name, told, id] of events(body)) {
          last = id ?? last;
          await hear(name, told, voice);
          if (name === "done" || name === "over") return;
        }
      } catch (error) {
        if (error instanceof Refusal) throw error;
      }
      if (!at.conversation || tries === TRIES_MS.length) throw new Error("cut");
      complain(CUT);
      await new Promise((go) => setTimeout(go, TRIES_MS[tries]));
      body = await takeUp(last);
      if (body) complain("");
    }
  }

  async function takeUp(last) {
    const headers = { Accept: "text/event-stream", "Last-Event-ID": last };
    const answer = await fetch(`/chat/${at.conversation}/stream`, { headers, credentials: "same-origin" }).catch(() => null);
    if (answer?.status === 404) throw new Refusal(await sentenceOf(answer));
    return answer?.ok ? answer.body : null;
  }

  async function hear(name, told, voice) {
    const words = voice.querySelector(".voice__text");
    if (name === "heard") Object.assign(at, told);
    else if (name === "token") words.textContent = (words.textContent + told.text).trimStart();
    else if (name === "failed" || name === "notice") words.textContent = `${words.textContent}\n\n${told.says}`.trim();
    else if (name === "approval") place((await fetchPiece(`/chat/card/${told.id}`)).firstElementChild);
    else if (name === "choices") offer(told.texts);
    else if (name === "over") at.state = told.state;
    follow();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(box.value, form.elements.hint.value);
  });
  ideas.addEventListener("submit", (event) => {
    event.preventDefault();
    send(event.submitter.value, ideas.elements.hint.value);
  });
  // Works whatever the assistant is doing: it goes past it.
  person.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new URLSearchParams(new FormData(person));
    const headers = { Accept: "application/json" };
    try {
      const answer = await fetch(person.action, { method: "POST", body, headers, credentials: "same-origin" });
      if (!answer.ok) throw new Refusal(await sentenceOf(answer));
      const told = await answer.json();
      at.conversation = told.conversation;
      complain("");
      await catchUp();
    } catch (error) {
      complain(error instanceof Refusal ? error.message : AWAY_PERSON);
    }
  });
  log.addEventListener("submit", async (event) => {
    if (!event.target.matches("[data-rate-form]")) return;
    event.preventDefault();
    const form = event.target, rate = form.closest("[data-rate]");
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" }).catch(() => null);
    const page = answer?.ok ? parsePiece(await answer.text()) : null;
    const rated = page?.querySelector(`[data-rate="${CSS.escape(rate.dataset.rate)}"]`);
    if (!rated) return complain("The rating could not be sent. Please try again.");
    complain("");
    rate.replaceWith(rated);
    rated.querySelector("summary").focus();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  // Browsers with `field-sizing` let the box grow by themselves.
  box.addEventListener("input", () => { box.rows = Math.min(6, box.value.split("\n").length); });
  setInterval(() => {
    const waits = at.busy || at.state === "waiting" || at.state === "taken";
    if (waits && !sending && !chat.hidden && !document.hidden) catchUp().then(() => at.busy || complain(""), () => {});
  }, LOOK_AGAIN_MS);

  if (isPage) {
    localTimes(log);
    takeMark(log);
    if (!location.hash) document.getElementById("last")?.scrollIntoView();
    for (const each of document.querySelectorAll("[data-without-script]")) each.hidden = true;
  } else drawer(chat, box, async () => {
    const piece = await fetchPiece("/chat/panel");
    log.replaceChildren();
    take(piece);
  });
}

class Refusal extends Error {}
