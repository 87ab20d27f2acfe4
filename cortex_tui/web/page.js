"use strict";
// The token must not stay in the address: it would be in bookmarks and screenshots.
history.replaceState(null, "", "/");

// A tab that is loaded again has its workbench back: the browser keeps this for as long as the tab
// is there. Another tab has another name, unless it is a copy, which then takes the workbench over.
function tabName() {
  const known = sessionStorage.getItem("tab");
  // Not randomUUID: from another machine, without encryption, there is none.
  const name = known || Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("-");
  sessionStorage.setItem("tab", name);
  return name;
}

// Before textual.js looks for its terminal, which it does on load.
document.addEventListener("DOMContentLoaded", () => {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = `${scheme}://${location.host}/ws/${tabName()}`;
  document.querySelector("#terminal").dataset.sessionWebsocketUrl = socket;
  document.querySelector("#restart").addEventListener("click", () => location.reload());
});
