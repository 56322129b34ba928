"use strict";
// Where the keyboard is when a page or a dialog comes or goes, and what dialogs and fields say to who hears them.
(() => {
  const REACHED = "a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex^='-'])";
  const trail = [];  // the last elements that had the focus, but for those of menus, which are gone by then
  const open = [];  // dialogs that are open, each with what it was opened from

  document.addEventListener("focusin", (event) => {
    const reached = event.target.closest?.(REACHED);
    if (!reached || reached.closest(".q-menu")) return;
    trail.push(reached);
    if (trail.length > 20) trail.shift();
  }, true);

  const lost = () => !document.activeElement || document.activeElement === document.body;

  // A dialog is called what its first heading says, or its first words where it has none.
  function name(dialog) {
    const words = dialog.querySelector("h2, .dialog > div");
    if (!words) return;
    words.id ||= `dialog-${performance.now().toString(36).replace(".", "")}`;
    dialog.setAttribute("aria-labelledby", words.id);
  }

  function headings() {
    return [...document.querySelectorAll("main h1")].at(-1);
  }

  function arrive(heading) {
    heading.tabIndex = -1;
    heading.focus({preventScroll: true});
  }

  // Another page: its heading gets the focus, so that who hears pages hears which it is, and Tab goes on from there.
  let path = location.pathname;
  let due = 0;

  function pages() {
    const heading = headings();
    if (path === location.pathname || !heading || document.querySelector("main .loading")) return;
    path = location.pathname;
    if (!open.length && !document.activeElement?.closest("main input, main textarea")) arrive(heading);
  }

  // What stands below a field, its help or what is wrong with it, is read with it.
  function fields() {
    for (const field of document.querySelectorAll(".q-field")) {
      const control = field.querySelector("input:not([type=hidden]), textarea, [role=combobox]");
      if (!control) continue;
      const words = field.querySelector(".q-field__messages");
      const told = words?.textContent.trim() ? words : null;
      if (told) told.id ||= `about-${++count}`;
      attribute(control, "aria-describedby", told?.id);
      attribute(control, "aria-invalid", field.classList.contains("q-field--error") ? "true" : "");
    }
  }

  let count = 0;

  function attribute(element, name, value) {
    if ((element.getAttribute(name) || "") === (value || "")) return;
    if (value) element.setAttribute(name, value);
    else element.removeAttribute(name);
  }

  function soon() {
    clearTimeout(due);
    due = setTimeout(() => { pages(); fields(); }, 100);  // the address is known before what it shows has come
  }

  for (const name of ["pushState", "replaceState"]) {
    const own = history[name];
    history[name] = function (...given) { own.apply(this, given); soon(); };
  }

  function dialogs() {
    const shown = [...document.querySelectorAll(".q-dialog[role=dialog]")];
    for (const dialog of shown) {
      if (!dialog.hasAttribute("aria-labelledby")) name(dialog);
      if (open.some((one) => one.dialog === dialog)) continue;
      open.push({dialog, from: trail.findLast((one) => one.isConnected && !dialog.contains(one))});
    }
    while (open.length && !open.at(-1).dialog.isConnected) {
      const {from} = open.pop();
      const still = from?.isConnected && from.getClientRects().length;
      if (lost() && still) from.focus();
      else if (lost() && headings()) arrive(headings());
    }
  }

  new MutationObserver(() => { dialogs(); soon(); }).observe(document.documentElement, {childList: true, subtree: true});
})();
