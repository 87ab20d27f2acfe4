"use strict";
// The token must not stay in the address: it would be in bookmarks and screenshots.
history.replaceState(null, "", "/");

// Before textual.js looks for its terminal, which it does on load.
document.addEventListener("DOMContentLoaded", () => {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  document.querySelector("#terminal").dataset.sessionWebsocketUrl = `${scheme}://${location.host}/ws`;
  document.querySelector("#restart").addEventListener("click", () => location.reload());
});
