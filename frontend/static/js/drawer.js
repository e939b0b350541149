// The panel opens over or beside the page, and stays open from page to page until it is closed.
export function drawer(chat, box, load) {
  const narrow = matchMedia("(max-width: 39.99rem)");
  const openers = document.querySelectorAll("[data-chat-open]");
  let opener = null;

  function show(withFocus) {
    chat.hidden = false;
    document.documentElement.dataset.chat = "open";
    sessionStorage.setItem("chat", "open");
    for (const each of openers) each.setAttribute("aria-expanded", "true");
    shade();
    load().catch(() => {}).then(() => withFocus && box.focus());
  }

  function hide() {
    chat.hidden = true;
    delete document.documentElement.dataset.chat;
    sessionStorage.removeItem("chat");
    for (const each of openers) each.setAttribute("aria-expanded", "false");
    shade();
    opener?.focus();
  }

  // On a phone the panel is the whole screen, so what lies under it can't be reached by key either.
  function shade() {
    for (const other of document.body.children) if (other !== chat) other.inert = narrow.matches && !chat.hidden;
  }

  for (const each of openers) {
    each.setAttribute("role", "button");
    each.setAttribute("aria-controls", chat.id);
    each.setAttribute("aria-expanded", "false");
    each.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      opener = each;
      if (chat.hidden) show(true); else hide();
    });
    each.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      each.click();
    });
  }
  chat.querySelector("[data-chat-close]").addEventListener("click", hide);
  chat.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  narrow.addEventListener("change", shade);
  if (sessionStorage.getItem("chat") === "open" && !narrow.matches) show(false);
}
