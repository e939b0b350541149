// What the pages do when scripts run. Each of them works without: this only saves a page load.
import { openChat } from "./chat.js";
import { watchCards } from "./countersign.js";
import { offerPasskeys } from "./passkeys.js";

offerPasskeys(document);
watchCards(document);
openChat(document.getElementById("chat"));
