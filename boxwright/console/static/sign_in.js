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

document.getElementById("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  failed.hidden = true;
  let text = document.getElementById("token").value.trim();
  // Who pastes the whole link means its token.
  const inside = text.match(/[?&]token=([^&\s]+)/);
  if (inside) text = decodeURIComponent(inside[1]);
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
  } catch (error) {
    failed.textContent = String(error);
  }
  failed.hidden = false;
  document.getElementById("token").select();
});
