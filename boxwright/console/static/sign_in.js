"use strict";
// The zone is only known here; pages written on the server show times in it.
document.cookie = "boxwright_zone=" + encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone || "") +
  ";path=/;max-age=31536000;samesite=lax";

const failed = document.getElementById("failed");

function target() {
  const next = new URLSearchParams(location.search).get("next") || "";
  const url = new URL(next, location.origin);
  return url.origin === location.origin && url.pathname.startsWith("/console/") ? url.href : "/console/";
}

const field = document.getElementById("token");
const button = document.getElementById("submit");

function fail(words) {
  failed.textContent = words;
  failed.hidden = false;
  field.setAttribute("aria-invalid", "true");
  field.select();
}

document.getElementById("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.getAttribute("aria-busy") === "true") return;
  failed.hidden = true;
  field.removeAttribute("aria-invalid");
  let text = field.value.trim();
  // Who pastes the whole link means its token.
  const inside = text.match(/[?&]token=([^&\s]+)/);
  if (inside) text = decodeURIComponent(inside[1]);
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch("/v1/sessions", {
      method: "POST",
      headers: {"Content-Type": "application/json"},
      body: JSON.stringify({token: text}),
    });
    if (answer.ok) {
      location.assign(target());
      return;
    }
    fail(answer.status < 500 ? failed.dataset.refused : failed.dataset.lost);
  } catch {
    fail(failed.dataset.lost);  // no answer at all
  }
  button.removeAttribute("aria-busy");
});
