// What the pages do when scripts run. Each of them works without: this only saves a page load.
import { openChat } from "./chat.js";
import { watchCards } from "./countersign.js";

watchCards(document);
openChat(document.getElementById("chat"));
