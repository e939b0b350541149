// Passkeys: a script only carries what is asked to the authenticator, and its answer into the form around the button.
// What the answer is worth, the server decides.
import { sentenceOf } from "./pieces.js";

export function offerPasskeys(root) {
  if (!window.PublicKeyCredential || !navigator.credentials) return;
  document.documentElement.dataset.passkeys = "";
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-passkey-get], [data-passkey-create]");
    if (button && !button.disabled) carry(button);
  });
}

async function carry(button) {
  const form = button.form;
  button.disabled = true;
  tell(button, "");
  try {
    const made = button.dataset.passkeyCreate;
    const answer = made ? await create(JSON.parse(made)) : await get(button.dataset.passkeyGet, form);
    form.elements.passkey.value = JSON.stringify(answer);
    // The field for a code stays empty, and must not keep the form from going.
    form.noValidate = true;
    form.requestSubmit();
  } catch (error) {
    tell(button, wordsFor(error));
  } finally {
    button.disabled = false;
  }
}

async function create(options) {
  const asked = { ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) } };
  asked.excludeCredentials = listed(options.excludeCredentials);
  const made = await navigator.credentials.create({ publicKey: asked });
  const { clientDataJSON, attestationObject } = made.response;
  const transports = made.response.getTransports?.() ?? [];
  return written(made, { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject), transports });
}

async function get(path, form) {
  const answer = await fetch(path, {
    method: "POST",
    body: new URLSearchParams({ ticket: form.elements.ticket?.value ?? "" }),
    headers: { Accept: "application/json" },
    credentials: "same-origin",
  });
  if (!answer.ok) throw new Error(await sentenceOf(answer));
  const options = await answer.json();
  const asked = { ...options, challenge: bytes(options.challenge), allowCredentials: listed(options.allowCredentials) };
  const shown = await navigator.credentials.get({ publicKey: asked });
  const { clientDataJSON, authenticatorData, signature, userHandle } = shown.response;
  return written(shown, {
    clientDataJSON: text(clientDataJSON),
    authenticatorData: text(authenticatorData),
    signature: text(signature),
    userHandle: userHandle ? text(userHandle) : null,
  });
}

function written(key, response) {
  return { id: key.id, rawId: text(key.rawId), type: key.type, response, clientExtensionResults: {} };
}

function listed(keys = []) {
  return keys.map((key) => ({ ...key, id: bytes(key.id) }));
}

// Base64url without padding, as WebAuthn writes bytes in JSON.
function bytes(words) {
  const plain = atob(words.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (each) => each.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function wordsFor(error) {
  switch (error.name) {
    case "NotAllowedError":
    case "AbortError":
      return "Nothing was shown: it was cancelled, it took too long, or this device has no passkey of yours. You can use another way.";
    case "InvalidStateError":
      return "This device already has a passkey for your account.";
    case "SecurityError":
      return "Passkeys work at the shop’s main address only. Open the shop there and sign in again.";
    case "Error":
      return error.message;
    default:
      return "That did not work, and nothing was changed. Try again, or use another way.";
  }
}

function tell(button, sentence) {
  const words = button.parentElement.querySelector("[role=alert]");
  words.textContent = sentence;
  words.hidden = !sentence;
}
