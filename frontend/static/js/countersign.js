// Signing inside the conversation: the form goes to the same place as without a script, and the card is swapped for
// what the server says about it now. On the card's own page the form is left alone.
import { fetchPiece, parsePiece } from "./pieces.js";

export function watchCards(root) {
  root.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-countersign]");
    const place = form?.closest("[data-card-of]");
    if (!place) return;
    event.preventDefault();
    if (!place.hasAttribute("aria-busy")) send(form, event.submitter, place);
  });
}

async function send(form, button, place) {
  const path = button?.getAttribute("formaction") || form.getAttribute("action");
  place.setAttribute("aria-busy", "true");
  for (const each of form.querySelectorAll("button")) each.disabled = true;
  try {
    const answer = await fetch(`${path}?fragment=1`, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "text/html" },
      credentials: "same-origin",
    });
    const piece = parsePiece(await answer.text());
    // A card that still waits for a code comes back as it is; of any other the shop tells how it ended.
    const again = piece.querySelector("[data-card] [aria-invalid]");
    swap(place, again ? piece : (await fetchPiece(`/chat/card/${place.dataset.cardOf}`)).firstElementChild);
  } catch {
    for (const each of form.querySelectorAll("button")) each.disabled = false;
    tell(form, "The shop could not be reached, so we don’t know yet. Press again: nothing is done twice.");
  } finally {
    place.removeAttribute("aria-busy");
  }
}

function swap(place, fresh) {
  place.replaceChildren(...fresh.childNodes);
  const next = place.querySelector("[aria-invalid]") || place.querySelector(".slip, .countersign");
  if (next && !next.matches("input")) next.tabIndex = -1;
  next?.focus({ preventScroll: true });
  place.scrollIntoView({ block: "nearest" });
}

function tell(form, sentence) {
  const words = form.querySelector("[role=alert]") || document.createElement("p");
  words.className = "field__error";
  words.setAttribute("role", "alert");
  words.textContent = sentence;
  form.append(words);
}
