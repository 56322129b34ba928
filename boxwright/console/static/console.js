"use strict";
// What pages need of the browser itself.
window.boxwright = {
  // Puts values into the address without building the page anew; empty ones are taken out.
  // `part` names what of the page is shown; `push` makes the browser's Back lead to the part before.
  remember(values, part = history.state?.part, push = false) {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(values)) {
      if (value === "" || value === "None") url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    const page = url.pathname.replace(/^\/console/, "") + url.search;
    if (push && url.href !== location.href) history.pushState({page, part}, "", url);
    else if (url.href !== location.href || part !== history.state?.part) history.replaceState({page, part}, "", url);
  },
  cookie(name, value) {
    document.cookie = `boxwright_${name}=${encodeURIComponent(value)};path=/;max-age=31536000;samesite=lax`;
  },
  choose(name, value) {
    this.cookie(name, value);
    location.reload();
  },
  leave() {
    location.assign("/console/sign-in?next=" + encodeURIComponent(location.pathname + location.search));
  },
  async signOut() {
    await fetch("/v1/sessions/current", {method: "DELETE"});
    location.assign("/console/sign-in");
  },
  async copy(text) {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");  // plain http on another machine has no clipboard
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  },
  css(name) {
    return getComputedStyle(document.body).getPropertyValue(name).trim();
  },
  // A number at an axis, as the page's language groups its digits.
  tick(value) {
    const size = Math.abs(value);
    if (size && (size < 1e-3 || size >= 1e9)) return String(Number(value.toPrecision(3)).toExponential());
    const [whole, rest] = String(Number(value.toPrecision(9))).split(".");
    const group = document.querySelector("meta[name=digits]")?.content ?? ",";
    return whole.replace(/\B(?=(\d{3})+$)/g, group) + (rest ? `.${rest}` : "");
  },
  toggleMenu() {
    document.body.classList.toggle("menu-open");
  },
  // Marks the entry of the navigation that is shown, and the title of the tab.
  mark() {
    const parts = location.pathname.split("/").filter(Boolean);
    const noun = parts[1] === "settings" ? "settings" : parts[2] ? parts[2].replace(/-.*/, "") : "home";
    for (const entry of document.querySelectorAll(".drawer .entry")) {
      if (entry.dataset.noun === noun) entry.setAttribute("aria-current", "page");
      else entry.removeAttribute("aria-current");
    }
    if (this.at !== location.pathname) document.body?.classList.remove("menu-open");  // it may not be there yet
    this.at = location.pathname;
    const heading = document.querySelector("main h1");
    const title = heading ? `${heading.textContent.trim()} · Boxwright` : "Boxwright";
    if (document.title !== title) document.title = title;  // it is observed itself
  },
};

// Back and forth between the parts of one page: the page itself turns to the part, and is not built anew.
addEventListener("popstate", (event) => {
  const turning = document.querySelector("main .turning");
  const part = event.state?.part;
  if (!part || !turning || boxwright.at !== location.pathname) return;
  event.stopImmediatePropagation();
  turning.dispatchEvent(new CustomEvent("turned", {detail: part}));
}, {capture: true});

boxwright.cookie("zone", Intl.DateTimeFormat().resolvedOptions().timeZone || "");

(() => {
  let due = 0;
  new MutationObserver(() => {
    clearTimeout(due);
    due = setTimeout(() => boxwright.mark(), 30);
  }).observe(document.documentElement, {childList: true, subtree: true});
})();

// "g" and a letter goes to a page, "n" begins a training job, "/" goes to the page's search box.
(() => {
  const pages = {h: "home", d: "datasets", j: "jobs", m: "models", e: "endpoints", s: "settings"};
  let waiting = false;
  addEventListener("keydown", (event) => {
    const field = event.target.closest("input, textarea, select, [contenteditable]");
    if (field || event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.key === "/") {
      const search = document.querySelector("main input[type=search]");
      if (search) { event.preventDefault(); search.focus(); }
    } else if (waiting && pages[event.key]) {
      document.querySelector(`.drawer .entry[data-noun=${pages[event.key]}]`)?.click();
    } else if (event.key === "n") {
      document.querySelector(".header .primary-link")?.click();
    }
    waiting = event.key === "g";
  });
})();

// A page that nobody sees, in a tab behind others, is not sent what changes until it is seen again.
(() => {
  const tell = () => {
    if (window.did_handshake) emitEvent("visibility", !document.hidden);
    else setTimeout(tell, 100);
  };
  document.addEventListener("visibilitychange", tell);
  if (document.hidden) tell();
})();
